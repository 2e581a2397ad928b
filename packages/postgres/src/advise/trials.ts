import { type Bench, fastest, type Runs, type TimedStatement } from './bench.ts'
import type { BuiltCandidate } from './built-indexes.ts'

/** Executions of one trial: enough that one is hardly disturbed, few enough that many candidates get a trial. */
const TRIAL_RUNS = 3

/** A first execution this slow (ms) leaves room for few more: 2 beyond the first limit, 3 beyond the second. */
const SLOW_MS = 1_000
const SLOWISH_MS = 200
const BASELINE_RUNS = 5

/** Milliseconds of the least disturbed run by statement, for those whose plan takes one of the indexes that are tried. */
export type TrialTimes = Map<string, number>

const isTaken = ({ names }: BuiltCandidate, indexes: ReadonlySet<string>): boolean =>
  [...names].some((name) => indexes.has(name))

const none = (): Runs => ({ ms: [], cutOff: false })

function join(runs: Runs, { ms, cutOff }: Runs): void {
  runs.ms.push(...ms)
  runs.cutOff ||= cutOff
}

/** What is known of the statements and of the candidates that stand on the copy. */
export class Trials {
  readonly built: BuiltCandidate[] = []
  readonly baseline = new Map<string, Runs>()
  readonly #bench: Bench
  readonly #statements: readonly TimedStatement[]
  readonly #tables: ReadonlyMap<string, ReadonlySet<string>>

  /** @param tables the tables (`schema.name`) that each statement reads, by its id. */
  constructor(
    bench: Bench,
    statements: readonly TimedStatement[],
    tables: ReadonlyMap<string, ReadonlySet<string>>,
  ) {
    this.#bench = bench
    this.#statements = statements
    this.#tables = tables
  }

  /** Names of the candidates that are not among the visible ones. */
  hidden(visible: readonly BuiltCandidate[]): string[] {
    return this.built.filter((one) => !visible.includes(one)).map(({ qualified }) => qualified)
  }

  /** Times a statement as it was before any candidate. */
  async measureBaseline(statement: TimedStatement): Promise<Runs> {
    const hidden = this.hidden([])
    const first = await this.#bench.time(statement, hidden, 1)
    const ms = first.ms[0] ?? 0
    const runs = first.cutOff ? 0 : ms > SLOW_MS ? 2 : ms > SLOWISH_MS ? 3 : BASELINE_RUNS
    const all = runs === 0 ? first : await this.#bench.time(statement, hidden, runs)
    this.baseline.set(statement.id, all)
    return all
  }

  /** Statements that read the table of one of these candidates. */
  concerned(candidates: readonly BuiltCandidate[]): TimedStatement[] {
    const tables = candidates.map(({ table }) => `${table.schema}.${table.name}`)
    return this.#statements.filter(({ id }) => tables.some((table) => this.#tables.get(id)?.has(table)))
  }

  /** Times every concerned statement whose plan takes one of `tried` while `visible` (which contains them) stand. */
  async times(tried: readonly BuiltCandidate[], visible: readonly BuiltCandidate[]): Promise<TrialTimes> {
    const hidden = this.hidden(visible)
    const found: TrialTimes = new Map()
    for (const statement of this.concerned(tried)) {
      const { indexes } = await this.#bench.plan(statement, hidden)
      if (!tried.some((one) => isTaken(one, indexes))) continue
      found.set(statement.id, fastest(await this.#bench.time(statement, hidden, TRIAL_RUNS)))
    }
    return found
  }

  /** Times one statement while each of two sets stands, in turn. */
  async compare(
    id: string,
    first: readonly BuiltCandidate[],
    second: readonly BuiltCandidate[],
  ): Promise<[first: number, second: number]> {
    const statement = this.#statements.find((one) => one.id === id)!
    const [firstRuns, secondRuns]: [Runs, Runs] = [none(), none()]
    for (let round = 0; round < TRIAL_RUNS; round += 1) {
      if (!firstRuns.cutOff) join(firstRuns, await this.#bench.time(statement, this.hidden(first), 1))
      if (!secondRuns.cutOff) join(secondRuns, await this.#bench.time(statement, this.hidden(second), 1))
    }
    return [fastest(firstRuns), fastest(secondRuns)]
  }

  /** Statements whose plan takes `one` while `chosen` stand. */
  async users(one: BuiltCandidate, chosen: readonly BuiltCandidate[]): Promise<TimedStatement[]> {
    const found: TimedStatement[] = []
    for (const statement of this.concerned([one])) {
      if ((await this.taken(statement, chosen)).includes(one)) found.push(statement)
    }
    return found
  }

  /** Candidates that the plan of a statement takes when these stand. */
  async taken(statement: TimedStatement, visible: readonly BuiltCandidate[]): Promise<BuiltCandidate[]> {
    const { indexes } = await this.#bench.plan(statement, this.hidden(visible))
    return visible.filter((one) => isTaken(one, indexes))
  }
}
