/** The promise: so late at most, from the deadline or from healing, whichever is later, ms. */
export const LATE_MAX_MS = 1_000

/** A deadline as it was served. Instants are of the store's clock, ms. */
export interface ServedTimer {
  at: number
  lateMs: number
}

/**
 * When nothing could serve a deadline: no worker lived, or the store did not answer them. The store runs on this machine,
 * so its clock is this one.
 */
export class Outages {
  readonly #over: { from: number; to: number }[] = []
  readonly #now: () => number
  #since: number | null = null

  /** `now` in Unix ms. */
  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** From now on nothing can be served. */
  begin(): void {
    this.#since ??= this.#now()
  }

  /** From now on a worker lives, and the store answers it. */
  end(): void {
    if (this.#since === null) return
    this.#over.push({ from: this.#since, to: this.#now() })
    this.#since = null
  }

  /** How late a timer was from the instant at which it could be served: 0 when that was during an outage. */
  lateness({ at, lateMs }: ServedTimer): number {
    const dueAt = at - lateMs
    const during = this.#over.filter(({ from, to }) => from <= at && to >= dueAt)
    const healedAt = Math.max(dueAt, ...during.map(({ to }) => to))
    return Math.max(0, at - healedAt)
  }
}
