import { setTimeout as pause } from 'node:timers/promises'
import type { ActorEvent, ActorState } from '@esa/actor'
import { INCIDENT_TYPE, incidentKey } from '@esa/escalation'
import { isEsaError, type JsonObject } from '@esa/protocol'
import type { ActorHost } from '@esa/runtime'
import type { Store } from '@esa/store'

/** Between two tries of an operator whose command was not answered, ms. */
const AGAIN_MS = 150

/** An operator gives up after this long: no fault of a run lasts so long, ms. */
const GIVE_UP_MS = 60_000

/** A request. Without an answer its outcome is unknown, and it was repeated. */
export interface Asked {
  incidentId: string | null
  type: string
  key: string | null
  answered: ActorEvent[] | null
}

/** The requests of a run, and the key of every incident that was opened, by its id. */
export interface Records {
  asked: Asked[]
  opened: Map<string, string>
}

/** Gives a world its commands, as operators and agents do, and remembers every answer. */
export class Driver implements Records {
  readonly asked: Asked[] = []
  readonly opened = new Map<string, string>()
  readonly #store: Store
  readonly #host: ActorHost
  readonly #name: string
  #keys = 0

  /** `name` keeps the keys of two drivers apart. */
  constructor({ store, host }: { store: Store; host: ActorHost }, name = 'chaos') {
    this.#store = store
    this.#host = host
    this.#name = name
  }

  /** Opens an incident under a key of its own; repeated after a lost answer, it is still the one incident. */
  async open(agent: string, category: string, title: string): Promise<ActorState> {
    const key = `${this.#name}-${this.#keys++}`
    const { state } = await this.#ask(
      null,
      'open',
      () => this.#open(agent, category, title, key),
      incidentKey(agent, key),
    )
    this.opened.set(state.id, key)
    return state
  }

  /** Opens it again: a duplicate. */
  async openAgain(id: string, agent: string, category: string): Promise<void> {
    const key = this.opened.get(id)!
    await this.#ask(id, 'open', () => this.#open(agent, category, 'again', key), incidentKey(agent, key))
  }

  /** Gives an incident a command; a refusal is an answer. */
  command(
    id: string,
    event: JsonObject & { type: string },
  ): Promise<{ state: ActorState; events: ActorEvent[] }> {
    return this.#ask(id, event.type, () => this.#host.command(id, event), null)
  }

  /** The state of an incident; waits out what is away. */
  async look(id: string): Promise<ActorState> {
    const actor = await this.#persist(() => this.#store.readActor(id))
    if (actor === null) throw new Error(`incident ${id} is not there`)
    return actor.state
  }

  #open(agent: string, category: string, title: string, key: string) {
    const body = { agent, category, title, by: 'chaos', dedupKey: key }
    return this.#host.open({
      type: INCIDENT_TYPE,
      key: incidentKey(agent, key),
      from: 'operator',
      body,
    })
  }

  #ask<T extends { state: ActorState; events: ActorEvent[] }>(
    incidentId: string | null,
    type: string,
    work: () => Promise<T>,
    key: string | null,
  ): Promise<T> {
    return this.#persist(async () => {
      const entry: Asked = { incidentId, type, key, answered: null }
      this.asked.push(entry)
      const answer = await work()
      entry.incidentId = answer.state.id
      entry.answered = answer.events
      return answer
    })
  }

  async #persist<T>(work: () => Promise<T>): Promise<T> {
    const giveUpAt = performance.now() + GIVE_UP_MS
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (!isEsaError(error) || error.kind !== 'transient' || performance.now() > giveUpAt) throw error
        await pause(AGAIN_MS)
      }
    }
  }
}
