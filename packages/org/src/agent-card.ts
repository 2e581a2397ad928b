import type { AgentId, AgentKind, Level } from '@esa/protocol'

/** One level that a card names: its agents, how long they may hold an incident, and what for. */
export interface CardEscalation {
  level: Level
  agents: AgentId[]
  /** Null: the card gives no wait. 0: immediate. */
  waitMs: number | null
  reasons: string[]
  /** The card's line that says so, from 1. */
  line: number
}

/** How a metric is bounded. */
export type Comparator = '<' | '<=' | '>' | '>=' | '='

/** A measurable promise of a card. `unit` is `ms`, `s`, `%`, `count` or what the card wrote. */
export interface CardMetric {
  key: string
  text: string
  comparator: Comparator
  value: number
  unit: string
  percentile?: number
  /** The card's line that says so, from 1. */
  line: number
}

/** With whom an agent works, and on what. */
export interface CardCollaboration {
  with: AgentId[]
  purpose: string
}

/** Where a card names another agent, so that a check of the organization can point at it. */
export interface CardMention {
  id: AgentId
  as: 'reportsTo' | 'manages' | 'collaboration' | Level
  line: number
  column: number
}

/** The facts of one agent's card. `cardHash` is the SHA-256 of its text without BOM and with LF line ends. */
export interface AgentCard {
  id: AgentId
  kind: AgentKind
  /** Null for an agent that has a name only (life-CEO). */
  number: number | null
  name: string
  division: string | null
  reportsTo: AgentId[]
  responsibilities: string[]
  technologies: string[]
  escalation: CardEscalation[]
  collaboration: CardCollaboration[]
  manages: AgentId[]
  metrics: CardMetric[]
  cardHash: string
  file: string
  mentions: CardMention[]
}
