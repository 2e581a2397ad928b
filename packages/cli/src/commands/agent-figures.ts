import { agentFigures, type AgentFiguresDocument, type ShownWindow } from '@esa/operations'
import { formatDuration } from '@esa/protocol'
import { colours } from '../colours.ts'
import type { Config } from '../config.ts'
import { answer, columns } from '../output.ts'
import { lookInWorld } from '../world.ts'

/** What an agent exposes of its work, and for one that has others below it, of theirs together. */
export async function showFigures(config: Config, id: string): Promise<void> {
  await lookInWorld(config, async (world) => {
    const { team, ...own } = await agentFigures(world, id)
    answer(config, { ...own, team }, () =>
      [
        colours.bold(id),
        columns(lines(own)),
        ...(team === null
          ? []
          : [
              colours.bold(`its ${team.agents} agents`),
              columns([...lines(team), ...trendLines(team.trend.last, team.trend.before)]),
            ]),
      ].join('\n'),
    )
  })
}

type Figures = Pick<
  AgentFiguresDocument,
  'tasksCompleted' | 'tasksFailed' | 'averageMs' | 'errorRate' | 'lastActiveAt' | 'openItems' | 'awaited'
>

function lines(figures: Figures): string[][] {
  const { tasksCompleted, tasksFailed, averageMs, errorRate, lastActiveAt, openItems, awaited } = figures
  return [
    ['  tasks', `${tasksCompleted} completed, ${tasksFailed} failed`],
    ['  duration', averageMs === null ? 'no task has ended' : `${formatDuration(averageMs)} on average`],
    ['  error rate', errorRate === null ? '-' : `${Math.round(errorRate * 100)} %`],
    ['  last active', lastActiveAt ?? 'never'],
    ['  open', `${openItems} in the inbox, ${awaited} answers awaited`],
  ]
}

function trendLines(last: ShownWindow, before: ShownWindow): string[][] {
  const took = ({ averageMs }: ShownWindow): string => (averageMs === null ? '-' : formatDuration(averageMs))
  const bad = ({ errorRate }: ShownWindow): string =>
    errorRate === null ? '-' : `${Math.round(errorRate * 100)} %`
  return [
    ['  last day', `${last.tasksCompleted} completed (the day before: ${before.tasksCompleted})`],
    ['', `${took(last)} on average (${took(before)})`],
    ['', `error rate ${bad(last)} (${bad(before)})`],
  ]
}
