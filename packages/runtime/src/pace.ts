import { Sleeper } from './sleeper.ts'

/** A sleep that can be cut short: `wake` ends it, or the next one when none is sleeping; `stop` ends it and all that follow. */
export interface Sleep {
  readonly stopped: boolean
  sleep(ms: number): Promise<void>
  wake(): void
  stop(): void
}

/** What sleeps in a worker: its loops, and the renewal of a running activity's claim. */
export type Sleeping = 'timers' | 'relay' | 'beat' | 'claim'

/**
 * How a worker waits, in ms: by the machine's clock, or by a simulation's. It decides only when the loops check; what is
 * due then, the store decides.
 */
export interface Pace {
  /** A clock that only moves on. */
  now(): number
  sleeper(of: Sleeping): Sleep
  abortAfter(ms: number): AbortSignal
}

/** The pace of the machine. */
export const MACHINE_PACE: Pace = {
  now: () => performance.now(),
  sleeper: () => new Sleeper(),
  abortAfter: (ms) => AbortSignal.timeout(ms),
}
