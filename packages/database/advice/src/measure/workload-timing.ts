import { EsaError, formatDuration } from '@esa/protocol'
import { type Clock, sqlState, type Queryable, onTargetPath } from '@esa/database-catalog/sql'
import {
  type Reading,
  readStatement,
  inJudged,
  type JudgingOptions,
  WAITING,
} from '@esa/database-catalog/guard'
import type { Finding } from './metric-reading.ts'
import { responseTime, type StatementSample } from './response-time.ts'
import type { WorkloadStatement } from './workload.ts'

/** How a workload is run. */
export interface WorkloadRun {
  statements: readonly WorkloadStatement[]
  /** How the database lets them be read. */
  terms: JudgingOptions['terms']
  /** Executions of each statement, 20 by default: with fewer a 95th percentile is the maximum. */
  runs?: number
  /** Cut-off of one execution, 10 s by default. */
  timeoutMs?: number
  /** No new round begins after so long, 30 s by default; the first round is always finished. */
  budgetMs?: number
}

const RUNS = 20
const TIMEOUT_MS = 10_000
const BUDGET_MS = 30_000
const QUERY_CANCELED = '57014'

type Judged = WorkloadStatement & { reading: Reading }

/**
 * Milliseconds of one execution of each statement as a client sees it, planning and answer included; undefined for one that
 * was cut off. What is run is what was judged in the same transaction.
 */
async function runRound(
  queryable: Queryable,
  statements: readonly Judged[],
  options: JudgingOptions,
  clock: Clock,
): Promise<{ id: string; weight: number; ms: number | undefined }[]> {
  return inJudged(queryable, options, async (transaction) => {
    const ran: { id: string; weight: number; ms: number | undefined }[] = []
    for (const { id, weight, reading } of statements) {
      await transaction.query('savepoint esa_run')
      try {
        const text = await transaction.judge(reading)
        const ms = await onTargetPath(transaction, async () => {
          const from = clock.now()
          await transaction.query({ text, queryMode: 'extended' })
          return clock.now() - from
        })
        ran.push({ id, weight, ms })
        await transaction.query('release savepoint esa_run')
      } catch (error) {
        if (sqlState(error) !== QUERY_CANCELED) throw statementFailed(id, error)
        ran.push({ id, weight, ms: undefined })
        await transaction.query('rollback to savepoint esa_run')
      }
    }
    return ran
  })
}

/** Nothing is run where one of them would be refused. */
async function judgeAll(
  queryable: Queryable,
  statements: readonly Judged[],
  options: JudgingOptions,
): Promise<void> {
  await inJudged(queryable, options, async (transaction) => {
    for (const { id, reading } of statements) {
      await transaction.judge(reading).catch((error: unknown) => {
        throw statementFailed(id, error)
      })
    }
  })
}

/** A server that does not show what a statement would call refuses every statement: that is not a fault of this one. */
function statementFailed(id: string, error: unknown): EsaError {
  if (error instanceof EsaError && error.code === 'sql.tree-unseen') return error
  const cause = error instanceof Error ? error.message : String(error)
  const kind = error instanceof EsaError ? error.kind : 'terminal'
  return new EsaError('workload.statement-failed', kind, `workload statement "${id}": ${cause}`, {
    cause: error,
    details: { id },
    hint: 'every statement must run on this database as it is, without parameters',
  })
}

/**
 * Runs every statement of a workload several times, in turn so that none has the cache to itself, each round in a
 * read-only transaction, and gives the percentile of the times measured at the client. A statement that was cut off
 * counts as long as the cut-off and is not run again.
 * @throws EsaError `sql.not-a-read` or `workload.statement-failed`, before anything else is measured.
 */
export async function timeWorkload(
  queryable: Queryable,
  workload: WorkloadRun,
  percentile: number,
  clock: Clock,
): Promise<Finding> {
  const { runs = RUNS, timeoutMs = TIMEOUT_MS, budgetMs = BUDGET_MS, terms } = workload
  const statements = await Promise.all(
    workload.statements.map(async (entry) => ({ ...entry, reading: await readStatement(entry.sql) })),
  )
  const [samples, cutOff] = [[] as StatementSample[], new Set<string>()]
  const from = clock.now()
  let rounds = 0
  const options = { timeoutMs, terms, allowed: WAITING }
  await judgeAll(queryable, statements, options)
  for (; rounds < runs && (rounds === 0 || clock.now() - from < budgetMs); rounds += 1) {
    const left = statements.filter(({ id }) => !cutOff.has(id))
    for (const { id, weight, ms } of await runRound(queryable, left, options, clock)) {
      if (ms === undefined) cutOff.add(id)
      samples.push({ id, ms: ms ?? timeoutMs, weight })
    }
  }
  // The weight belongs to the statement: spread over its runs, so that one cut off after one run keeps all of it.
  const runsOf = Map.groupBy(samples, (sample) => sample.id)
  const weighted = samples.map((sample) => ({
    ...sample,
    weight: sample.weight / (runsOf.get(sample.id)?.length ?? 1),
  }))
  const late =
    cutOff.size === 0
      ? ''
      : `; cut off and counted as ${formatDuration(timeoutMs)}: ${[...cutOff].join(', ')}`
  const method =
    `workload: ${statements.length} statements run ${rounds} times each in read-only transactions, ` +
    `timed at the client, p${percentile} by weight (nearest rank)${late}`
  return responseTime(weighted, { percentile, count: samples.length, window: clock.now() - from, method })
}
