import { setTimeout } from 'node:timers/promises'

/** The time port of this package: epoch milliseconds with fractions, and a pause of so many milliseconds. */
export interface Clock {
  now: () => number
  pause: (ms: number) => Promise<void>
}

/** The machine's clock; never runs backwards within a process, so that differences are durations. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  pause: (ms) => setTimeout(ms),
}

/**
 * The same, for instants that are kept and compared with those of other processes: it follows the machine's clock, which
 * the clock above leaves when a machine sleeps or its clock is set.
 */
export const wallClock: Clock = { ...systemClock, now: () => Date.now() }
