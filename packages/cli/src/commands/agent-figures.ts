import { type AgentFigures, aggregate, figuresOf, teamOf, trendOf, type WindowFigures } from '@esa/agents'
import { CEO_ID, formatDuration, isoTime } from '@esa/protocol'
import { colours } from '../colours.ts'
import type { Config } from '../config.ts'
import { contextOf, mailboxes } from '../mailboxes.ts'
import { answer, columns } from '../output.ts'
import { inWorld } from '../world.ts'
import { requireAgent } from './incidents.ts'

/** What an agent exposes of its work, and for one that has others below it, of theirs together. */
export async function showFigures(config: Config, id: string): Promise<void> {
  await inWorld(config, async (world) => {
    const { directory, store } = world
    requireAgent(world, id)
    const boxes = new Map((await mailboxes(store)).map((actor) => [actor.state.id, actor]))
    const figures = (agent: string): AgentFigures => {
      const box = boxes.get(agent)
      return figuresOf(agent, box === undefined ? null : { context: contextOf(box), at: box.state.at })
    }
    const everybody = directory.all().map((agent) => agent.id)
    const members = id === CEO_ID ? everybody.filter((agent) => agent !== id) : teamOf(directory, id)
    const own = shown(figures(id))
    const { nowMs } = await store.runtime()
    const known = members.flatMap((agent) => boxes.get(agent) ?? []).map(contextOf)
    const { last, before } = trendOf(known, nowMs)
    const trend = { last: windowOf(last), before: windowOf(before) }
    const team = members.length === 0 ? null : { ...shown(aggregate(members.map(figures))), trend }
    answer(config, { ...own, team }, () =>
      [
        colours.bold(id),
        columns(lines(own)),
        ...(team === null
          ? []
          : [
              colours.bold(`its ${team.agents} agents`),
              columns([...lines(team), ...trendLines(last, before)]),
            ]),
      ].join('\n'),
    )
  })
}

type Figures = Pick<
  AgentFigures,
  'tasksCompleted' | 'tasksFailed' | 'averageMs' | 'errorRate' | 'lastActiveAt' | 'openItems' | 'awaited'
>

function shown<T extends Figures>(figures: T): Omit<T, 'lastActiveAt'> & { lastActiveAt: string | null } {
  const { lastActiveAt } = figures
  return { ...figures, lastActiveAt: lastActiveAt === null ? null : isoTime(lastActiveAt) }
}

function lines(figures: Omit<Figures, 'lastActiveAt'> & { lastActiveAt: string | null }): string[][] {
  const { tasksCompleted, tasksFailed, averageMs, errorRate, lastActiveAt, openItems, awaited } = figures
  return [
    ['  tasks', `${tasksCompleted} completed, ${tasksFailed} failed`],
    ['  duration', averageMs === null ? 'no task has ended' : `${formatDuration(averageMs)} on average`],
    ['  error rate', errorRate === null ? '-' : `${Math.round(errorRate * 100)} %`],
    ['  last active', lastActiveAt ?? 'never'],
    ['  open', `${openItems} in the inbox, ${awaited} answers awaited`],
  ]
}

type Shown<T> = Omit<T, 'since' | 'until'> & { sinceAt: string; untilAt: string }

function windowOf({ since, until, ...figures }: WindowFigures): Shown<WindowFigures> {
  return { sinceAt: isoTime(since), untilAt: isoTime(until), ...figures }
}

function trendLines(last: WindowFigures, before: WindowFigures): string[][] {
  const took = ({ averageMs }: WindowFigures): string =>
    averageMs === null ? '-' : formatDuration(averageMs)
  const bad = ({ errorRate }: WindowFigures): string =>
    errorRate === null ? '-' : `${Math.round(errorRate * 100)} %`
  return [
    ['  last day', `${last.tasksCompleted} completed (the day before: ${before.tasksCompleted})`],
    ['', `${took(last)} on average (${took(before)})`],
    ['', `error rate ${bad(last)} (${bad(before)})`],
  ]
}
