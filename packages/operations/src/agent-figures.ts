import { type AgentFigures, aggregate, figuresOf, teamOf, trendOf, type WindowFigures } from '@esa/behavior'
import { CEO_ID, isoTime } from '@esa/protocol'
import { contextOf, type Mailboxes, mailboxes } from './mailboxes.ts'
import { requireAgent, type World } from './world.ts'

/** Figures with their instants for people. */
type Shown<T> = Omit<T, 'lastActiveAt'> & { lastActiveAt: string | null }

/** A day's figures. */
export type ShownWindow = Omit<WindowFigures, 'since' | 'until'> & { sinceAt: string; untilAt: string }

/** What an agent exposes of its work, and for one that has others below it, of theirs together. */
export type AgentFiguresDocument = Shown<AgentFigures> & {
  team: (Shown<ReturnType<typeof aggregate>> & { trend: { last: ShownWindow; before: ShownWindow } }) | null
}

/** Reads an agent's figures. @throws EsaError `agent.unknown` (terminal). */
export async function agentFigures(
  world: Mailboxes & Pick<World, 'directory'>,
  id: string,
): Promise<AgentFiguresDocument> {
  const { directory } = world
  requireAgent(world, id)
  const boxes = new Map((await mailboxes(world)).map((actor) => [actor.state.id, actor]))
  const figures = (agent: string): AgentFigures => {
    const box = boxes.get(agent)
    return figuresOf(agent, box === undefined ? null : { context: contextOf(box), at: box.state.at })
  }
  const everybody = directory.all().map((agent) => agent.id)
  const members = id === CEO_ID ? everybody.filter((agent) => agent !== id) : teamOf(directory, id)
  const { nowMs } = await world.store.runtime()
  const known = members.flatMap((agent) => boxes.get(agent) ?? []).map(contextOf)
  const { last, before } = trendOf(known, nowMs)
  const trend = { last: windowOf(last), before: windowOf(before) }
  const team = members.length === 0 ? null : { ...shown(aggregate(members.map(figures))), trend }
  return { ...shown(figures(id)), team }
}

function shown<T extends { lastActiveAt: number | null }>(figures: T): Shown<T> {
  const { lastActiveAt } = figures
  return { ...figures, lastActiveAt: lastActiveAt === null ? null : isoTime(lastActiveAt) }
}

function windowOf({ since, until, ...figures }: WindowFigures): ShownWindow {
  return { sinceAt: isoTime(since), untilAt: isoTime(until), ...figures }
}
