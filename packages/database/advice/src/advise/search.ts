import { percentileOf, type TimedStatement, undisturbed } from './bench.ts'
import type { BuiltCandidate } from './built-indexes.ts'
import type { Trials, TrialTimes } from './trials.ts'

/** The search aims this much lower than the goal: a percentile of few runs on a quiet copy flatters. */
const GOAL_MARGIN = 0.5

/** A statement's time must fall by this share, and by so many ms, before an index counts as a gain: less is noise. */
const FALL_MIN = 0.2
const FALL_MS_MIN = 1

/** Beyond the goal an index must save this share of what the whole workload took before: every write pays for it. */
const WORKLOAD_SHARE_MIN = 0.003

/** A statement may get slower by so much (share, and ms) without an index before it counts as needed. */
const SLACK_SHARE = 0.1
const SLACK_MS = 1

/** What the search may spend: bytes of indexes, and time (it asks before each trial). */
export interface Limits {
  goalMs: number
  budgetBytes: number
  timeIsUp: () => boolean
}

/** Indexes that are tried together: one, or several that a plan takes only in company. */
interface Item {
  members: BuiltCandidate[]
  /** Times with this item beside the chosen ones, and for which choice they were taken. */
  times: TrialTimes
  takenFor: number
  /** Measured beside the current choice in turn with that choice alone: what a choice rests on. */
  confirmedFor?: number
}

interface Score {
  item: Item
  perByte: number
}

/** Greedy by time saved per byte, measured again after every choice; the best so far is kept at any moment. */
export class Search {
  readonly chosen: BuiltCandidate[] = []
  /** Undisturbed ms of each statement with what is chosen so far. */
  readonly current = new Map<string, number>()
  complete = true
  readonly #items: Item[] = []
  readonly #trials: Trials
  readonly #statements: readonly TimedStatement[]
  readonly #limits: Limits
  readonly #wholeMs: number
  readonly #spread = new Map<string, number>()
  #choices = 0

  constructor(trials: Trials, statements: readonly TimedStatement[], limits: Limits) {
    this.#trials = trials
    this.#statements = statements
    this.#limits = limits
    for (const statement of statements) {
      const runs = trials.baseline.get(statement.id)
      const ms = runs ? undisturbed(runs, statement) : 0
      this.current.set(statement.id, ms)
      if (runs && ms > 0) this.#spread.set(statement.id, percentileOf(runs, 95) / ms)
    }
    this.#wholeMs = statements.reduce((sum, { id, weight }) => sum + weight * (this.current.get(id) ?? 0), 0)
  }

  /** Adds a candidate with the times it was measured with alone. */
  add(members: BuiltCandidate[], times: TrialTimes): void {
    this.#items.push({ members, times, takenFor: 0 })
  }

  /** Times of the statements that took this candidate in any trial. */
  timesOf(candidate: BuiltCandidate): TrialTimes {
    return new Map(
      this.#items.filter(({ members }) => members.includes(candidate)).flatMap(({ times }) => [...times]),
    )
  }

  /** Bytes of all that is chosen. */
  get bytes(): number {
    return this.chosen.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  }

  /** First what brings statements under the goal, then what still saves a good part of the workload's time. */
  async run(): Promise<void> {
    await this.#choose((id) => this.#isSlow(id), 0)
    await this.#choose(() => true, WORKLOAD_SHARE_MIN)
    if (await this.#prune()) await this.#choose(() => true, WORKLOAD_SHARE_MIN)
    await this.#prune()
  }

  #isSlow(id: string): boolean {
    return this.#expectedP95(id, this.current.get(id) ?? 0) >= this.#limits.goalMs * GOAL_MARGIN
  }

  /** Undisturbed runs are compared, the goal is a 95th percentile: it lies as much above as it did before any index. */
  #expectedP95(id: string, undisturbedMs: number): number {
    return undisturbedMs * (this.#spread.get(id) ?? 1)
  }

  #weightOf(id: string): number {
    return this.#statements.find((one) => one.id === id)?.weight ?? 0
  }

  #newBytes({ members }: Item): number {
    return members.reduce((sum, one) => sum + (this.chosen.includes(one) ? 0 : one.sizeBytes), 0)
  }

  /** Weighted ms saved for the statements that count, small falls left out and losses subtracted. */
  #saved(times: TrialTimes, counts: (id: string) => boolean): number {
    let saved = 0
    for (const [id, ms] of times) {
      const before = this.current.get(id) ?? 0
      const fall = before - ms
      if (
        fall < 0
          ? -fall > Math.max(before * SLACK_SHARE, SLACK_MS)
          : counts(id) && fall >= Math.max(before * FALL_MIN, FALL_MS_MIN)
      )
        saved += fall * this.#weightOf(id)
    }
    return saved
  }

  #score(item: Item, counts: (id: string) => boolean, shareMin: number): Score | undefined {
    const bytes = this.#newBytes(item)
    if (bytes === 0 || this.bytes + bytes > this.#limits.budgetBytes) return undefined
    const saved = this.#saved(item.times, counts)
    return saved <= 0 || saved < this.#wholeMs * shareMin ? undefined : { item, perByte: saved / bytes }
  }

  /** Measures an item beside what is chosen now; the second time in turn with what is chosen alone. */
  async #refresh(item: Item): Promise<void> {
    const visible = [...new Set([...this.chosen, ...item.members])]
    if (item.takenFor !== this.#choices) {
      item.times = await this.#trials.times(item.members, visible)
      item.takenFor = this.#choices
      return
    }
    for (const id of item.times.keys()) {
      const [alone, beside] = await this.#trials.compare(id, this.chosen, visible)
      this.current.set(id, alone)
      item.times.set(id, beside)
    }
    item.confirmedFor = this.#choices
  }

  async #choose(counts: (id: string) => boolean, shareMin: number): Promise<void> {
    for (;;) {
      const scores = this.#items.flatMap((item) => this.#score(item, counts, shareMin) ?? [])
      const best = scores.toSorted((a, b) => b.perByte - a.perByte)[0]
      if (!best) return
      const fresh = best.item.takenFor === this.#choices && best.item.confirmedFor === this.#choices
      // When time is up, earlier measurements count: better than to leave a slow statement without its index.
      if (!fresh && this.#limits.timeIsUp()) this.complete = false
      if (fresh || !this.complete) this.#take(best.item)
      else await this.#refresh(best.item)
    }
  }

  #take(item: Item): void {
    this.chosen.push(...item.members.filter((one) => !this.chosen.includes(one)))
    for (const [id, ms] of item.times) this.current.set(id, ms)
    this.#choices += 1
    const concerned = new Set(this.#trials.concerned(item.members).map(({ id }) => id))
    for (const other of this.#items) {
      const touched = [...other.times.keys()].some((id) => concerned.has(id)) || other.times.size === 0
      if (!touched) other.takenFor = this.#choices
    }
  }

  /** Takes back what the others have made needless, the largest first; true when that freed bytes. */
  async #prune(): Promise<boolean> {
    const before = this.chosen.length
    for (const one of this.chosen.toSorted((a, b) => b.sizeBytes - a.sizeBytes)) {
      const users = await this.#trials.users(one, this.chosen)
      if (users.length > 0 && (this.#limits.timeIsUp() || (await this.#isNeeded(one, users)))) continue
      this.chosen.splice(this.chosen.indexOf(one), 1)
      this.#choices += 1
    }
    return this.chosen.length < before
  }

  /** True when a statement whose plan takes the index gets slower without it; if none does, their times without it are kept. */
  async #isNeeded(one: BuiltCandidate, users: readonly TimedStatement[]): Promise<boolean> {
    const rest = this.chosen.filter((other) => other !== one)
    const goal = this.#limits.goalMs * GOAL_MARGIN
    const times: TrialTimes = new Map()
    for (const { id } of users) {
      const [before, after] = await this.#trials.compare(id, this.chosen, rest)
      times.set(id, after)
      if (
        after > before + Math.max(before * SLACK_SHARE, SLACK_MS) ||
        (this.#expectedP95(id, after) >= goal && this.#expectedP95(id, before) < goal)
      )
        return true
    }
    for (const [id, ms] of times) this.current.set(id, ms)
    return false
  }
}
