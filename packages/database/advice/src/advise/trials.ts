import { type Bench, type Runs, type TimedStatement, undisturbed } from './bench.ts'
import type { BuiltCandidate } from './built-indexes.ts'

/** Executions of one trial: enough that one is hardly disturbed, few enough that many candidates get a trial. */
const TRIAL_RUNS = 3

/** A first execution this slow (ms) leaves room for few more: 2 beyond the first limit, 3 beyond the second. */
const SLOW_MS = 1_000
const SLOWISH_MS = 200
const BASELINE_RUNS = 5

/** What trials need of a bench: plans and times without some indexes. */
export type StatementBench = Pick<Bench, 'plan' | 'time'>

/** What statements take when least disturbed, ms by id, for those whose plan takes one of the indexes that are tried. */
export type TrialTimes = Map<string, number>

const isTaken = ({ names }: BuiltCandidate, indexes: ReadonlySet<string>): boolean =>
  [...names].some((name) => indexes.has(name))

/** Every value of a statement once at least. */
const runsOf = ({ texts }: TimedStatement): number => Math.max(TRIAL_RUNS, texts.length)

const none = (): Runs => ({ ms: [], cutOff: false })

function join(runs: Runs, { ms, cutOff }: Runs): void {
  runs.ms.push(...ms)
  runs.cutOff ||= cutOff
}

/** What is known of the statements and of the candidates that stand on the copy. */
export class Trials {
  readonly built: BuiltCandidate[] = []
  readonly baseline = new Map<string, Runs>()
  readonly #bench: StatementBench
  readonly #statements: readonly TimedStatement[]
  readonly #tables: ReadonlyMap<string, ReadonlySet<string>>

  /** @param tables the tables (`schema.name`) that each statement reads, by its id. */
  constructor(
    bench: StatementBench,
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
    const rounds = first.cutOff ? 0 : ms > SLOW_MS ? 2 : ms > SLOWISH_MS ? 3 : BASELINE_RUNS
    const runs = rounds === 0 ? 0 : Math.max(rounds, statement.texts.length)
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
      const indexes = await this.#bench.plan(statement, hidden)
      if (!tried.some((one) => isTaken(one, indexes))) continue
      found.set(
        statement.id,
        undisturbed(await this.#bench.time(statement, hidden, runsOf(statement)), statement),
      )
    }
    return found
  }

  /** Times one statement with each of two sets built, in turn. */
  async compare(
    id: string,
    first: readonly BuiltCandidate[],
    second: readonly BuiltCandidate[],
  ): Promise<[first: number, second: number]> {
    const statement = this.#statements.find((one) => one.id === id)!
    const [firstRuns, secondRuns]: [Runs, Runs] = [none(), none()]
    for (let round = 0; round < runsOf(statement); round += 1) {
      const one = { ...statement, texts: [statement.texts[round % statement.texts.length]!] }
      if (!firstRuns.cutOff) join(firstRuns, await this.#bench.time(one, this.hidden(first), 1))
      if (!secondRuns.cutOff) join(secondRuns, await this.#bench.time(one, this.hidden(second), 1))
    }
    return [undisturbed(firstRuns, statement), undisturbed(secondRuns, statement)]
  }

  /** Statements whose plan takes `one` while `chosen` stand. */
  async users(one: BuiltCandidate, chosen: readonly BuiltCandidate[]): Promise<TimedStatement[]> {
    const found: TimedStatement[] = []
    for (const statement of this.concerned([one])) {
      if ((await this.taken(statement, chosen)).includes(one)) found.push(statement)
    }
    return found
  }

  /** Names of all indexes that plans of these statements take without a candidate. */
  async planned(ids: readonly string[]): Promise<Set<string>> {
    const names = new Set<string>()
    for (const statement of this.#statements.filter(({ id }) => ids.includes(id))) {
      for (const name of await this.#bench.plan(statement, this.hidden([]))) names.add(name)
    }
    return names
  }

  /** Candidates that the plan of a statement takes when these stand. */
  async taken(statement: TimedStatement, visible: readonly BuiltCandidate[]): Promise<BuiltCandidate[]> {
    const indexes = await this.#bench.plan(statement, this.hidden(visible))
    return visible.filter((one) => isTaken(one, indexes))
  }
}
