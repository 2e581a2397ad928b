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
