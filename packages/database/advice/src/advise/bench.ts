import { EsaError } from '@esa/protocol'
import { type Clock, withoutValues, postgresError, sqlState, type Queryable } from '@esa/database-catalog/sql'
import { weightedPercentile } from '../measure/percentile.ts'

const QUERY_CANCELED = '57014'

/** A statement whose runs are timed: `texts` are the same one with different values, taken in turn. */
export interface TimedStatement {
  id: string
  weight: number
  texts: string[]
  /** The same with other values, tried in the search so that an index is not chosen for one value; not in what is reported. */
  variants?: string[]
}

/** Milliseconds of some runs; one that was cut off counts as the cut-off. */
export interface Runs {
  ms: number[]
  cutOff: boolean
}

interface Plan {
  'Index Name'?: string
  Plans?: Plan[]
}

function indexesOf(plan: Plan): string[] {
  return [
    ...(plan['Index Name'] === undefined ? [] : [plan['Index Name']]),
    ...(plan.Plans ?? []).flatMap(indexesOf),
  ]
}

/** The percentile of some runs (nearest rank), ms. */
export function percentileOf({ ms }: Runs, percent: number): number {
  return (
    weightedPercentile(
      ms.map((one) => ({ ms: one, weight: 1 })),
      percent,
    ) ?? 0
  )
}

/**
 * What a statement takes when least disturbed, ms: the fastest run of each of its values, and the mean over the values.
 * It is what is compared while searching, on a machine that does other things as well.
 */
export function undisturbed({ ms }: Runs, { texts }: TimedStatement): number {
  const fastest = texts.flatMap((_, nth) => {
    const own = ms.filter((_ms, run) => run % texts.length === nth)
    return own.length === 0 ? [] : [Math.min(...own)]
  })
  return fastest.reduce((sum, one) => sum + one, 0) / Math.max(fastest.length, 1)
}

/**
 * Plans and times statements on a private copy as if some of its indexes were not there: they are dropped in a
 * transaction that is rolled back. So every access method can be tried, as HypoPG can only with some.
 */
export class Bench {
  readonly #session: Queryable
  readonly #clock: Clock
  readonly #timeoutMs: number

  constructor(session: Queryable, clock: Clock, timeoutMs: number) {
    this.#session = session
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  /** Runs `work` without the indexes of these names (quoted, with their schema), reading only. */
  async #without<T>(hidden: readonly string[], work: (session: Queryable) => Promise<T>): Promise<T> {
    await this.#session.query('BEGIN')
    try {
      if (hidden.length > 0) await this.#session.query(`DROP INDEX ${hidden.join(', ')}`)
      await this.#session.query(`select set_config('statement_timeout', $1, true)`, [`${this.#timeoutMs}ms`])
      await this.#session.query('SET TRANSACTION READ ONLY')
      return await work(this.#session)
    } finally {
      await this.#session.query('ROLLBACK')
    }
  }

  async #explain(session: Queryable, text: string): Promise<string[]> {
    const { rows } = await session.query({ text: `EXPLAIN (FORMAT JSON) ${text}`, queryMode: 'extended' })
    const document = rows[0]?.['QUERY PLAN']
    const parsed = (typeof document === 'string' ? JSON.parse(document) : document) as [{ Plan: Plan }]
    return indexesOf(parsed[0].Plan)
  }

  /** What the planner means to do with the statement's values: all indexes that it takes for any of them. */
  async plan({ texts }: TimedStatement, hidden: readonly string[]): Promise<Set<string>> {
    return this.#without(hidden, async (session) => {
      const indexes = new Set<string>()
      for (const text of texts) for (const name of await this.#explain(session, text)) indexes.add(name)
      return indexes
    })
  }

  /**
   * Times `runs` executions at the client, answer included, after one that warms up and is not counted. The first one that
   * is cut off ends them: it would be cut off again.
   * @throws EsaError `workload.statement-failed` (terminal) for a statement that the copy refuses.
   */
  async time(statement: TimedStatement, hidden: readonly string[], runs: number): Promise<Runs> {
    const ms: number[] = []
    for (let nth = runs > 1 ? -1 : 0; nth < runs; nth += 1) {
      const text = statement.texts[Math.max(nth, 0) % statement.texts.length]!
      const one = await this.#once(statement.id, text, hidden)
      if (one === undefined) return { ms: [...ms, this.#timeoutMs], cutOff: true }
      if (nth >= 0) ms.push(one)
    }
    return { ms, cutOff: false }
  }

  async #once(id: string, text: string, hidden: readonly string[]): Promise<number | undefined> {
    try {
      return await this.#without(hidden, async (session) => {
        // Planning reads the catalogs again after an index went: that is not the statement's own time.
        await this.#explain(session, text)
        const from = this.#clock.now()
        await session.query({ text, queryMode: 'extended' })
        return this.#clock.now() - from
      })
    } catch (cause) {
      if (sqlState(cause) === QUERY_CANCELED) return undefined
      const error = withoutValues(cause)
      const { message, kind } = postgresError(error)
      throw new EsaError('workload.statement-failed', kind, `workload statement "${id}": ${message}`, {
        cause: error,
        details: { id },
        hint: 'every statement must run on a copy of this database as it is',
      })
    }
  }
}
