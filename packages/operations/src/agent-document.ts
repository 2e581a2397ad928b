import type { AgentCard, DirectoryAgent } from '@esa/org'

/** An agent as `--json` shows it. Source: docs/cli.md, "Agents". */
export type AgentDocument = Omit<AgentCard, 'file' | 'mentions' | 'cardHash'> & {
  /** Null for an agent that is on the chart and has no card yet. */
  cardHash: string | null
  hasCard: boolean
}

/** The facts of a card. */
export function cardDocument({ file: _file, mentions: _mentions, ...facts }: AgentCard): AgentDocument {
  return { ...facts, hasCard: true }
}

/** The facts of an agent's card, or of the chart where it has none. */
export function agentDocument({ card, ...agent }: DirectoryAgent): AgentDocument {
  if (card !== null) return cardDocument(card)
  return {
    ...agent,
    reportsTo: [...agent.reportsTo],
    manages: [...agent.manages],
    responsibilities: [],
    technologies: [],
    escalation: [],
    collaboration: [],
    metrics: [],
    cardHash: null,
    hasCard: false,
  }
}
