import type { Directory } from '@esa/org'
import { type AgentId, canonicalJson, type JsonObject } from '@esa/protocol'
import { teamOf } from './agent-figures.ts'
import type { AgentContext, CardFacts, Skill } from './mind.ts'

/** What an agent's card, and the organization around it, say now. */
export function cardFacts(directory: Directory, agentId: AgentId): CardFacts {
  return {
    chief: directory.chiefOf(agentId) ?? null,
    domain: directory.domainOf(agentId) ?? null,
    peers: directory.peersOf(agentId),
    team: teamOf(directory, agentId),
    headcount: directory.all().length,
    metrics: (directory.get(agentId)?.card?.metrics ?? []).map(
      ({ key, comparator, value, unit, percentile }): JsonObject => ({
        key,
        comparator,
        value,
        unit,
        ...(percentile === undefined ? {} : { percentile }),
      }),
    ),
  }
}

/** True when a mailbox already goes by these facts. */
export function goesBy(context: AgentContext, card: CardFacts): boolean {
  const { chief, domain, peers, team, headcount, metrics } = context
  const facts = { chief, ...(domain === undefined ? {} : { domain }), peers, team, headcount, metrics }
  return canonicalJson(facts) === canonicalJson(card)
}

/**
 * The card in force came: from now on the agents that it names get requests and notices. The same facts again change nothing, so
 * every worker may bring them. Incidents keep the policy that was pinned when they opened.
 */
export const takeCard: Skill = (context, { card }) => {
  if (card === undefined || goesBy(context, card)) return {}
  const { chief, domain, peers, team, headcount } = card
  return {
    set: card,
    record: [
      {
        type: 'agent.card_changed',
        data: { chief, domain: domain ?? null, peers, team: team.length, headcount },
      },
    ],
  }
}
