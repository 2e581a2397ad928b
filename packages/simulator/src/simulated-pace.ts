import type { Pace, Sleep, Sleeping } from '@esa/runtime'
import type { Agenda, Appointment } from './agenda.ts'
import type { Process } from './weather.ts'

/** How often the loops of a worker look without a wake-up, ms: the poll of the runtime's timer service and relay. */
const POLL_MS = 500

/** When a loop could find something: an instant; null when nothing is in sight. */
export type Horizon = (of: Sleeping) => number | null

/**
 * How a simulated worker waits. Its polls are jumped to: of all those that would find nothing, none is taken, and the
 * first that finds something comes at the very instant at which it would have come.
 */
export class SimulatedPace implements Pace {
  /** What its clock is ahead, ms. */
  skewMs = 0
  readonly #agenda: Agenda
  readonly #process: Process
  readonly #horizon: Horizon
  readonly #sleeps: SimulatedSleep[] = []

  constructor(agenda: Agenda, process: Process, horizon: Horizon) {
    this.#agenda = agenda
    this.#process = process
    this.#horizon = horizon
  }

  now(): number {
    return this.#agenda.now + this.skewMs
  }

  sleeper(of: Sleeping): Sleep {
    const sleep = new SimulatedSleep(this.#agenda, this.#process, of, this.#horizon)
    if (of === 'timers' || of === 'relay') this.#sleeps.push(sleep)
    return sleep
  }

  abortAfter(ms: number): AbortSignal {
    const controller = new AbortController()
    this.#agenda.in(ms, `abort ${this.#process.name}`, () => {
      if (this.#process.alive) controller.abort()
    })
    return controller.signal
  }

  /** Something changed: loops that sleep longer than to their next finding sleep less. */
  nudge(): void {
    for (const sleep of this.#sleeps) sleep.look()
  }
}

class SimulatedSleep implements Sleep {
  stopped = false
  readonly #agenda: Agenda
  readonly #process: Process
  readonly #of: Sleeping
  readonly #horizon: Horizon
  #woken = false
  #firstTick = 0
  #end: (() => void) | null = null
  #planned: Appointment | null = null

  constructor(agenda: Agenda, process: Process, of: Sleeping, horizon: Horizon) {
    this.#agenda = agenda
    this.#process = process
    this.#of = of
    this.#horizon = horizon
  }

  async sleep(ms: number): Promise<void> {
    if (!this.#woken && !this.stopped && ms > 0) {
      this.#firstTick = this.#agenda.now + ms
      await new Promise<void>((resolve) => {
        this.#end = resolve
        this.look()
      })
    }
    this.#woken = false
  }

  wake(): void {
    this.#woken = true
    if (this.#end !== null) this.#plan(this.#agenda.now)
  }

  stop(): void {
    this.stopped = true
    if (this.#end !== null) this.#plan(this.#agenda.now)
  }

  /** Plans the end of the sleep, or an earlier one than was planned. */
  look(): void {
    if (this.#end === null) return
    const at = this.#endsAt()
    if (at !== null) this.#plan(at)
  }

  #plan(at: number): void {
    if (this.#planned !== null && this.#planned.at <= at) return
    this.#planned?.cancel()
    this.#planned = this.#agenda.at(at, `${this.#of} ${this.#process.name}`, () => {
      const end = this.#end
      this.#end = null
      this.#planned = null
      if (this.#process.alive) end?.()
    })
  }

  #endsAt(): number | null {
    if (this.#of === 'claim') return this.#firstTick
    // A sign of life decides nothing: none is taken.
    if (this.#of === 'beat') return null
    const horizon = this.#horizon(this.#of)
    if (horizon === null) return null
    const late = Math.max(horizon, this.#agenda.now) - this.#firstTick
    const tick = this.#firstTick + Math.max(0, Math.ceil(late / POLL_MS)) * POLL_MS
    if (this.#of === 'relay') return tick
    // The poll before it sees a deadline that was armed by then, and sleeps exactly until it is over.
    const nextTick =
      this.#firstTick + Math.max(0, Math.ceil((this.#agenda.now - this.#firstTick) / POLL_MS)) * POLL_MS
    return horizon <= nextTick ? nextTick : horizon
  }
}
