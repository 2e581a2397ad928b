import { orgTree } from '@esa/org'
import { EsaError, isoTime } from '@esa/protocol'
import { type AgentState, agentStates, foldAgentStates } from './agent-states.ts'
import { pastSources } from './past-sources.ts'
import { storeNow, type World } from './world.ts'

/** Who is connected with whom: `reports` by the cards, `awaits` by a message, `escalated` by an open incident. */
interface OrgEdge {
  from: string
  to: string
  kind: 'reports' | 'awaits' | 'escalated'
  /** The message or the incident; null for a line of the chart. */
  about: string | null
  /** Until when an answer is awaited. */
  dueAt: string | null
}

/** The whole organization at one instant. */
export interface OrgGraph {
  at: string
  nowAt: string
  /** True for an instant that has passed: folded from the logs, with the chart of today. */
  past: boolean
  tree: string
  agents: AgentState[]
  edges: OrgEdge[]
}

/**
 * The organization as it is now, or as it was at an instant (ISO 8601): every agent, and who waits for whom.
 * @throws EsaError `usage.at` (terminal) for an instant to come, or one that takes too much to fold.
 */
export async function orgGraph(
  world: Pick<World, 'store' | 'directory' | 'registry' | 'behaviors'>,
  at?: string,
): Promise<OrgGraph> {
  const nowMs = await storeNow(world.store)
  if (at === undefined) return graphOf(world, await agentStates(world), { atMs: nowMs, nowMs, past: false })
  const atMs = Date.parse(at)
  if (Number.isNaN(atMs) || atMs > nowMs) {
    const why = Number.isNaN(atMs) ? 'is not an instant' : 'has not come yet'
    throw new EsaError('usage.at', 'terminal', `${at} ${why}`, { hint: 'like 2026-01-31T18:00:00Z' })
  }
  const agents = foldAgentStates(world.directory, await pastSources(world, atMs))
  return graphOf(world, agents, { atMs, nowMs, past: true })
}

/** Puts agents together with what connects them. */
function graphOf(
  { directory }: Pick<World, 'directory'>,
  agents: AgentState[],
  { atMs, nowMs, past }: { atMs: number; nowMs: number; past: boolean },
): OrgGraph {
  const edges = [...agents.flatMap(reports), ...agents.flatMap(awaits), ...escalated(agents)]
  return { at: isoTime(atMs), nowAt: isoTime(nowMs), past, tree: orgTree(directory), agents, edges }
}

function reports({ id, reportsTo }: AgentState): OrgEdge[] {
  return reportsTo.map((to) => ({ from: id, to, kind: 'reports', about: null, dueAt: null }))
}

function awaits({ id, awaits: messages }: AgentState): OrgEdge[] {
  return messages.map(({ to, messageId, dueAt }) => ({
    from: id,
    to,
    kind: 'awaits',
    about: messageId,
    dueAt,
  }))
}

/** From an incident's opener to all whom it waits for, and its holder; of the incidents that are named at both. */
function escalated(agents: AgentState[]): OrgEdge[] {
  const openers = new Map(
    agents.flatMap(({ id, incidents: { own } }) => own.map((incident): [string, string] => [incident, id])),
  )
  return agents.flatMap(({ id, incidents: { held, addressed } }) =>
    [...new Set([...held, ...addressed])].flatMap((incident): OrgEdge[] => {
      const from = openers.get(incident)
      return from === undefined ? [] : [{ from, to: id, kind: 'escalated', about: incident, dueAt: null }]
    }),
  )
}
