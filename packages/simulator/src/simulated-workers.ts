import type { Registry } from '@esa/runtime'
import { startWorkerOn } from '@esa/runtime'
import type { Store } from '@esa/store'
import type { Agenda } from './agenda.ts'
import type { Span } from './invariants/world-history.ts'
import type { MomentOf } from './plan.ts'
import type { Random } from './random.ts'
import type { SimulatedBus } from './simulated-bus.ts'
import { type Horizon, SimulatedPace } from './simulated-pace.ts'
import type { Process, Weather } from './weather.ts'

/** A worker whose start failed ends, and its supervisor restarts it after this, ms. */
const START_AGAIN_MS = 1_000

/** What workers are made of in a simulation. */
export interface WorkersPorts {
  agenda: Agenda
  weather: Weather
  bus: SimulatedBus
  registry: Registry
  random: Random
  horizon: Horizon
  storeOf(process: Process): Store
  onBug(what: string): void
}

/** A discarded log: what a worker has to say of a bug comes by its alarm. */
const QUIET = { debug: () => {}, warn: () => {}, error: () => {}, info: () => {} } as unknown as Parameters<
  typeof startWorkerOn
>[0]['log']

/** The workers of a run: the real ones, each in a process of its own that dies, freezes and comes back. */
export class SimulatedWorkers {
  readonly #ports: WorkersPorts
  readonly #running = new Map<number, { process: Process; pace: SimulatedPace }>()
  #born = 0
  #nobody: Span | null = null

  constructor(ports: WorkersPorts) {
    this.#ports = ports
  }

  /** Starts a worker in a new process, unless it runs. */
  start(worker: number): void {
    if (this.#running.has(worker)) return
    const { agenda, bus, registry, random, storeOf, onBug, horizon, weather } = this.#ports
    const process: Process = {
      name: `worker ${worker}.${this.#born++}`,
      worker,
      alive: true,
      frozenUntil: 0,
      tasks: 0,
    }
    const pace = new SimulatedPace(agenda, process, horizon)
    this.#running.set(worker, { process, pace })
    if (this.#nobody !== null) this.#nobody.to = agenda.now
    this.#nobody = null
    const identity = {
      id: process.name,
      pid: this.#born,
      host: 'simulated',
      startedAt: 0,
      now: () => pace.now(),
    }
    const started = startWorkerOn({
      store: storeOf(process),
      registry,
      random: random.fork(process.name).next,
      log: QUIET,
      identity,
      bell: bus.bellOf(process),
      pace,
      onAlarm: ({ code, message }) => onBug(`${code}: ${message}`),
    })
    // All its starts that would meet the same trouble are jumped over.
    started.catch(() => this.kill(worker, Math.max(START_AGAIN_MS, weather.storeDownUntil - agenda.now)))
  }

  /** Kills a worker at any point; it is back in a while, as a new process. */
  kill(worker: number, backInMs: number): void {
    const { agenda, bus, weather } = this.#ports
    const running = this.#running.get(worker)
    if (running === undefined) return
    running.process.alive = false
    this.#running.delete(worker)
    bus.leave(running.process)
    if (this.#running.size === 0) {
      this.#nobody = { from: agenda.now, to: Number.POSITIVE_INFINITY }
      weather.outages.push(this.#nobody)
    }
    agenda.in(backInMs, `start ${running.process.name}`, () => this.start(worker))
  }

  /** Stops a worker in the middle of whatever it does, locks and all, for a while. */
  freeze({ worker, forMs }: MomentOf<'freeze'>): void {
    const { agenda, weather } = this.#ports
    const running = this.#running.get(worker)
    if (running === undefined) return
    running.process.frozenUntil = agenda.now + forMs
    // What it holds locked is not served until it continues.
    weather.outages.push({ from: agenda.now, to: agenda.now + forMs })
    weather.note('freeze')
  }

  /** The clock of a worker jumps. */
  jumpClock({ worker, byMs }: MomentOf<'clock-jump'>): void {
    const running = this.#running.get(worker)
    if (running === undefined) return
    running.pace.skewMs += byMs
    this.#ports.weather.note('clock-jump')
  }

  /** Lets every frozen worker go on. */
  thaw(): void {
    for (const { process } of this.#running.values()) process.frozenUntil = 0
  }

  /** Something changed in the store that a sleeping loop may want to know. */
  nudge(): void {
    for (const { pace } of this.#running.values()) pace.nudge()
  }
}
