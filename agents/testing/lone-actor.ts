import {
  type ActorDefinition,
  type ActorEvent,
  type ActorState,
  replay,
  step,
  type StepInput,
} from '@esa/actor'
import { buildDirectory, type Directory } from '@esa/org'
import type { JsonObject } from '@esa/protocol'

const directory = buildDirectory([])

/** One durable actor by itself, for tests: give it an event, and see what it records and requests. */
export class LoneActor {
  state: ActorState
  at = 1_000
  readonly #definition: ActorDefinition<Directory>
  readonly #log: { input: StepInput; env: { at: number; unreachable: string[] }; events: ActorEvent[] }[] = []
  readonly #started: ReturnType<LoneActor['give']>

  constructor(definition: ActorDefinition<Directory>, body: JsonObject, consulted: ActorState[] = []) {
    this.#definition = definition
    const id = `the-${definition.type}`
    const input = definition.inputFrom(
      { actorId: id, from: 'layer-1', body, at: this.at, consulted },
      directory,
    )
    this.state = undefined as never
    this.#started = this.#step({ kind: 'start', id, input, event: {} })
  }

  /** What its first step recorded and requested. */
  get started() {
    return this.#started
  }

  /** Gives it a message from Layer 1. */
  give(type: string, body: JsonObject = {}) {
    const id = `m-${this.at}`
    return this.#step({
      kind: 'event',
      id,
      event: { ...body, type, from: 'layer-1', as: 'layer-1', messageId: id },
    })
  }

  /** Serves the armed timer one millisecond after it is due. */
  serveTimer() {
    this.at = this.state.timer!.dueAt
    return this.#step({ kind: 'timer', id: `t-${this.at}`, epoch: this.state.epoch })
  }

  /** What a replay of its log comes to. */
  replayed() {
    return replay(this.#definition, this.#log)
  }

  #step(input: StepInput) {
    this.at++
    const env = { at: this.at, unreachable: [] }
    const { state, events, effects } = step(this.#definition, this.state ?? null, input, env)
    this.state = state
    if (events.length > 0) this.#log.push({ input, env, events })
    return { events, types: events.map(({ type }) => type), effects }
  }
}
