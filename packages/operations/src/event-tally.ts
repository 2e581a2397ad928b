import type { LevelTally, Store } from '@esa/store'

/**
 * Events older than this have all been committed, ms: an event is dated under its actor's lock, and a step that hangs
 * loses that lock within a second.
 */
const SETTLED_AFTER_MS = 60_000

/** Upper bounds of the lateness buckets, ms: fine around the promised second, coarse where it was broken by an outage. */
export const LATENESS_BOUNDS_MS = [
  5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 600_000, 3_600_000,
]

/**
 * Counts of all that the log says of levels, from its first event on. They are the same in every process, and no restart
 * loses one; what is settled is counted once and remembered. They only fall when a process restarts after `esa retain`
 * took old streams out.
 */
export class EventTally {
  readonly #settled = new Map<string, LevelTally>()
  #until = 0

  /** Everything up to now. */
  async read(store: Store, nowMs: number): Promise<LevelTally[]> {
    const until = Math.max(this.#until, nowMs - SETTLED_AFTER_MS)
    const span = (fromMs: number, untilMs: number) =>
      store.tally({ fromMs, untilMs, boundsMs: LATENESS_BOUNDS_MS })
    const from = this.#until
    const [settled, recent] = await Promise.all([span(from, until), span(until, Number.MAX_SAFE_INTEGER)])
    // Two that read at once count the same span: only one may remember it.
    if (from === this.#until) {
      add(this.#settled, settled)
      this.#until = until
      return [...add(new Map(this.#settled), recent).values()]
    }
    return await this.read(store, nowMs)
  }
}

function add(sums: Map<string, LevelTally>, tallies: LevelTally[]): Map<string, LevelTally> {
  for (const { type, level, bucket, count, lateSumMs } of tallies) {
    const name = JSON.stringify([type, level, bucket])
    const before = sums.get(name) ?? { count: 0, lateSumMs: 0 }
    sums.set(name, {
      type,
      level,
      bucket,
      count: before.count + count,
      lateSumMs: before.lateSumMs + lateSumMs,
    })
  }
  return sums
}
