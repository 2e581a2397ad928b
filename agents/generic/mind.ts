import type { Change, StepFacts } from '@esa/actor'
import type { AgentId, Json, JsonObject } from '@esa/protocol'

/** Something in an agent's inbox that waits for an answer. Keyed by its message, an incident by its own id. */
export type InboxItem = {
  id: string
  kind: 'incident' | 'message'
  from: string
  type: string
  about: string
  body: JsonObject
  at: number
}

/** What an agent carries through its life. `memory` is its mind's own. */
export type AgentContext = {
  agentId: AgentId
  chief: AgentId | null
  metrics: JsonObject[]
  seat: 'built-in' | 'human'
  inbox: { [id: string]: InboxItem }
  /** Incidents that the built-in seat has acknowledged: once each, after that the clock runs. */
  acknowledged: string[]
  /** Pause between two looks at the world, ms; null when the agent watches nothing. */
  wakeMs: number | null
  memory: JsonObject
}

/** A message or timer as an agent sees it. `from` is the sender, `messageId` the message. */
export type AgentEvent = {
  at: number
  facts: StepFacts['facts']
  type: string
  from?: string
  as?: string
  by?: string
  messageId?: string
  [field: string]: Json | undefined
}

/** What a notice of an incident tells its addressee. */
export interface Notice {
  incidentId: string
  agent: AgentId
  category: string
  level: string
  title: string
  evidence: Json
}

/** A built-in seat's answer to a notice: it acknowledges what its playbook recognises, and else says why it cannot. */
export type Decision =
  | { kind: 'acknowledge'; because: string; change?: Change<AgentContext> }
  | { kind: 'cannot-decide'; because: string }

/** What an agent does when a message of some type reaches it. */
export type Skill = (context: AgentContext, event: AgentEvent) => Change<AgentContext>

/**
 * What an agent does by itself. Pure: a playbook decides from the evidence alone, a skill answers with data. An agent
 * without code has an empty mind, and its inbox waits for a human.
 */
export interface Mind {
  playbook?: (notice: Notice, context: AgentContext) => Decision
  skills?: Record<string, Skill>
}

/** Evidence as an object, or an empty one: a playbook looks for fields and finds none. */
export function evidenceOf(notice: Notice): JsonObject {
  const { evidence } = notice
  return evidence !== null && typeof evidence === 'object' && !Array.isArray(evidence) ? evidence : {}
}
