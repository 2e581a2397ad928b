import type { Store } from '@esa/store'
import type { Logger } from 'pino'
import type { Doorbell } from './doorbell.ts'
import { Sleeper } from './sleeper.ts'

/** Rows taken in one turn. */
const BATCH = 200

/** Longest sleep between two turns, ms: what a message waits at most when its committer was not heard. */
const POLL_MS = 500

/** A ring that is not answered in this time is rung again as another job, ms. */
const UNHEARD_MS = 2_000

/** Rings go unheard and no job starts for this long: the Workers are dead without having said so, ms. */
const DEAF_MS = 6_000

/** Wait before the store is asked again after it failed, ms. */
const RETRY_MS = 500

/** What a relay needs. */
export interface OutboxRelayOptions {
  store: Store
  doorbell: Doorbell
  log: Logger
}

/**
 * Rings the doorbells of rows that nobody has rung (their committer had no bell, or died), and again those whose ring
 * went unheard. Whatever the queue loses, this finds. It is also the watchdog of the Workers.
 */
export class OutboxRelay {
  readonly #options: OutboxRelayOptions
  readonly #sleeper = new Sleeper()
  #running: Promise<void> | null = null

  constructor(options: OutboxRelayOptions) {
    this.#options = options
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Looks at once: somebody committed rows without ringing. */
  wake(): void {
    this.#sleeper.wake()
  }

  /** Ends after the turn in hand. */
  async stop(): Promise<void> {
    this.#sleeper.stop()
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#sleeper.stopped) await this.#sleeper.sleep(await this.#turn())
  }

  async #turn(): Promise<number> {
    const { store, doorbell, log } = this.#options
    try {
      const rings = await store.takeOverdue({ limit: BATCH, afterMs: UNHEARD_MS })
      if (rings.some(({ attempt }) => attempt > 1) && performance.now() - doorbell.lastStartedAt > DEAF_MS) {
        await doorbell.rebuild()
      }
      await doorbell.ring(rings)
      return rings.length >= BATCH ? 0 : POLL_MS
    } catch (error) {
      log.warn({ err: error }, 'outbox relay: store or queue trouble')
      return RETRY_MS
    }
  }
}
