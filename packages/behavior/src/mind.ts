import type { ActorDefinition, Change, StepFacts } from '@esa/actor'
import type { Directory } from '@esa/org'
import type { AgentId, Category, Envelope, Json, JsonObject, Scope } from '@esa/protocol'

/** Something in an agent's inbox that waits for an answer. Keyed by its message, an incident by its own id. */
export type InboxItem = {
  id: string
  kind: 'incident' | 'message'
  from: string
  type: string
  about: string
  body: JsonObject
  at: number
  /** What it may act with, where that is not everything: a colleague who takes it over gets no more. */
  scopes?: Scope[]
}

/** A message of this agent's that waits for its answer, by the message's id. `to` is who owes it now. */
export type Awaited = {
  to: AgentId
  type: string
  subject: string
  thread: string
  since: number
  /** Unanswered past this instant, it becomes an incident of `category`. */
  dueAt: number
  category: Category
  body: JsonObject
}

/** A message that was not answered in time; an answer that comes later withdraws the incident that was opened for it under `key`; so does the approval of that id, once it is settled. */
export type Late = { messageId: string; key: string; approvalId?: string } & Pick<
  Awaited,
  'to' | 'subject' | 'thread' | 'category'
>

/** A task that a skill of this agent works on, by the id of the requesting message, and who handed it over. */
type Work = { from: string; task: string; thread: string; at: number; handedOverBy?: string }

/** What an agent has done so far: tasks ended well, tasks ended badly, and the time they took, ms. */
export type Tally = { completed: number; failed: number; totalMs: number }

/** What a mailbox knows of its agent's card, and of the organization around it. */
export type CardFacts = {
  chief: AgentId | null
  /** Who coordinates it with its neighbors; absent in a log that is older than this fact. */
  domain?: AgentId | null
  metrics: JsonObject[]
  /** Peers that its card names, in the card's order. */
  peers: AgentId[]
  /** Agents whose chief or domain this agent is. */
  team: AgentId[]
  /** Agents of the whole organization. */
  headcount: number
}

/** What ended within one hour, which is counted from the Unix epoch. */
export type HourTally = Tally & { hour: number }

/**
 * What an agent carries through its life. `memory` is its mind's own. What an agent may do without all its life is
 * absent until it is needed.
 */
export type AgentContext = CardFacts & {
  agentId: AgentId
  seat: 'built-in' | 'human'
  inbox: { [id: string]: InboxItem }
  /** Incidents that the built-in seat has acknowledged: once each, after that the clock runs. */
  acknowledged: string[]
  /** Incidents that are over, or another agent's, up to a round: a notice of that round or before comes too late. */
  over?: { incidentId: string; visit: number }[]
  /** Pause between two looks at the world, ms; null when the agent watches nothing. */
  wakeMs: number | null
  /** When the next look is due. */
  lookAt?: number | null
  awaiting?: { [messageId: string]: Awaited }
  /** The oldest first. */
  late?: Late[]
  /** The instant that the timer is armed for, and how far off that was, ms. */
  armedFor?: number | null
  armMs?: number
  works?: { [messageId: string]: Work }
  tally?: Tally
  /** The tasks of the last two days, by hour. */
  recent?: HourTally[]
  memory: JsonObject
}

/** A message that an agent is to send, as the dispatcher parsed it at the edge. */
export type Message = Omit<Envelope, 'from'>

/** A message or timer as an agent sees it. `from` is the sender, `messageId` the message, `scopes` what it may act with (absent: everything). */
export type AgentEvent = {
  at: number
  facts: StepFacts['facts']
  type: string
  from?: string
  as?: string
  by?: string
  messageId?: string
  /** Of a `dispatch` alone. */
  message?: Message
  /** Of a `card.changed` alone. */
  card?: CardFacts
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

/**
 * A built-in seat's answer to a notice: it acknowledges what its playbook recognizes, resolves what it can settle by the
 * answer alone, and else says why it cannot decide; `change` is what it does about it all the same. One message to the incident, never two: the queue keeps no order.
 */
export type Decision =
  | { kind: 'resolve'; because: string; cause: string }
  | { kind: 'acknowledge'; because: string; change?: Change<AgentContext> }
  | { kind: 'cannot-decide'; because: string; change?: Change<AgentContext> }

/** What an agent does with an event: a skill when it is its mind's own. */
export type Skill = (context: AgentContext, event: AgentEvent) => Change<AgentContext>

/**
 * What an agent does by itself. Pure: a playbook decides from the evidence alone, a skill answers with data. An agent
 * without code has an empty mind, and its inbox waits for a human.
 */
export interface Mind {
  playbook?: (notice: Notice, context: AgentContext, unreachable: AgentId[]) => Decision
  skills?: Record<string, Skill>
  /** Tasks that it does by itself: what `esa agents ask` may route to. */
  tasks?: Record<string, TaskAbout>
  /**
   * The plugin that runs some of its activities: each by its name, with the type of the message by which it learns that one
   * failed. Where the plugin is not configured, they fail with `task.not-installed`.
   */
  needs?: { plugin: string; activities: Readonly<Record<string, string>> }
  /** Machines of the actors that work for it, besides its mailbox. */
  actors?: readonly ActorDefinition<Directory>[]
}

/** A task that an agent does by itself: words that ask for it, and fields of its data that it cannot do without. */
export interface TaskAbout {
  about: string
  words: readonly string[]
  needs: readonly string[]
}

/** Evidence as an object, or an empty one: a playbook looks for fields and finds none. */
export function evidenceOf(notice: Notice): JsonObject {
  const { evidence } = notice
  return evidence !== null && typeof evidence === 'object' && !Array.isArray(evidence) ? evidence : {}
}
