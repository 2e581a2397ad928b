import type { Bell } from '@esa/runtime'
import { EsaError } from '@esa/protocol'
import type { Ring } from '@esa/store'
import type { Agenda } from './agenda.ts'
import { dieOf } from './random.ts'
import type { Process, Weather } from './weather.ts'

/** BullMQ as the runtime uses it: tries of a job that fails, and the pause between two, ms. */
const TRIES_MAX = 20
const TRY_AGAIN_MS = 500

/** After this long a job whose worker died is found and given to another, ms. */
const STALLED_MS = 5_500

type OnRing = Parameters<Bell['start']>[0]
type Job = { key: string; ring: Pick<Ring, 'kind' | 'id'>; tries: number; active: Process | null }

/** The queue that rings workers: jobs carry ids only, and may be lost, doubled, late, or wiped. */
export class SimulatedBus {
  readonly #agenda: Agenda
  readonly #weather: Weather
  readonly #seed: number
  readonly #jobs = new Map<string, Job>()
  readonly #listeners = new Map<Process, OnRing>()

  constructor(agenda: Agenda, weather: Weather, seed: number) {
    this.#agenda = agenda
    this.#weather = weather
    this.#seed = seed
  }

  /** The bell of one worker. */
  bellOf(process: Process): Bell {
    const weather = this.#weather
    return {
      get isBuilt() {
        return !weather.busIsDown
      },
      isDeaf: () => false,
      rebuild: async () => {
        if (weather.busIsDown)
          throw new EsaError('queue.unreachable', 'transient', 'the simulated bus is down')
      },
      ring: async (rings) => {
        if (!process.alive || weather.busIsDown) return
        for (const ring of rings) this.#add(ring)
      },
      start: async (onRing) => {
        this.#listeners.set(process, onRing)
        for (const job of this.#jobs.values()) if (job.active === null) this.#deliverIn(job, 1)
      },
      close: async () => void this.#listeners.delete(process),
    }
  }

  /** A worker died: its jobs are found later, and nothing reaches it any more. */
  leave(process: Process): void {
    this.#listeners.delete(process)
    for (const job of this.#jobs.values()) {
      if (job.active !== process) continue
      job.active = null
      this.#deliverIn(job, STALLED_MS)
    }
  }

  /** Forgets everything that it held. */
  wipe(): void {
    this.#jobs.clear()
    this.#weather.wiped()
  }

  #add({ kind, id, attempt }: Ring): void {
    const key = `${kind === 'message' ? 'm' : 'a'}${id}-${attempt}`
    // A job id that is there already is ignored without a word.
    if (this.#jobs.has(key)) return
    const [first, ...more] = this.#weather.ringsOf(key)
    if (first === undefined) return
    const ring = { kind, id }
    const job: Job = { key, ring, tries: 0, active: null }
    this.#jobs.set(key, job)
    this.#deliverIn(job, first)
    for (const ms of more)
      this.#agenda.in(ms, `again ${key}`, () =>
        this.#hand({ key: `${key} again`, ring, tries: 0, active: null }),
      )
  }

  #deliverIn(job: Job, ms: number): void {
    this.#agenda.in(ms, `ring ${job.key}`, () => {
      if (this.#jobs.get(job.key) === job && job.active === null) this.#hand(job)
    })
  }

  #hand(job: Job): void {
    const ready = [...this.#listeners].filter(([process]) => process.alive)
    if (ready.length === 0 || this.#weather.busIsDown) return
    const [process, onRing] = ready[Math.floor(dieOf(this.#seed, `${job.key} ${job.tries}`) * ready.length)]!
    job.active = process
    void onRing(job.ring).then(
      () => this.#isHeldBy(job, process) && this.#jobs.delete(job.key),
      () => this.#isHeldBy(job, process) && this.#again(job),
    )
  }

  #isHeldBy(job: Job, process: Process): boolean {
    return job.active === process && this.#jobs.get(job.key) === job
  }

  #again(job: Job): void {
    job.active = null
    if (++job.tries >= TRIES_MAX) this.#jobs.delete(job.key)
    else this.#deliverIn(job, TRY_AGAIN_MS)
  }
}
