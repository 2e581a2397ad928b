import { isEsaError } from '@esa/protocol'
import type { Store } from '@esa/store'
import type { Logger } from 'pino'
import type { ActorHost } from './actor-host.ts'
import { MACHINE_PACE, type Pace } from './pace.ts'
import { TroubleLog } from './trouble-log.ts'
import { TurnLoop } from './turn-loop.ts'

/** Deadlines served in one transaction: enough to batch a herd, few enough that a command waits some 20 ms for a lock. */
const BATCH = 256

/** Batches of a herd at a time: while the database writes one, the next one is stepped. */
const LANES = 2

/** Longest sleep, ms. Half of the promised second, for deadlines that another process armed without being heard. */
const POLL_MS = 500

/** An actor whose machine failed on its timer is left alone for this long, ms: it must not starve the others. */
const QUARANTINE_MS = 60_000

/** Wait before the store is tried again after it failed, ms. */
const RETRY_MS = 250

/** Wait while other workers hold all that is due: about one step, ms. */
const LOCKED_MS = 25

/** What a timer service needs. `onWedged` gets an actor whose deadline its machine could not take. */
export interface TimerServiceOptions {
  store: Store
  host: ActorHost
  log: Logger
  pace?: Pace
  onWedged(actorId: string, error: unknown): void
}

/** Serves deadlines: sleeps until the next one by the store's clock, then steps the actors, a batch a transaction. */
export class TimerService extends TurnLoop {
  readonly #options: TimerServiceOptions
  readonly #pace: Pace
  readonly #trouble: TroubleLog
  readonly #quarantined = new Map<string, number>()

  constructor(options: TimerServiceOptions) {
    const { pace = MACHINE_PACE } = options
    super(pace.sleeper('timers'))
    this.#options = options
    this.#pace = pace
    this.#trouble = new TroubleLog(options.log, 'timer service: store trouble')
  }

  /** Serves one batch; answers how long to sleep, ms. */
  protected override async turn(): Promise<number> {
    try {
      // Those left alone stay the longest overdue: without room for them they would hide the others.
      const { ids, nowMs, nextDueAt } = await this.#options.store.due(LANES * BATCH + this.#quarantined.size)
      const ready = ids.filter((id) => !this.#isQuarantined(id)).slice(0, LANES * BATCH)
      if (ready.length > 0) {
        // Nothing served: every row was locked elsewhere, and its holder settles the deadline itself.
        return (await this.#serveHerd(ready)) > 0 ? 0 : LOCKED_MS
      }
      // A deadline is over one millisecond after it: `at > due`.
      return nextDueAt === null ? POLL_MS : Math.min(POLL_MS, nextDueAt - nowMs + 1)
    } catch (error) {
      this.#trouble.add(error)
      return RETRY_MS
    }
  }

  /** Serves batches side by side, and waits for all of them also when one fails. */
  async #serveHerd(ids: string[]): Promise<number> {
    const batches: Promise<number>[] = []
    for (let from = 0; from < ids.length; from += BATCH)
      batches.push(this.#serve(ids.slice(from, from + BATCH)))
    await Promise.allSettled(batches)
    return (await Promise.all(batches)).reduce((sum, served) => sum + served, 0)
  }

  /** Serves a batch; when the store cannot take it, each by itself, so that one actor costs the others nothing. */
  async #serve(ids: string[]): Promise<number> {
    try {
      const { served, failed } = await this.#options.host.serveDue(ids)
      for (const { id, error } of failed) this.#quarantine(id, error)
      return served + failed.length
    } catch (error) {
      if (isEsaError(error) && error.kind === 'transient') throw error
      if (ids.length === 1) {
        this.#quarantine(ids[0]!, error)
        return 1
      }
    }
    let moved = 0
    for (const id of ids) moved += await this.#serve([id])
    return moved
  }

  #isQuarantined(id: string): boolean {
    const until = this.#quarantined.get(id)
    if (until === undefined) return false
    if (until > this.#pace.now()) return true
    this.#quarantined.delete(id)
    return false
  }

  #quarantine(id: string, error: unknown): void {
    this.#quarantined.set(id, this.#pace.now() + QUARANTINE_MS)
    if (isEsaError(error) && error.kind === 'transient') return
    this.#options.log.error({ actorId: id, err: error }, 'timer not served: its machine failed')
    this.#options.onWedged(id, error)
  }
}
