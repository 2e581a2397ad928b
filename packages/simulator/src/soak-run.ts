import { hash as digest } from 'node:crypto'
import { behaviors } from '@esa/agents'
import { incidentDefinition } from '@esa/escalation'
import type { Directory } from '@esa/org'
import { isEsaError } from '@esa/protocol'
import { ActorHost, Registry } from '@esa/runtime'
import { type Commit, createMemoryStore, type MemoryGlance, type MessageRow, type Store } from '@esa/store'
import { Agenda } from './agenda.ts'
import { Deeds } from './deeds.ts'
import { editedCard } from './edited-card.ts'
import { faultAtTheEnd } from './end-checks.ts'
import type { ActivityRow } from './invariants/world-history.ts'
import { noticeActivities } from './notice-activities.ts'
import type { Moment, Plan } from './plan.ts'
import { Random } from './random.ts'
import { SimulatedBus } from './simulated-bus.ts'
import { SimulatedWorkers } from './simulated-workers.ts'
import { steppedStore } from './stepped-store.ts'
import { Watch } from './watch.ts'
import { type Process, Weather } from './weather.ts'
import { WORLD_BEGINS_AT } from './world-clock.ts'

const DAY_MS = 86_400_000

/**
 * Longest time that a run may take to come to rest when nothing goes wrong any more: a hold of 24 h, then the longest
 * ladder (2 d, 1 d, 2 h and 2 h again), and a minute for what each step is late.
 */
const REST_MAX_MS = DAY_MS + 3 * DAY_MS + 4 * 3_600_000 + 60_000

/**
 * Entries of a run for each of its moments, and for a run of few: three times what bad ones were seen to take. Beyond it
 * something is tried again and again without getting anywhere.
 */
const ENTRIES_PER_MOMENT = 100
const ENTRIES_MIN = 10_000

/** Longest that a row may wait when nothing goes wrong any more, ms: the longest pause between two rings, and its work. */
const ROW_WAITS_MAX_MS = 10 * 60_000

/** How often a run looks for rows that were forgotten while all was well, ms. */
const LOOK_EVERY_MS = 3_600_000

/** After how long an unheard ring is rung again, ms: the runtime's own constant, which the jumps of its sweep go by. */
const UNHEARD_MS = 2_000

/** What a run is made in; `wire` puts something between the processes and their store, for faults that must be found. */
export interface SoakOptions {
  directory: Directory
  wire?: (store: Store) => Store
}

/** What came of a run. `liveMean` and `commits` are those of the planned time, before everything comes to rest. */
export interface SoakResult {
  violation: string | null
  logHash: string
  incidents: number
  commits: number
  liveMean: number
  faults: Record<string, number>
}

/** Runs a plan from end to end: faults, then rest, then every check. The same plan always gives the same result. */
export async function runPlan(plan: Plan, options: SoakOptions): Promise<SoakResult> {
  return new SoakRun(plan, options).run()
}

class SoakRun {
  readonly #plan: Plan
  readonly #agenda = new Agenda()
  readonly #weather: Weather
  readonly #bus: SimulatedBus
  readonly #workers: SimulatedWorkers
  readonly #deeds: Deeds
  readonly #watch: Watch
  readonly #glance: MemoryGlance
  readonly #store: Store
  #directory: Directory
  #violation: string | null = null
  #live = { since: 0, sum: 0 }

  constructor(plan: Plan, { directory, wire = (store) => store }: SoakOptions) {
    this.#plan = plan
    this.#directory = directory
    const agenda = this.#agenda
    const random = new Random(BigInt(plan.seed), 'run')
    const dice = random.between(0, 0xffff_ffff)
    const base = createMemoryStore({
      clock: { now: () => WORLD_BEGINS_AT + agenda.now },
      random: random.fork('store').next,
    })
    this.#glance = base.glance
    this.#store = wire(base)
    this.#weather = new Weather(agenda, dice)
    this.#bus = new SimulatedBus(agenda, this.#weather, dice)
    this.#watch = new Watch(this.#glance, (fault) => this.#fail(fault))
    const registry = this.#registry(plan)
    this.#workers = new SimulatedWorkers({
      agenda,
      weather: this.#weather,
      bus: this.#bus,
      registry,
      random,
      horizon: (of) => this.#horizon(of === 'timers'),
      storeOf: (process) => this.#storeOf(process),
      onBug: (what) => this.#fail(`bug: ${what}`),
    })
    const caller: Process = { name: 'caller', worker: null, alive: true, frozenUntil: 0, tasks: 0 }
    const host = new ActorHost({
      store: this.#storeOf(caller),
      registry,
      random: random.fork('caller').next,
      rings: false,
    })
    const onError = (error: unknown): void => this.#excuse(error)
    this.#deeds = new Deeds({ agenda, host, glance: this.#glance, weather: this.#weather, onError })
  }

  async run(): Promise<SoakResult> {
    const { moments, workers, lastsMs } = this.#plan
    this.#startAll(workers)
    this.#deeds.plan(moments)
    for (const [index, moment] of moments.entries()) {
      if ('atMs' in moment) this.#agenda.at(moment.atMs, `moment ${index}`, () => this.#meet(moment))
    }
    this.#lookForForgotten()
    const failed = (): boolean => this.#hasFailed()
    await this.#agenda.run({ until: lastsMs, isOver: failed })
    this.#countLive()
    const { commits } = this.#watch
    const liveMean = this.#live.sum / Math.max(1, this.#live.since)
    await this.#comeToRest(failed)
    this.#violation ??= faultAtTheEnd(this.#glance, this.#weather, this.#agenda.now)
    return {
      violation: this.#violation,
      logHash: this.#logHash(),
      incidents: this.#watch.opened,
      commits,
      liveMean,
      faults: this.#weather.injected,
    }
  }

  /** Faults stop, everything comes back, and the world has to come to rest by itself. */
  async #comeToRest(failed: () => boolean): Promise<void> {
    this.#weather.clear()
    this.#workers.thaw()
    this.#deeds.end()
    this.#startAll(this.#plan.workers)
    this.#workers.nudge()
    await this.#agenda.run({ until: this.#agenda.now + ROW_WAITS_MAX_MS, isOver: failed })
    if (!failed() && this.#waiting(ROW_WAITS_MAX_MS).length > 0) this.#fail(this.#unrest())
    await this.#agenda.run({
      until: this.#agenda.now + REST_MAX_MS,
      isOver: () => failed() || this.#isAtRest(),
    })
    if (!failed() && !this.#isAtRest()) this.#fail(this.#unrest())
  }

  /** Each start is an entry of its own: what it sets going must come to rest before time moves on. */
  #startAll(workers: number): void {
    const { now } = this.#agenda
    for (let worker = 0; worker < workers; worker++) {
      this.#agenda.at(now, `start ${worker}`, () => this.#workers.start(worker))
    }
  }

  #isAtRest(): boolean {
    if (this.#watch.restless > 0 || this.#glance.nextUnheardAt(0) !== null) return false
    const dueAt = this.#glance.nextDueAt()
    return dueAt === null || dueAt >= WORLD_BEGINS_AT + this.#agenda.now
  }

  #unrest(): string {
    const open = this.#waiting(0)
    const first = open[0]
    const waiting =
      first === undefined ? '' : `, first ${first.id} (${'activity' in first ? first.activity : first.type})`
    return `liveness comesToRest: ${this.#watch.restless} incidents stand without an answer, ${open.length} rows wait${waiting}`
  }

  /** A row that waits for an hour in which nothing was wrong has been forgotten. */
  #lookForForgotten(): void {
    const forgotten = this.#waiting(LOOK_EVERY_MS).find(({ at }) =>
      this.#weather.isFineSince(at - WORLD_BEGINS_AT),
    )
    if (forgotten !== undefined) this.#fail(this.#unrest())
    if (this.#agenda.now < this.#plan.lastsMs)
      this.#agenda.in(LOOK_EVERY_MS, 'look', () => this.#lookForForgotten())
  }

  /** Rows that have waited for so long. */
  #waiting(ms: number): (MessageRow | ActivityRow)[] {
    const until = WORLD_BEGINS_AT + this.#agenda.now - ms
    return [...this.#glance.messages(), ...this.#glance.activities()].filter(
      (row) => row.at <= until && row.doneAt === null && !('deadCode' in row && row.deadCode !== null),
    )
  }

  #hasFailed(): boolean {
    if (this.#agenda.turn > ENTRIES_MIN + ENTRIES_PER_MOMENT * this.#plan.moments.length)
      this.#fail(this.#unrest())
    return this.#violation !== null
  }

  #meet(moment: Moment): void {
    switch (moment.do) {
      case 'crash':
        return this.#weather.armCrash(moment)
      case 'freeze':
        return this.#workers.freeze(moment)
      case 'workers-down':
        for (let worker = 0; worker < this.#plan.workers; worker++) this.#workers.kill(worker, moment.forMs)
        return this.#weather.note('workers-down')
      case 'store-down':
        return this.#weather.downStore(moment)
      case 'lost-answer':
        return this.#weather.armLostAnswer()
      case 'bus-wiped':
        return this.#bus.wipe()
      case 'bus-down':
        return this.#weather.downBus(moment)
      case 'bus-bad':
        return this.#weather.worsenBus(moment)
      case 'deaf':
        return this.#weather.deafen(moment)
      case 'activities-bad':
        return this.#weather.worsenActivities(moment)
      case 'interleaved':
        return this.#weather.interleave(moment)
      case 'clock-jump':
        return this.#workers.jumpClock(moment)
      case 'card':
        this.#directory = editedCard(this.#directory, moment.agent, moment.times)
        return this.#weather.note('card-edited')
      default:
    }
  }

  #registry({ mailboxes }: Plan): Registry {
    return new Registry({
      definitions: [incidentDefinition({ timeScale: 1 }), ...behaviors.definitions()],
      agentType: behaviors.agentType,
      activities: noticeActivities({
        agenda: this.#agenda,
        weather: this.#weather,
        glance: this.#glance,
        mailboxes,
      }),
      directory: () => this.#directory,
    })
  }

  #storeOf(process: Process): Store {
    return steppedStore(this.#store, {
      agenda: this.#agenda,
      weather: this.#weather,
      process,
      onCommit: (commits, beganAt) => this.#committed(commits, beganAt),
      onChange: () => this.#workers.nudge(),
      onCrash: ({ worker, point, backInMs }) => {
        this.#weather.note(`crash-${point}`)
        this.#workers.kill(worker, backInMs)
      },
    })
  }

  #committed(commits: Commit[], beganAt: number): void {
    this.#countLive()
    this.#watch.see(commits, WORLD_BEGINS_AT + beganAt, WORLD_BEGINS_AT + this.#agenda.now)
    for (const { actors } of commits) for (const { state } of actors) this.#deeds.hear(state)
  }

  #countLive(): void {
    const { now } = this.#agenda
    this.#live.sum += this.#watch.live * (now - this.#live.since)
    this.#live.since = now
  }

  /** When a loop of a worker could find something, virtual ms. */
  #horizon(ofTimers: boolean): number | null {
    const { storeDownUntil, busDownUntil } = this.#weather
    if (ofTimers) {
      const dueAt = this.#glance.nextDueAt()
      return dueAt === null ? null : Math.max(dueAt + 1 - WORLD_BEGINS_AT, storeDownUntil)
    }
    const unheardAt = this.#glance.nextUnheardAt(UNHEARD_MS)
    return unheardAt === null ? null : Math.max(unheardAt - WORLD_BEGINS_AT, storeDownUntil, busDownUntil)
  }

  /** What people meet while the store is in trouble is not a fault; anything else is one. */
  #excuse(error: unknown): void {
    if (isEsaError(error) && error.kind === 'transient') this.#weather.note('unanswered')
    else this.#fail(`bug: ${isEsaError(error) ? error.code : String(error)}`)
  }

  #fail(fault: string): void {
    this.#violation ??= fault
  }

  /** One hash over the heads of all logs: the same for the same run, and for no other. */
  #logHash(): string {
    const heads = [...this.#glance.actors()].map(({ state, head }) => `${state.id} ${state.seq} ${head}`)
    return digest('sha256', heads.sort().join('\n'))
  }
}
