import type { Driver } from './driver.ts'
import { LIVES } from './lives.ts'

/** Incidents that live at once, at most: what two processor cores carry beside workers that start again and again. */
const LIVE_MAX = 60

/** Agents that open incidents: layers without a mind of their own, which no one answers for. */
const OPENERS = Array.from({ length: 40 }, (_, index) => `layer-${index + 4}`)

/** Opens incidents as far as it is allowed to, so many at once, and lets each live its life. */
export class Crowd {
  readonly failures: string[] = []
  opened = 0
  readonly #driver: Driver
  readonly #total: number
  readonly #random: () => number
  readonly #living = new Set<Promise<void>>()
  #allowed = 0

  constructor(driver: Driver, total: number, random: () => number) {
    this.#driver = driver
    this.#total = total
    this.#random = random
  }

  /** Lets so many be opened in all. */
  allow(count: number): void {
    this.#allowed = Math.min(this.#total, count)
    while (this.opened < this.#allowed && this.#living.size < LIVE_MAX) this.#open()
  }

  /** Resolves when all that are allowed have been opened. */
  async caughtUp(): Promise<void> {
    while (this.opened < this.#allowed) await Promise.race(this.#living)
  }

  /** Resolves when all have ended. */
  async ended(): Promise<void> {
    while (this.#living.size > 0) await Promise.race(this.#living)
  }

  #open(): void {
    const names = Object.keys(LIVES)
    const name = names[this.opened % names.length]!
    const agent = OPENERS[this.opened % OPENERS.length]!
    this.opened++
    const life = LIVES[name]!(this.#driver, agent, this.#random)
      .catch((error: unknown) => {
        this.failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
      })
      .finally(() => {
        this.#living.delete(life)
        this.allow(this.#allowed)
      })
    this.#living.add(life)
  }
}
