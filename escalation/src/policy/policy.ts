import type { AgentId, Category, Level } from '@esa/protocol'

/** One level of a pinned path: who is notified, and for how long (ms) they may leave the incident un-acknowledged. */
export type PathStep = {
  level: Level
  agents: AgentId[]
  waitMs: number
  /** The card's line that this rung comes from; null for a default or for the CEO, who closes every ladder. */
  cardLine: number | null
  /** True when the card names no wait and the organization's default holds. */
  defaultWait: boolean
}

/** The whole ladder of one incident, fixed when it opens. Later edits of the card touch new incidents only. */
export type Policy = {
  agent: AgentId
  category: Category
  cardHash: string
  path: PathStep[]
  /** Notified once at opening, as a copy; nothing waits for them. */
  copies: AgentId[]
  /** How long an acknowledgement holds when its `for` is not given, ms. */
  ackTimeoutMs: number
  /** Pause between two alarms of an exhausted incident, ms. */
  alarmEveryMs: number
  /** What every wait above was divided by; 1 in earnest. */
  timeScale: number
}
