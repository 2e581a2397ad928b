import {
  type ActorDefinition,
  type ActorEvent,
  type ActorState,
  type Effect,
  step,
  type StepEnv,
  type StepInput,
} from '@esa/actor'
import type { Directory } from '@esa/org'
import { agentIdSchema, commonScopes, type JsonObject, type Scope, type Scopes } from '@esa/protocol'
import type { ActorWrite, LockedActor, NewActivity, NewMessage, Ring, StoreTx } from '@esa/store'
import { ACTIVITIES_QUEUE, ACTORS_QUEUE } from './queues.ts'
import type { Cause } from './message-input.ts'
import type { Registry } from './registry.ts'
import { StepSpans, type TracedSteps } from './step-spans.ts'
import type { Tracing } from './tracing.ts'

/** How long one run of an activity may take when its machine does not say, ms. */
const ACTIVITY_TIMEOUT_MS = 30_000

/** An actor after its step, and the events that this transaction wrote to its stream. */
export interface Told {
  state: ActorState
  events: ActorEvent[]
}

/** A message to one actor, before it has an id. */
export interface Outgoing {
  from: string
  to: string
  type: string
  body: JsonObject
}

/** An actor of a type that is to begin, or the live one under its key. */
export interface Opening {
  from: string
  opens: { type: string; key: string | null }
  body: JsonObject
}

/** Everything one transaction is going to write: steps are taken in memory, then written in one statement. */
export class StepDraft {
  readonly #registry: Registry
  readonly #env: StepEnv
  readonly #actors: ActorWrite[] = []
  readonly #messages: NewMessage[] = []
  readonly #activities: NewActivity[] = []
  readonly #done: string[] = []
  readonly #spans: StepSpans | null

  /** `env` must have been read after the locks of every actor that takes part. */
  constructor(registry: Registry, env: StepEnv, tracing?: Tracing) {
    this.#registry = registry
    this.#env = env
    this.#spans = tracing === undefined ? null : new StepSpans(tracing)
  }

  /** The store clock of this transaction, ms. */
  get at(): number {
    return this.#env.at
  }

  /** True when there is nothing to write. */
  get empty(): boolean {
    return this.#actors.length + this.#messages.length + this.#done.length === 0
  }

  /** The earliest deadline that this draft arms. */
  get nextDueAt(): number | null {
    const armed = this.#actors.flatMap(({ state }) => (state.timer === null ? [] : [state.timer.dueAt]))
    return armed.length === 0 ? null : Math.min(...armed)
  }

  /** Serves an overdue deadline of a locked actor. False when none is overdue. */
  settle(locked: LockedActor): boolean {
    return this.#take(locked, [timerInput(locked.state)], null, null).events.length > 0
  }

  /**
   * Settles an overdue deadline first, then takes the input: who wins at the deadline is decided here. What the input
   * causes acts with `scopes`, those of its cause when not given.
   */
  advance(
    locked: LockedActor,
    input: StepInput,
    cause: Cause | null,
    scopes: Scopes = cause?.scopes ?? null,
  ): Told {
    return this.#take(locked, [timerInput(locked.state), input], cause, scopes)
  }

  /** Starts a new actor, and gives it a first event where there is one. */
  start(
    definition: ActorDefinition<Directory>,
    first: StepInput,
    key: string | null,
    then: StepInput[],
    cause: Cause | null,
    scopes: Scopes = cause?.scopes ?? null,
  ): Told {
    const before = this.#length
    const { state, steps } = this.#run(definition, null, [first, ...then], { env: this.#env, cause, scopes })
    const write: ActorWrite = { locked: null, key, state, steps }
    const owner = definition.ownerOf?.(state.snapshot.context) ?? null
    if (owner !== null) write.owner = owner
    this.#actors.push(write)
    const trace = this.#trace({ id: state.id, type: state.type, locked: null, steps, cause }, before)
    // A mailbox, which begins with its first message, never ends: what it does later belongs to other traces.
    if (trace !== null && then.length === 0) write.trace = trace
    return { state, events: steps.flatMap(({ events }) => events) }
  }

  /** Marks a message as consumed. */
  consume(messageId: string): void {
    this.#done.push(messageId)
  }

  /** Adds a message that no step sent: from outside, or an activity's result. */
  post(
    id: string,
    message: Outgoing | Opening,
    correlationId: string,
    { trace, scopes = null }: { trace?: string; scopes?: Scopes } = {},
  ): void {
    const row =
      'opens' in message
        ? openingOf(id, message, { correlationId, cause: null, scopes })
        : this.#messageOf(id, message, { correlationId, cause: null, scopes })
    this.#messages.push(trace === undefined ? row : { ...row, trace })
  }

  /** Ends the spans of its steps: they were committed, or failed of `error`. */
  endSpans(error?: unknown): void {
    this.#spans?.end(error)
  }

  /** Writes everything; returns the doorbells of the new rows. */
  async write(tx: StoreTx, rung: boolean): Promise<Ring[]> {
    await tx.write({
      at: this.#env.at,
      actors: this.#actors,
      messages: this.#messages,
      activities: this.#activities,
      doneMessages: this.#done,
      rung,
    })
    return [
      ...this.#messages.map(({ id, queue }): Ring => ({ kind: 'message', id, queue, attempt: 0 })),
      ...this.#activities.map(({ id, queue }): Ring => ({ kind: 'activity', id, queue, attempt: 0 })),
    ]
  }

  #take(locked: LockedActor, inputs: (StepInput | null)[], cause: Cause | null, scopes: Scopes): Told {
    const definition = this.#registry.definitionOf(locked.state)
    // Store time never runs backwards within a stream, whatever the database's clock does.
    const env = { ...this.#env, at: Math.max(this.#env.at, locked.state.at) }
    const before = this.#length
    const { state, steps } = this.#run(
      definition,
      locked.state,
      inputs.filter((input) => input !== null),
      { env, cause, scopes },
    )
    if (steps.length > 0) {
      this.#actors.push({ locked, key: locked.key, state, steps })
      this.#trace({ id: state.id, type: state.type, locked, steps, cause }, before)
    }
    return { state, events: steps.flatMap(({ events }) => events) }
  }

  #run(
    definition: ActorDefinition<Directory>,
    before: ActorState | null,
    inputs: StepInput[],
    { env, cause, scopes }: { env: StepEnv; cause: Cause | null; scopes: Scopes },
  ): { state: ActorState; steps: ActorWrite['steps'] } {
    let state = before
    const steps: ActorWrite['steps'] = []
    const effects: { effect: Effect; scopes: Scopes }[] = []
    for (const input of inputs) {
      const seen = this.#withStrangers(env, input)
      const taken = step(definition, state, input, seen)
      state = taken.state
      if (taken.outcome === 'unchanged') continue
      steps.push({ input, env: seen, events: taken.events })
      // What the clock causes is limited by no caller, also when one came right after the deadline.
      const limit = input.kind === 'timer' ? null : scopes
      effects.push(...taken.effects.map((effect) => ({ effect, scopes: limit })))
    }
    if (state === null) throw new RangeError('a draft took no step')
    // Only now: of an actor whose machine fails on the way, the others of its transaction must not see anything.
    for (const { effect, scopes } of effects) this.#keep(effect, state.id, { cause, scopes })
    return { state, steps }
  }

  /** An agent that an order names and that is not in the organization is as unreachable as one that is stopped. */
  #withStrangers(env: StepEnv, input: StepInput): StepEnv {
    const data = input.kind === 'event' ? input.event['data'] : undefined
    const to = data !== null && typeof data === 'object' && 'to' in data ? data['to'] : undefined
    if (!agentIdSchema.safeParse(to).success || this.#registry.knows(to as string)) return env
    return { ...env, unreachable: [...env.unreachable, to as string].toSorted() }
  }

  #keep(effect: Effect, actorId: string, { cause, scopes }: { cause: Cause | null; scopes: Scopes }): void {
    if (effect.kind === 'perform') {
      const { id, activity, input, timeoutMs = ACTIVITY_TIMEOUT_MS } = effect
      const row = { id, actorId, queue: ACTIVITIES_QUEUE, activity, input, timeoutMs }
      this.#activities.push({ ...row, ...limitedTo(scopes) })
      return
    }
    const correlationId = effect.thread ?? cause?.correlationId ?? actorId
    if (effect.kind === 'send') {
      const message = { from: actorId, to: effect.to, type: effect.type, body: effect.body }
      const limit = commonScopes(scopes, effect.scopes ?? null)
      this.#messages.push(this.#messageOf(effect.id, message, { correlationId, cause, scopes: limit }))
    } else {
      const { id, actorType, key, body, tell } = effect
      const opens = { type: actorType, key }
      const opening = openingOf(id, { from: actorId, opens, body }, { correlationId, cause, scopes })
      this.#messages.push(
        tell === undefined ? opening : { ...opening, type: tell.type, body: { ...body, after: tell.after } },
      )
    }
  }

  get #length(): { messages: number; activities: number } {
    return { messages: this.#messages.length, activities: this.#activities.length }
  }

  /** Begins the span of these steps, and has what they sent continue it. Null where traces are off. */
  #trace(taken: TracedSteps, before: { messages: number; activities: number }): string | null {
    if (this.#spans === null) return null
    const trace = this.#spans.add(taken)
    for (const row of this.#messages.slice(before.messages)) row.trace = trace
    for (const row of this.#activities.slice(before.activities)) row.trace = trace
    return trace
  }

  #messageOf(
    id: string,
    { from, to, type, body }: Outgoing,
    { correlationId, cause, scopes }: Origin,
  ): NewMessage {
    const queue = this.#registry.queueOf(to)
    const causationId = cause?.messageId ?? null
    const address = { id, queue, toActor: to, toType: null, toKey: null, from, type, body }
    return { ...address, correlationId, causationId, hops: hopsAfter(cause), ...limitedTo(scopes) }
  }
}

/** Where a message comes from. */
interface Origin {
  correlationId: string
  cause: Cause | null
  scopes: Scopes
}

/** The column of a row that may not act with every scope. */
function limitedTo(scopes: Scopes): { scopes?: readonly Scope[] } {
  return scopes === null ? {} : { scopes }
}

function openingOf(
  id: string,
  { from, opens, body }: Opening,
  { correlationId, cause, scopes }: Origin,
): NewMessage {
  const address = { id, queue: ACTORS_QUEUE, toActor: null, toType: opens.type, toKey: opens.key, from }
  const causationId = cause?.messageId ?? null
  const row = { ...address, type: 'open', body, correlationId, causationId, hops: hopsAfter(cause) }
  return { ...row, ...limitedTo(scopes) }
}

function hopsAfter(cause: Cause | null): number {
  return cause === null ? 0 : cause.hops + 1
}

/** The input that both a command and the timer service write for an armed deadline: the first one applies. */
function timerInput(state: ActorState): StepInput | null {
  return state.timer === null
    ? null
    : { kind: 'timer', id: `timer:${state.id}:${state.epoch}`, epoch: state.epoch }
}
