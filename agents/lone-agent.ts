import { type ActorState, type Effect, step, type StepInput } from '@esa/actor'
import { buildDirectory } from '@esa/org'
import type { JsonObject } from '@esa/protocol'
import { behaviors } from './behaviors.ts'

const directory = buildDirectory([])

/** An agent by itself, for tests: tell it something, and see what it records and sends. */
export class Lone {
  state: ActorState
  at = 1_000
  readonly #id: string

  constructor(id: string) {
    this.#id = id
    const input = this.#definition.inputFrom(
      { actorId: id, from: id, body: {}, at: 0, consulted: [] },
      directory,
    )
    this.state = this.#step({ kind: 'start', id, input, event: {} }, null).state
  }

  tell(type: string, body: JsonObject = {}, from = 'layer-1') {
    const event = { ...body, type, from, as: from, messageId: `m-${this.at}` }
    return this.#step({ kind: 'event', id: `m-${this.at}`, event }, this.state)
  }

  /** Serves the armed timer one millisecond after it is due. */
  ring() {
    this.at = (this.state.timer?.dueAt ?? 0) + 1
    return this.#step({ kind: 'timer', id: 't', epoch: this.state.epoch }, this.state)
  }

  get inbox(): string[] {
    return Object.keys(this.state.snapshot.context['inbox'] as object)
  }

  get #definition() {
    return behaviors.definitions().find(({ type }) => type === behaviors.agentType(this.#id))!
  }

  #step(input: StepInput, state: ActorState | null) {
    this.at++
    const taken = step(this.#definition, state, input, { at: this.at, unreachable: [] })
    this.state = taken.state
    const sent = taken.effects.map(({ id: _, kind, ...rest }: Effect) => ({ kind, ...rest }))
    return { state: taken.state, types: taken.events.map(({ type }) => type), events: taken.events, sent }
  }
}
