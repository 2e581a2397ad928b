import { orgTree } from '@esa/org'
import { isoTime } from '@esa/protocol'
import { type AgentState, agentStates } from './agent-states.ts'
import { storeNow, type World } from './world.ts'

/** Who is connected with whom: `reports` by the cards, `awaits` by a message, `escalated` by an open incident. */
export interface OrgEdge {
  from: string
  to: string
  kind: 'reports' | 'awaits' | 'escalated'
  /** The message or the incident; null for a line of the chart. */
  about: string | null
  /** Until when an answer is awaited. */
  dueAt: string | null
}

/** The whole organisation at one instant. */
export interface OrgGraph {
  at: string
  nowAt: string
  /** True for an instant that has passed: folded from the logs, with the chart of today. */
  past: boolean
  tree: string
  agents: AgentState[]
  edges: OrgEdge[]
}

/** The organisation as it stands now: every agent, and who waits for whom. */
export async function orgGraph(world: Pick<World, 'store' | 'directory'>): Promise<OrgGraph> {
  const [agents, nowMs] = await Promise.all([agentStates(world), storeNow(world.store)])
  return graphOf(world, agents, { atMs: nowMs, nowMs, past: false })
}

/** Puts agents together with what connects them. */
export function graphOf(
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

/** From whoever opened an incident to everybody whom it waits for, and who holds it. */
function escalated(agents: AgentState[]): OrgEdge[] {
  const openers = new Map(
    agents.flatMap(({ id, incidents: { own } }) => own.map((incident): [string, string] => [incident, id])),
  )
  return agents.flatMap(({ id, incidents: { held, addressed } }) =>
    [...new Set([...held, ...addressed])].map((incident): OrgEdge => {
      const from = openers.get(incident) ?? id
      return { from, to: id, kind: 'escalated', about: incident, dueAt: null }
    }),
  )
}
