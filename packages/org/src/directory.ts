import type { AgentId, AgentKind, Level } from '@esa/protocol'
import type { AgentCard, CardEscalation } from './agent-card.ts'
import { chartAgent, ORG_CHART } from './org-chart.ts'

/** An agent as the organization knows it: its card's facts, or the chart's while it has no card. */
export interface DirectoryAgent {
  id: AgentId
  kind: AgentKind
  number: number | null
  name: string
  division: string | null
  reportsTo: readonly AgentId[]
  manages: readonly AgentId[]
  card: AgentCard | null
}

/** Who is who, and who is above and beside whom. Immutable; unknown ids have no chief, domain or peers. */
export interface Directory {
  /** The agent of an id, or undefined when neither a card nor the chart has it. */
  readonly get: (id: AgentId) => DirectoryAgent | undefined
  /** Every agent: the chart's in its order, then those that only cards know, by id. */
  readonly all: () => readonly DirectoryAgent[]
  /** Every card that the directory was built from, duplicates included. */
  readonly cards: () => readonly AgentCard[]
  /** The rungs of a level that the agent's card names, in the card's order. */
  readonly escalationOf: (id: AgentId, level: Level) => readonly CardEscalation[]
  /** Peers that the agent's card names, itself left out. */
  readonly peersOf: (id: AgentId) => AgentId[]
  /** The chief that the card names, else the first one upward through reportsTo. */
  readonly chiefOf: (id: AgentId) => AgentId | undefined
  /** The domain that the card names, else the first one upward through reportsTo. */
  readonly domainOf: (id: AgentId) => AgentId | undefined
}

/** The organization that cards describe; of two cards with one id the first counts (`checkDirectory` reports it). */
export function buildDirectory(cards: readonly AgentCard[]): Directory {
  const byId = new Map<AgentId, AgentCard>()
  for (const card of cards) if (!byId.has(card.id)) byId.set(card.id, card)
  const offChart = [...byId.keys()].filter((id) => !chartAgent(id)).sort()
  const ids = [...ORG_CHART.map((agent) => agent.id), ...offChart]
  const agents = new Map(ids.map((id) => [id, entry(id, byId.get(id))]))

  const get = (id: AgentId): DirectoryAgent | undefined => agents.get(id)
  const escalationOf = (id: AgentId, level: Level): readonly CardEscalation[] =>
    (byId.get(id)?.escalation ?? []).filter((path) => path.level === level)
  const named = (id: AgentId, level: Level): AgentId[] => {
    const others = escalationOf(id, level).flatMap((path) => path.agents)
    return [...new Set(others)].filter((other) => other !== id)
  }
  return {
    get,
    all: () => [...agents.values()],
    cards: () => cards,
    escalationOf,
    peersOf: (id) => named(id, 'peer'),
    chiefOf: (id) => named(id, 'chief')[0] ?? firstUpward(id, 'chief', get),
    domainOf: (id) => named(id, 'domain')[0] ?? firstUpward(id, 'domain', get),
  }
}

/** All agents above an agent, nearest first, each once, itself left out; ends on cycles. */
export function upwardOf(id: AgentId, get: Directory['get']): AgentId[] {
  const seen = new Set([id])
  for (const current of seen) for (const above of get(current)?.reportsTo ?? []) seen.add(above)
  return [...seen].slice(1)
}

function firstUpward(id: AgentId, kind: AgentKind, get: Directory['get']): AgentId | undefined {
  return upwardOf(id, get).find((above) => get(above)?.kind === kind)
}

function entry(id: AgentId, card: AgentCard | undefined): DirectoryAgent {
  if (card) {
    const { kind, number, name, division, reportsTo, manages } = card
    return { id, kind, number, name, division, reportsTo, manages, card }
  }
  return { ...chartAgent(id)!, manages: [], card: null }
}
