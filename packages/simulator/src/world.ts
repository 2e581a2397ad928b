import { type ActorEvent, type ActorState } from '@esa/actor'
import { behaviors } from '@esa/agents'
import {
  escalationDefinitions,
  type Incident,
  INCIDENT_TYPE,
  incidentKey,
  incidentView,
  type OpenSilence,
  SILENCE_TYPE,
  type IncidentCommand,
} from '@esa/escalation'
import type { Directory } from '@esa/org'
import { EsaError, type JsonObject, type OpenIncident, textOf } from '@esa/protocol'
import { ActorHost, dispatch, type Outgoing, Registry, type Told } from '@esa/runtime'
import { createMemoryStore, type LockedActor, type Ring, type Store, type StoredEvent } from '@esa/store'
import { seededRandom } from './seeded-random.ts'
import { WORLD_BEGINS_AT } from './world-clock.ts'

/** Deadlines served in one transaction; the order of service does not depend on it. */
const DUE_BATCH = 64

/** Turns that one move takes: a year of alarms is 2,200. Beyond it the waits are scaled to nothing, or the move is a mistake. */
const TURNS_MAX = 10_000

/** Messages and activities that come of one another at one instant: the whole organization, twenty times. Beyond it they go round in a ring. */
const ECHOES_MAX = 2_000

/** The seat of agents without a machine in a simulation: none answers by itself. */
const EMPTY_SEAT = { type: 'empty-seat', version: 1 }

/**
 * What a world is made of. `timeScale` divides every pinned wait; `seed` decides the ids. With `agents` the real agents
 * have their mailboxes: messages and notices reach them, and built-in seats answer.
 */
export interface WorldOptions {
  directory: Directory
  timeScale?: number
  seed?: number
  agents?: boolean
}

/** A side effect that an incident requested: a notice or an alarm. Nothing leaves a simulation. */
export interface Request {
  at: number
  actorId: string
  activity: string
  input: JsonObject
}

/**
 * The real machine, policy, host and store rules in one process, on a clock that only moves on demand. The same calls
 * in the same order give the same rows, byte for byte. Times are ms since the world began.
 */
export class World {
  /** Notices and alarms that were requested, in order. */
  readonly requests: Request[] = []
  readonly store: Store
  /** What an edge under test works with; commands given by it arrive by `settle`. */
  readonly host: ActorHost
  readonly registry: Registry
  readonly #rings: Ring[] = []
  readonly #timeScale: number
  readonly #agents: boolean
  #directory: Directory
  #nowMs = 0

  constructor({ directory, timeScale = 1, seed = 1, agents = false }: WorldOptions) {
    this.#timeScale = timeScale
    this.#agents = agents
    const random = seededRandom(seed)
    this.#directory = directory
    this.store = createMemoryStore({ clock: { now: () => WORLD_BEGINS_AT + this.#nowMs }, random })
    const registry = new Registry({
      definitions: [...escalationDefinitions({ timeScale }), ...(agents ? behaviors.definitions() : [])],
      agentType: agents ? behaviors.agentType : () => EMPTY_SEAT.type,
      activities: [],
      directory: () => this.#directory,
    })
    this.registry = registry
    const onCommit = ({ rings }: { rings: Ring[] }): void => void this.#rings.push(...rings)
    this.host = new ActorHost({ store: this.store, registry, random, rings: true, onCommit })
  }

  /** Virtual time, ms since the world began. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** Replaces the cards: incidents that are open keep their pinned policy. */
  adopt(directory: Directory): void {
    this.#directory = directory
  }

  /** Opens an incident, or counts up the open one of the same agent and key. @throws EsaError `agent.unknown` and others of the policy. */
  async open(incident: OpenIncident, as = incident.agent): Promise<Told & { created: boolean }> {
    const key = incidentKey(incident.agent, incident.dedupKey)
    const opened = await this.host.open({ type: INCIDENT_TYPE, key, from: as, body: { ...incident } })
    await this.#hearRequests()
    return opened
  }

  /** Adds a silence that ends `forMs` from now, and gives its id; `tell` it `end` to end it before. */
  async silence(silence: Omit<OpenSilence, 'until' | 'reason'>, forMs: number): Promise<string> {
    const body = { ...silence, until: WORLD_BEGINS_AT + this.#nowMs + forMs, reason: 'maintenance' }
    const { state } = await this.host.open({ type: SILENCE_TYPE, key: null, from: 'operator', body })
    await this.#hearRequests()
    return state.id
  }

  /** Gives an incident a command at this instant; the answer holds what it wrote, an overdue deadline's events first. */
  command(id: string, command: IncidentCommand): Promise<ActorEvent[]> {
    return this.tell(id, { ...command })
  }

  /** Gives an incident any event of its machine, such as what became of a notice. */
  async tell(id: string, event: JsonObject & { type: string }): Promise<ActorEvent[]> {
    const { events } = await this.host.command(id, event)
    await this.#hearRequests()
    return events
  }

  /** Sends a message of the organization; it arrives, with all that comes of it, at this instant. Gives the ids. */
  async send(message: JsonObject): Promise<string[]> {
    const ids = await dispatch(this.host, this.registry, message, { timeScale: this.#timeScale })
    await this.#hearRequests()
    return ids
  }

  /**
   * Moves to an instant, serving each timer on the way at the first instant past its deadline. Those whose instant is
   * `atMs` itself are left: a command of that instant comes first, and settles them.
   */
  async moveTo(atMs: number): Promise<void> {
    await this.#serveThrough(atMs - 1)
    this.#nowMs = Math.max(this.#nowMs, atMs)
  }

  /** Moves `ms` on, serving every timer through that instant. */
  async advance(ms: number): Promise<void> {
    const until = this.#nowMs + ms
    await this.#serveThrough(until)
    this.#nowMs = until
  }

  /** `ms` pass while timers are not served; those that are due then are served at the end of it. */
  async outage(ms: number): Promise<void> {
    this.#nowMs += ms
    await this.advance(0)
  }

  /** Lets `ms` pass while timers are not served, and leaves the overdue ones to the next worker. */
  freeze(ms: number): void {
    this.#nowMs += ms
  }

  /** Lets everything arrive that was sent by `host`, and all that comes of it, at this instant. */
  async settle(): Promise<void> {
    await this.#hearRequests()
  }

  /** Rings for an actor as a timer job would: early, twice or late, the row decides. True when a deadline was served. */
  async ring(id: string): Promise<boolean> {
    return (await this.#serve([id])) > 0
  }

  /** Stops an agent from this instant on, once: nothing reaches it any more. */
  async stop(agentId: string): Promise<void> {
    await this.store.transact(async (tx) => {
      if ((await tx.lockActors([agentId])).length > 0) return
      const { at } = await tx.env()
      const snapshot = { value: 'stopped', context: {} }
      const rest = { seq: 0, at, epoch: 0, timer: null, snapshot }
      const state: ActorState = { id: agentId, ...EMPTY_SEAT, status: 'stopped', live: true, ...rest }
      const actors = [{ locked: null, key: null, state, steps: [] }]
      await tx.write({ at, actors, messages: [], activities: [], doneMessages: [], rung: true })
    })
  }

  /** The view of an incident now. */
  async incident(id: string): Promise<Incident> {
    const { row } = await this.history(id)
    return incidentView(row.state, WORLD_BEGINS_AT + this.#nowMs)
  }

  /** An incident's log, and its row with the head of its hash chain. @throws EsaError `incident.unknown` (terminal). */
  async history(id: string): Promise<{ events: StoredEvent[]; row: LockedActor }> {
    const row = await this.store.readActor(id)
    if (row !== null) return { events: await this.store.readStream(id), row }
    throw new EsaError('incident.unknown', 'terminal', `there is no incident ${id}`)
  }

  async #serveThrough(untilMs: number): Promise<void> {
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      const { ids, nextDueAt } = await this.store.due(DUE_BATCH)
      if (ids.length > 0 && this.#nowMs <= untilMs) {
        await this.#serve(ids)
        continue
      }
      const nextMs = nextDueAt === null ? null : nextDueAt + 1 - WORLD_BEGINS_AT
      if (ids.length > 0 || nextMs === null || nextMs > untilMs) return
      this.#nowMs = nextMs
    }
    throw new EsaError('scenario.too-long', 'terminal', `too many timers fall due on the way`, {
      hint: 'choose a nearer horizon or a smaller time scale',
    })
  }

  async #serve(ids: string[]): Promise<number> {
    const { served, failed } = await this.host.serveDue(ids)
    const first = failed[0]
    if (first !== undefined) throw first.error
    await this.#hearRequests()
    return served
  }

  /**
   * Takes note of the notices and alarms of the last commits, and delivers their messages until all is quiet. Whether a
   * notice arrives is simulated only where there are agents: it does then.
   */
  async #hearRequests(): Promise<void> {
    let echoes = 0
    for (let ring = this.#rings.shift(); ring !== undefined; ring = this.#rings.shift()) {
      if (++echoes > ECHOES_MAX) {
        this.#rings.length = 0
        throw new EsaError('world.echoes', 'bug', `more than ${ECHOES_MAX} messages came of one another`)
      }
      if (ring.kind === 'message') {
        const delivered = await this.host.deliver(ring.id)
        if (delivered.outcome === 'dead') throw delivered.error
        continue
      }
      const claimed = await this.store.claimActivity(ring.id, 0)
      if (claimed === null) continue
      const { actorId, activity, input } = claimed
      this.requests.push({ at: this.#nowMs, actorId, activity, input })
      const notice = this.#agents && activity === 'notice.deliver' ? [noticeOf(actorId, input)] : []
      await this.host.endActivity(claimed, 'simulated', notice)
    }
  }
}

function noticeOf(incidentId: string, input: JsonObject): Outgoing {
  const { target, notice, body } = input
  return { from: incidentId, to: textOf(target), type: textOf(notice), body: body as JsonObject }
}
