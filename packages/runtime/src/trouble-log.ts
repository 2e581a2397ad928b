import type { Logger } from 'pino'

/** While a server is away the same error comes many times a second: one line a period, ms. */
const EVERY_MS = 5_000

/** Warns of one thing that goes wrong again and again, and says how often it was silent in between. */
export class TroubleLog {
  readonly #log: Logger
  readonly #message: string
  #quietUntil = Number.NEGATIVE_INFINITY
  #unsaid = 0

  constructor(log: Logger, message: string) {
    this.#log = log
    this.#message = message
  }

  add(error: unknown): void {
    const now = performance.now()
    if (now < this.#quietUntil) {
      this.#unsaid++
      return
    }
    this.#log.warn({ err: error, unsaid: this.#unsaid }, this.#message)
    this.#quietUntil = now + EVERY_MS
    this.#unsaid = 0
  }
}
