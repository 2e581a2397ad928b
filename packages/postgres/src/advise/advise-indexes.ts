import { type Clock, systemClock } from '../clock.ts'
import { postgresError } from '../postgres-error.ts'
import { onOneSession, type Queryable } from '../queryable.ts'
import type { IndexAdvice, Refusal } from './advice.ts'
import { assembleAdvice } from './assemble-advice.ts'
import { Bench, type TimedStatement } from './bench.ts'
import { buildAndTry } from './build-and-try.ts'
import { candidatesOf, tablesOf } from './candidates.ts'
import { timeBeforeAndAfter } from './final-timing.ts'
import { prepareStatements } from './prepare-statements.ts'
import { Search } from './search.ts'
import type { TableUse } from './statement-shape.ts'
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
  /** What every statement's 95th percentile should stay under, 100 ms unless told: the promise of Layer 1's card. */
  goalMs?: number
  /** Bytes that all recommended indexes may take together; no limit unless told. */
  budgetBytes?: number
  /** Time for all of it, 5 minutes unless told; the best that was found by then is the answer. */
  maxMs?: number
  onProgress?: (progress: AdviseProgress) => void
  clock?: Clock
}

const GOAL_MS = 100
const MAX_MS = 5 * 60_000

/** Cut-off of one execution: a part of the whole time, so that one hopeless statement leaves time for the others. */
const TIMEOUT_SHARE = 1 / 30
const TIMEOUT_MS_MAX = 10_000

/** Parts of the time after which no new candidate is built, and no new trial begins: the rest is for the last measurement. */
const BUILD_SHARE = 0.6
const SEARCH_SHARE = 0.75

function tablesByStatement(uses: readonly TableUse[]): Map<string, Set<string>> {
  const tables = new Map<string, Set<string>>()
  for (const { statement, table } of uses) {
    tables.set(statement, (tables.get(statement) ?? new Set()).add(`${table.schema}.${table.name}`))
  }
  return tables
}

/**
 * Finds the indexes that bring a workload under a goal, on a private copy of its database where anything may be built:
 * candidates come from the statements and the catalogs, are built for real, tried, and chosen by time saved per byte.
 * What is recommended was measured. The copy is left with what was built; the caller drops it.
 * @throws EsaError `database.*`.
 */
export async function adviseIndexes(copy: Queryable, options: AdviseOptions): Promise<IndexAdvice> {
  const { goalMs = GOAL_MS, budgetBytes = Infinity, maxMs = MAX_MS, clock = systemClock } = options
  const began = clock.now()
  const tell = (phase: AdviseProgress['phase'], done: number, total: number, what: string): void =>
    options.onProgress?.({ phase, done, total, what })
  return onOneSession(copy, async (session) => {
    tell('prepare', 0, 1, 'statistics')
    const { statements, uses, skipped, notes } = await prepareStatements(session, options.statements)
    const timeoutMs = Math.min(TIMEOUT_MS_MAX, Math.max(1, Math.floor(maxMs * TIMEOUT_SHARE)))
    const bench = new Bench(session, clock, timeoutMs)
    const trials = new Trials(bench, statements, tablesByStatement(uses))
    const running: TimedStatement[] = []
    for (const [nth, statement] of statements.entries()) {
      tell('baseline', nth, statements.length, statement.id)
      await trials.measureBaseline(statement).then(
        () => running.push(statement),
        (error: unknown) => void skipped.push({ id: statement.id, why: postgresError(error).message }),
      )
    }
    const limits = { goalMs, budgetBytes, timeIsUp: () => clock.now() - began > maxMs * SEARCH_SHARE }
    const ids = new Set(running.map(({ id }) => id))
    const search = new Search(trials, running, limits)
    const candidates = candidatesOf(uses.filter(({ statement }) => ids.has(statement)))
    const refused: Refusal[] = await buildAndTry(
      { session, clock, trials, search, candidates, statements: running },
      { goalMs, budgetBytes, until: began + maxMs * BUILD_SHARE, tell: (...at) => tell('build', ...at) },
    )
    tell('search', 0, 1, `${trials.built.length} candidates`)
    await search.run()
    const without = trials.hidden([])
    const withChosen = trials.hidden(search.chosen)
    const pairs = await timeBeforeAndAfter(
      bench,
      running,
      { without, withChosen },
      {
        clock,
        until: began + maxMs * 0.95,
        onRound: (done, total) => tell('measure', done, total, 'before and after'),
      },
    )
    return assembleAdvice(
      {
        session,
        clock,
        trials,
        search,
        statements: running,
        tables: tablesOf(uses),
        pairs,
        refused,
        skipped,
        notes,
        timeoutMs,
      },
      {
        goalMs,
        budgetBytes,
        began,
        until: began + maxMs,
        tell: (done, total, what) => tell('writes', done, total, what),
      },
    )
  })
}
