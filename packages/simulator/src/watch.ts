import type { ActorState, Effect } from '@esa/actor'
import { INCIDENT_TYPE, incidentContext } from '@esa/escalation'
import { isEsaError } from '@esa/protocol'
import type { ActorWrite, Commit, MemoryGlance } from '@esa/store'
import type { Standing, Turn } from './invariants/history.ts'
import { INVARIANTS } from './invariants/invariants.ts'

/**
 * Invariants that one step shows by itself, by number; the others need the whole log and are checked when the run is
 * over. What a step is compared with is under the actor's lock, so nothing else can have come in between.
 */
const OF_ONE_STEP = new Set([1, 2, 3, 4, 6, 8, 9, 10, 11, 13, 14, 16, 17, 21, 22, 25, 28, 31])

const STEP_INVARIANTS = INVARIANTS.filter(({ number }) => OF_ONE_STEP.has(number))

/** States in which an incident may stay when no one acts. */
const AT_REST = new Set(['acknowledged', 'exhausted'])

/** Looks at every commit, and keeps what has to be known of the incidents without reading them again. */
export class Watch {
  readonly #glance: MemoryGlance
  readonly #onFault: (fault: string) => void
  readonly #live = new Map<string, string>()
  readonly #keys = new Map<string, string>()
  commits = 0
  /** Incidents opened so far. */
  opened = 0
  /** Incidents that are neither closed nor at rest. */
  restless = 0

  constructor(glance: MemoryGlance, onFault: (fault: string) => void) {
    this.#glance = glance
    this.#onFault = onFault
  }

  /** Incidents that are open now. */
  get live(): number {
    return this.#live.size
  }

  /** Looks at what one transaction wrote, between `beganAt` and `now` by the store's clock. */
  see(commits: Commit[], beganAt: number, now: number): void {
    if (commits.length > 0) this.commits++
    for (const commit of commits) {
      for (const write of commit.actors) {
        this.#seeRow(write)
        this.#seeClock(write, beganAt, now)
        if (write.state.type === INCIDENT_TYPE) this.#seeIncident(write, commit)
      }
    }
  }

  /** 26. What the transaction wrote is what the store holds, row and log. */
  #seeRow({ state, steps }: ActorWrite): void {
    const row = this.#glance.actor(state.id)?.state
    if (row === undefined)
      return this.#onFault(`26 rowAndEventTogether: ${state.id} was committed and is not there`)
    // The rest of the row is compared at the end, with what a replay makes of the log.
    const isWritten = row.seq > state.seq || (row.seq === state.seq && isSameTimer(row, state))
    if (!isWritten) this.#onFault(`26 rowAndEventTogether: the row of ${state.id} is not what was committed`)
    const log = this.#glance.stream(state.id)
    const last = steps.at(-1)?.events.at(-1)
    if (last !== undefined && log[last.seq - 1]?.type !== last.type)
      this.#onFault(`26 rowAndEventTogether: event ${last.seq} of ${state.id} was committed and is not there`)
  }

  /** 24. The time of a step is the store's, or that of the event before it. */
  #seeClock({ locked, state, steps }: ActorWrite, beganAt: number, now: number): void {
    for (const { env } of steps) {
      const isStoreTime = env.at >= beganAt && env.at <= now
      if (!isStoreTime && env.at !== locked?.state.at)
        this.#onFault(`24 orderHolds: ${state.id} stepped at ${env.at}, the store's clock was at ${now}`)
    }
  }

  #seeIncident(write: ActorWrite, commit: Commit): void {
    const { locked, state, key } = write
    this.#count(locked?.state ?? null, state)
    this.#seeKey(state, locked === null ? key : locked.key)
    if (write.steps.length !== 1) return
    const turn = turnOf(write, commit)
    const history = { events: [], row: { state, head: '' } }
    for (const { number, check } of STEP_INVARIANTS) {
      const fault = faultOf(() => check(history, [turn])[0])
      if (fault !== undefined) this.#onFault(`${number} ${check.name}: ${fault}`)
    }
  }

  #count(before: ActorState | null, { id, live, status }: ActorState): void {
    if (before === null) this.opened++
    const was = this.#live.get(id)
    if (was !== undefined && !AT_REST.has(was)) this.restless--
    if (live) this.#live.set(id, status)
    else this.#live.delete(id)
    if (live && !AT_REST.has(status)) this.restless++
  }

  /** A key belongs to one open incident. Source: docs/escalation.md, "Identity and duplicates". */
  #seeKey({ id, live }: ActorState, key: string | null): void {
    if (key === null) return
    const holder = this.#keys.get(key)
    if (holder !== undefined && holder !== id && live) {
      this.#onFault(`6 oneOpenIncidentAKey: ${holder} and ${id} are open with the same key`)
    }
    if (live) this.#keys.set(key, id)
    else if (holder === id) this.#keys.delete(key)
  }
}

function isSameTimer(row: ActorState, state: ActorState): boolean {
  return row.epoch === state.epoch && row.timer?.dueAt === state.timer?.dueAt && row.status === state.status
}

/** A check that cannot even be made has found something. */
function faultOf(check: () => string | undefined): string | undefined {
  try {
    return check()
  } catch (error) {
    return isEsaError(error) ? error.code : String(error)
  }
}

function turnOf({ locked, state, steps }: ActorWrite, { activities }: Commit): Turn {
  const { input, env, events } = steps[0]!
  const effects = activities
    .filter(({ actorId }) => actorId === state.id)
    .map(({ id, activity, input: asked, timeoutMs }): Effect => ({
      kind: 'perform',
      id,
      activity,
      input: asked,
      timeoutMs,
    }))
  const before = locked === null ? null : standingOf(locked.state)
  return { input, env, events, effects, before, after: standingOf(state) }
}

function standingOf(state: ActorState): Standing {
  return { ...state, ...incidentContext(state) }
}
