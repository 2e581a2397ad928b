import { EsaError } from '@esa/protocol'
import type { Agenda } from './agenda.ts'
import type { MomentOf, StepPoint } from './plan.ts'
import { dieOf } from './random.ts'

/** Longest pause at a step point, ms: several in one step must stay within the second that lateness allows. */
const PAUSE_MAX_MS = 120

/** Longest delay of a late ring, ms: past several of the relay's sweeps. */
const LATE_RING_MAX_MS = 90_000

/** Something that runs steps: a worker's process, or a command's. A dead one never comes back; a new one takes its place. */
export interface Process {
  readonly name: string
  readonly worker: number | null
  alive: boolean
  frozenUntil: number
  /** Transactions that it began. */
  tasks: number
}

interface Window {
  until: number
}

/**
 * What goes wrong at the moment, and how often it did. Every throw of dice belongs to what it is about, so that leaving
 * out one fault leaves the others where they were. Times are virtual ms.
 */
export class Weather {
  readonly injected: Record<string, number> = {}
  /** Spans in which no worker lived, or the store did not answer. */
  readonly outages: { from: number; to: number }[] = []
  /** Spans in which what goes over the bus is lost, late, or fails at its channel. */
  readonly busTroubles: { from: number; to: number }[] = []
  /** Instants at which the bus lost all that it held. */
  readonly wipes: number[] = []
  readonly #agenda: Agenda
  readonly #seed: number
  readonly #crashes: MomentOf<'crash'>[] = []
  #lostAnswers = 0
  storeDownUntil = 0
  busDownUntil = 0
  #deafUntil = 0
  #bus: Window & Pick<MomentOf<'bus-bad'>, 'lose' | 'double' | 'late'> = {
    until: 0,
    lose: 0,
    double: 0,
    late: 0,
  }
  #activities: Window & Pick<MomentOf<'activities-bad'>, 'fail' | 'hang'> = { until: 0, fail: 0, hang: 0 }
  #pauses: Window & { share: number } = { until: 0, share: 0 }

  constructor(agenda: Agenda, seed: number) {
    this.#agenda = agenda
    this.#seed = seed
  }

  /** Counts a fault that was really injected. */
  note(kind: string, times = 1): void {
    this.injected[kind] = (this.injected[kind] ?? 0) + times
  }

  get storeIsDown(): boolean {
    return this.#agenda.now < this.storeDownUntil
  }

  get busIsDown(): boolean {
    return this.#agenda.now < this.busDownUntil
  }

  /** The store does not answer for a while. */
  downStore({ forMs }: { forMs: number }): void {
    const { now } = this.#agenda
    this.storeDownUntil = Math.max(this.storeDownUntil, now + forMs)
    this.outages.push({ from: now, to: now + forMs })
    this.note('store-down')
  }

  downBus({ forMs }: { forMs: number }): void {
    this.busDownUntil = Math.max(this.busDownUntil, this.#agenda.now + forMs)
    this.#troubleBus(forMs)
    this.note('bus-down')
  }

  worsenBus({ forMs, lose, double, late }: MomentOf<'bus-bad'>): void {
    this.#bus = { until: this.#agenda.now + forMs, lose, double, late }
    this.#troubleBus(forMs)
  }

  deafen({ forMs }: { forMs: number }): void {
    this.#deafUntil = this.#agenda.now + forMs
  }

  worsenActivities({ forMs, fail, hang }: MomentOf<'activities-bad'>): void {
    this.#activities = { until: this.#agenda.now + forMs, fail, hang }
    this.#troubleBus(forMs)
  }

  interleave({ forMs, pause }: MomentOf<'interleaved'>): void {
    this.#pauses = { until: this.#agenda.now + forMs, share: pause }
  }

  /** The next time that this worker comes to this point, it dies. */
  armCrash(crash: MomentOf<'crash'>): void {
    this.#crashes.push(crash)
  }

  /** The answer of the next commit is lost. */
  armLostAnswer(): void {
    this.#lostAnswers++
  }

  /** All is well from now on. */
  clear(): void {
    this.#crashes.length = 0
    this.#lostAnswers = 0
    const { now } = this.#agenda
    this.storeDownUntil = Math.min(this.storeDownUntil, now)
    this.busDownUntil = Math.min(this.busDownUntil, now)
    for (const window of [this.#bus, this.#activities, this.#pauses]) window.until = 0
    this.#deafUntil = 0
  }

  /** The bus lost everything that it held. */
  wiped(): void {
    this.wipes.push(this.#agenda.now)
    this.note('bus-wiped')
  }

  /** True when the store, the workers and the bus have all been well since then. */
  isFineSince(at: number): boolean {
    return [...this.outages, ...this.busTroubles].every(({ to }) => to < at)
  }

  /** The crash that awaits a process at this point; it happens once. */
  crashAt(process: Process, point: StepPoint): MomentOf<'crash'> | null {
    const index = this.#crashes.findIndex((crash) => crash.worker === process.worker && crash.point === point)
    return index < 0 ? null : (this.#crashes.splice(index, 1)[0] ?? null)
  }

  /** How long a step rests, ms; null when it goes on at once. */
  pauseAt(step: string): number | null {
    const { until, share } = this.#pauses
    if (this.#agenda.now >= until) return null
    const die = dieOf(this.#seed, `pause ${step} ${this.#agenda.now}`)
    if (die >= share) return null
    this.note('pause')
    return Math.floor((die / share) * PAUSE_MAX_MS)
  }

  losesAnswer(): boolean {
    if (this.#lostAnswers === 0) return false
    this.#lostAnswers--
    this.note('lost-answer')
    return true
  }

  /** True when a wake that a commit sends is not heard. */
  losesWake(): boolean {
    const lost = this.#agenda.now < this.#deafUntil
    if (lost) this.note('lost-wake')
    return lost
  }

  #troubleBus(forMs: number): void {
    const { now } = this.#agenda
    this.busTroubles.push({ from: now, to: now + forMs })
  }

  /** After how many ms a ring arrives: not at all, once, or twice. */
  ringsOf(job: string): number[] {
    const die = (what: string): number => dieOf(this.#seed, `${what} ${job}`)
    const usual = 1 + Math.floor(die('ring') * 12)
    const { until, lose, double, late } = this.#bus
    if (this.#agenda.now >= until) return [usual]
    if (die('lose') < lose) {
      this.note('ring-lost')
      return []
    }
    const isLate = die('late') < late
    if (isLate) this.note('ring-late')
    const first = isLate ? usual + Math.floor(die('how late') * LATE_RING_MAX_MS) : usual
    if (die('double') >= double) return [first]
    this.note('ring-doubled')
    return [first, Math.floor(die('second') * LATE_RING_MAX_MS)]
  }

  /** What becomes of a try of an activity. */
  activity(key: string, attempt: number): 'works' | 'fails' | 'hangs' {
    const { until, fail, hang } = this.#activities
    if (this.#agenda.now >= until) return 'works'
    const die = dieOf(this.#seed, `activity ${key} ${attempt}`)
    if (die >= fail + hang) return 'works'
    const outcome = die < fail ? 'fails' : 'hangs'
    this.note(`activity-${outcome}`)
    return outcome
  }

  /** How long a try of an activity takes, ms. */
  activityMs(key: string, attempt: number): number {
    return 2 + Math.floor(dieOf(this.#seed, `takes ${key} ${attempt}`) * 300)
  }
}

/** What a statement meets while the store is down. */
export function storeIsAway(): EsaError {
  return new EsaError('database.unreachable', 'transient', 'the simulated store is down')
}
