import type { Ring, Store } from '@esa/store'
import type { Logger } from 'pino'
import { MACHINE_PACE, type Pace } from './pace.ts'
import { TroubleLog } from './trouble-log.ts'
import { TurnLoop } from './turn-loop.ts'

/** Rows taken in one turn. */
const BATCH = 200

/** Longest sleep between two turns, ms: what a message waits at most when its committer was not heard. */
const POLL_MS = 500

/** A ring that is not answered in this time is rung again as another job, ms. */
const UNHEARD_MS = 2_000

/** Wait before the store is tried again after it failed, ms. */
const RETRY_MS = 500

/** What a relay does with a doorbell. */
export interface RelayBell {
  readonly isBuilt: boolean
  isDeaf(queue: string): boolean
  rebuild(): Promise<void>
  ring(rings: Ring[]): Promise<void>
}

/** What a relay needs. */
export interface OutboxRelayOptions {
  store: Store
  doorbell: RelayBell
  log: Logger
  pace?: Pace
}

/**
 * Announces rows that were not announced (their committer had no queue, or died), and again those whose ring
 * went unheard. Whatever the queue loses, this finds. It is also the watchdog of the Workers.
 */
export class OutboxRelay extends TurnLoop {
  readonly #options: OutboxRelayOptions
  readonly #trouble: TroubleLog

  constructor(options: OutboxRelayOptions) {
    super((options.pace ?? MACHINE_PACE).sleeper('relay'))
    this.#options = options
    this.#trouble = new TroubleLog(options.log, 'outbox relay: store or queue trouble')
  }

  protected override async turn(): Promise<number> {
    const { store, doorbell } = this.#options
    try {
      // Without a queue no row is taken: each attempt doubles the pause to the next, and none would arrive.
      const silent = !doorbell.isBuilt
      if (silent) await doorbell.rebuild()
      // What was rung last went down with the old bell: it is not to wait for its pause.
      const afterMs = silent ? 0 : UNHEARD_MS
      const rings = await store.takeOverdue({ limit: BATCH, afterMs })
      const unheard = rings.filter(({ attempt }) => attempt > 1)
      if (unheard.some(({ queue }) => doorbell.isDeaf(queue))) await doorbell.rebuild()
      await doorbell.ring(rings)
      return rings.length >= BATCH ? 0 : POLL_MS
    } catch (error) {
      this.#trouble.add(error)
      return RETRY_MS
    }
  }
}
