import {
  type Clock,
  systemClock,
  postgresError,
  onOneSession,
  type Queryable,
} from '@esa/database-catalog/sql'
import type { IndexAdvice } from './advice.ts'
import { assembleAdvice } from './assemble-advice.ts'
import { Bench, type TimedStatement } from './bench.ts'
import { buildAndTry } from './build-and-try.ts'
import { candidatesOf, tablesOf } from './candidates.ts'
import { timeBeforeAndAfter } from './final-timing.ts'
import { prepareStatements, type PreparedWorkload } from './prepare-statements.ts'
import { Search } from './search.ts'
import type { TableUse } from './statements/statement-shape.ts'
import { Trials } from './trials.ts'

/** How far the work has come; `done` of `total` within the phase. */
export interface AdviseProgress {
  phase: 'prepare' | 'baseline' | 'build' | 'search' | 'measure' | 'writes'
  done: number
  total: number
  what: string
}

/** What indexes are sought for, and within what. */
export interface AdviseOptions {
  /** One statement each, its parameters bound or not; what cannot be timed is skipped with the reason. */
  statements: readonly TimedStatement[]
  /** What every statement's 95th percentile should stay under, 100 ms by default: the promise of Layer 1's card. */
  goalMs?: number
  /** Bytes that all recommended indexes may take together; no limit by default. */
  budgetBytes?: number
  /** Time for all of it, 5 minutes by default; the best that was found by then is the answer. */
  maxMs?: number
  /** Where the copy is a sample: how many times more rows the target has, by `schema.table`. Sizes are scaled by it, times are not. */
  scales?: ReadonlyMap<string, number>
  onProgress?: (progress: AdviseProgress) => void
  clock?: Clock
}

const GOAL_MS = 100
const MAX_MS = 5 * 60_000

/** Cut-off of one execution: a part of the whole time, so that one hopeless statement leaves time for the others. */
const TIMEOUT_SHARE = 1 / 30
const TIMEOUT_MS_MAX = 10_000

/** Parts of the time after which no new candidate is built, no new trial begins, and no statement is timed again. */
const BUILD_SHARE = 0.6
const SEARCH_SHARE = 0.75
const MEASURE_SHARE = 0.95

function tablesByStatement(uses: readonly TableUse[]): Map<string, Set<string>> {
  const tables = new Map<string, Set<string>>()
  for (const { statement, table } of uses) {
    tables.set(statement, (tables.get(statement) ?? new Set()).add(`${table.schema}.${table.name}`))
  }
  return tables
}

/** A statement as the search tries it: with its own values and with others. */
function withVariants({ variants = [], ...statement }: TimedStatement): TimedStatement {
  return { ...statement, texts: [...statement.texts, ...variants] }
}

/** Times every statement as it is; one that the copy refuses is skipped with the reason. */
async function measureBaselines(
  { statements, skipped }: PreparedWorkload,
  trials: Trials,
  tell: (done: number, total: number, what: string) => void,
): Promise<TimedStatement[]> {
  const running: TimedStatement[] = []
  for (const [nth, statement] of statements.entries()) {
    tell(nth, statements.length, statement.id)
    try {
      await trials.measureBaseline(statement)
      running.push(statement)
    } catch (error) {
      const { code, message } = postgresError(error)
      if (code === 'database.unreachable') throw error
      skipped.push({ id: statement.id, sql: statement.texts[0]!, why: message })
    }
  }
  return running
}

/**
 * Finds the indexes that bring a workload under a goal, on a private copy of its database where anything may be built:
 * candidates come from the statements and the catalogs, are built for real, tried, and chosen by time saved per byte.
 * What is recommended was measured. The copy is left with what is recommended and nothing else that was tried.
 * @throws EsaError `database.*`.
 */
export async function adviseIndexes(copy: Queryable, options: AdviseOptions): Promise<IndexAdvice> {
  const { goalMs = GOAL_MS, budgetBytes = Infinity, maxMs = MAX_MS, clock = systemClock } = options
  const began = clock.now()
  const at = (share: number): number => began + maxMs * share
  const tell = (phase: AdviseProgress['phase'], done: number, total: number, what: string): void =>
    options.onProgress?.({ phase, done, total, what })
  return onOneSession(copy, async (session) => {
    tell('prepare', 0, 1, 'statistics')
    const prepared = await prepareStatements(session, options.statements)
    const timeoutMs = Math.min(TIMEOUT_MS_MAX, Math.max(1, Math.floor(maxMs * TIMEOUT_SHARE)))
    const bench = new Bench(session, clock, timeoutMs)
    const sought = { ...prepared, statements: prepared.statements.map(withVariants) }
    const trials = new Trials(bench, sought.statements, tablesByStatement(prepared.uses))
    const statements = await measureBaselines(sought, trials, (...how) => tell('baseline', ...how))
    const ids = new Set(statements.map(({ id }) => id))
    const uses = prepared.uses.filter(({ statement }) => ids.has(statement))
    const timeIsUp = (): boolean => clock.now() > at(SEARCH_SHARE)
    const search = new Search(trials, statements, { goalMs, budgetBytes, timeIsUp })
    const refused = await buildAndTry(
      {
        session,
        clock,
        trials,
        search,
        candidates: candidatesOf(uses),
        statements,
        scales: options.scales ?? new Map(),
      },
      { goalMs, budgetBytes, until: at(BUILD_SHARE), tell: (...how) => tell('build', ...how) },
    )
    tell('search', 0, 1, `${trials.built.length} candidates`)
    await search.run()
    const reported = prepared.statements.filter(({ id }) => ids.has(id))
    const pairs = await timeBeforeAndAfter(
      bench,
      reported,
      { without: trials.hidden([]), withChosen: trials.hidden(search.chosen) },
      { clock, until: at(MEASURE_SHARE), onRound: (...how) => tell('measure', ...how, 'before and after') },
    )
    const advice = await assembleAdvice(
      {
        session,
        clock,
        trials,
        search,
        statements: reported,
        tables: tablesOf(uses),
        pairs,
        refused,
        prepared,
        timeoutMs,
      },
      { goalMs, budgetBytes, began, until: at(1), tell: (...how) => tell('writes', ...how) },
    )
    const rest = trials.hidden(search.chosen)
    if (rest.length > 0) await session.query(`DROP INDEX ${rest.join(', ')}`)
    return advice
  })
}
