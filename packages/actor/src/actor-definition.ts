import type { JsonObject, Scope } from '@esa/protocol'
import type { AnyStateMachine, StateValue } from 'xstate'
import type { z } from 'zod'

/** The tag that marks a state in which an actor's life is over: its key is free again and it takes no timer. */
export const CLOSED_TAG = 'closed'

/**
 * One kind of durable actor: an XState machine under a name and a version. `World` is what `inputFrom` may consult
 * besides the opening message (the org's directory); the machine itself sees only what `inputFrom` returned.
 */
export interface ActorDefinition<World = unknown> {
  type: string
  version: number
  machine: AnyStateMachine
  /** The events that this version of the machine takes (`eventSchema`): each is parsed once, and what does not parse is refused. */
  events?: z.ZodType<{ type: string }>
  /** The type of actors whose live ones an opening may look at, when there is such a type. */
  consults?: string
  /** The agent on whose behalf such an actor works, from its first context; not given: it works for no agent. */
  ownerOf?(context: JsonObject): string | null
  /** The machine's input for a new actor. Everything it needs for its life is in here, because replay reads it there. */
  inputFrom(opening: Opening, world: World): JsonObject
}

/**
 * What a new actor is made from: its id, who opened it and with what, the store clock (ms), and the live actors of
 * the type that its definition consults, as they are committed at that instant.
 */
export interface Opening {
  actorId: string
  from: string
  body: JsonObject
  at: number
  consulted: ActorState[]
}

/** What the store knew at the instant of a step; recorded with the step, so that a replay sees the same. */
export interface StepEnv {
  /** Store clock, integer ms since the Unix epoch, never before the actor's last event. */
  at: number
  /** Agents that nothing reaches at this instant (stopped). */
  unreachable: string[]
}

/** One input of an actor. `id` applies once per actor. */
export type StepInput =
  | { kind: 'start'; id: string; input: JsonObject; event: JsonObject }
  | { kind: 'event'; id: string; event: JsonObject & { type: string } }
  | { kind: 'timer'; id: string; epoch: number }

/** The timer an actor has armed: at most one. Served at the first instant past `dueAt` (ms), fenced by `epoch`. */
export interface ArmedTimer {
  kind: string
  dueAt: number
  event: string
}

/** An actor at rest, as the store keeps it. `seq` counts its events, `at` is the last one's time, `epoch` counts timer changes. */
export interface ActorState {
  id: string
  type: string
  version: number
  status: string
  live: boolean
  seq: number
  at: number
  epoch: number
  timer: ArmedTimer | null
  snapshot: { value: StateValue; context: JsonObject }
}

/** A fact in an actor's stream. `lateMs` is on the first event of a step that a timer caused. */
export interface ActorEvent {
  seq: number
  at: number
  type: string
  epoch: number
  level?: string
  actor?: string
  lateMs?: number
  data: JsonObject
}

/** What `record` takes: a fact to append to the actor's stream. */
export interface RecordParams {
  type: string
  level?: string | undefined
  actor?: string | undefined
  data?: JsonObject
}

/**
 * What `send` takes: a message to one actor. `id` names its row, and must come from the id of the step's input, which
 * applies once; `thread` is the conversation it belongs to, where that is not its cause's.
 */
export interface SendParams {
  id?: string
  to: string
  type: string
  body: JsonObject
  thread?: string
  /** Limits it further than its cause does: it acts with the scopes that both hold. */
  scopes?: Scope[]
}

/**
 * What `open` takes: start an actor of a type, or tell the live one that holds the key. `id` names its row, as that of
 * `send`. With `tell` nothing is started: an event of that name reaches who holds the key once the row `after` is done, and is
 * dropped when none does.
 */
export interface OpenParams {
  id?: string
  tell?: { type: string; after: string }
  actorType: string
  key: string | null
  body: JsonObject
  thread?: string
}

/** What `perform` takes: an activity that touches the world, and how long one run of it may take, ms (default 30 s). */
export interface PerformParams {
  activity: string
  input: JsonObject
  timeoutMs?: number
}

/** An effect as data, keyed (actor, seq, index) unless it names itself: the same step always gives the same ids. */
export type Effect =
  | ({ kind: 'send' } & SendParams & { id: string })
  | ({ kind: 'open' } & OpenParams & { id: string })
  | ({ kind: 'perform'; id: string } & PerformParams)

/**
 * The actions a machine declares its effects with. They do nothing when XState runs them: `step` reads them as data.
 * Spread them into `setup({ actions: { ...effects } })`.
 */
export const effects = {
  record: (_: unknown, _params: RecordParams): void => {},
  send: (_: unknown, _params: SendParams): void => {},
  open: (_: unknown, _params: OpenParams): void => {},
  perform: (_: unknown, _params: PerformParams): void => {},
}

/** What every event carries besides its own fields when a machine sees it. */
export interface StepFacts {
  at: number
  facts: {
    actorId: string
    /** The id of this step's input: applies once, so what is named after it is unique. */
    inputId: string
    epoch: number
    dueAt: number | null
    lateMs: number | null
    unreachable: string[]
  }
}
