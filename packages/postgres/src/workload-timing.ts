import { EsaError, formatDuration } from '@esa/protocol'
import type { Clock } from './clock.ts'
import { readStatement } from './guard/read-statement.ts'
import { requireHarmless, WAITING } from './guard/require-harmless.ts'
import type { Finding } from './metric-reading.ts'
import { sqlState } from './postgres-error.ts'
import { onOneSession, type Queryable } from './queryable.ts'
import { inReadOnly } from './read-only.ts'
import { responseTime, type StatementSample } from './response-time.ts'
import type { WorkloadStatement } from './workload.ts'

/** How a workload is run. */
export interface WorkloadRun {
  statements: readonly WorkloadStatement[]
  /** Executions of each statement, 20 unless told: with fewer a 95th percentile is the maximum. */
  runs?: number
  /** Cut-off of one execution, 10 s unless told. */
  timeoutMs?: number
  /** No new round begins after so long, 30 s unless told; the first round is always finished. */
  budgetMs?: number
}

const RUNS = 20
const TIMEOUT_MS = 10_000
const BUDGET_MS = 30_000
const QUERY_CANCELED = '57014'

/** Milliseconds of one execution as a client sees it, answer included; undefined when it was cut off. */
async function runOnce(
  session: Queryable,
  text: string,
  timeoutMs: number,
  clock: Clock,
): Promise<number | undefined> {
  return inReadOnly(session, timeoutMs, async (transaction) => {
    const from = clock.now()
    try {
      await transaction.query({ text, queryMode: 'extended' })
      return clock.now() - from
    } catch (error) {
      if (sqlState(error) === QUERY_CANCELED) return undefined
      throw error
    }
  })
}

function statementFailed(id: string, error: unknown): EsaError {
  const cause = error instanceof Error ? error.message : String(error)
  const kind = error instanceof EsaError ? error.kind : 'terminal'
  return new EsaError('workload.statement-failed', kind, `workload statement "${id}": ${cause}`, {
    cause: error,
    details: { id },
    hint: 'every statement must run on this database as it stands, without parameters',
  })
}

/**
 * Runs every statement of a workload several times, in turn so that none has the cache to itself, each in its own
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
  const { runs = RUNS, timeoutMs = TIMEOUT_MS, budgetMs = BUDGET_MS } = workload
  const statements = await Promise.all(
    workload.statements.map(async (entry) => ({ ...entry, reading: await readStatement(entry.sql) })),
  )
  const [samples, cutOff] = [[] as StatementSample[], new Set<string>()]
  const from = clock.now()
  let rounds = 0
  await onOneSession(queryable, async (session) => {
    for (const { id, reading } of statements) {
      const judge = inReadOnly(session, timeoutMs, (tx) => requireHarmless(tx, reading, WAITING))
      await judge.catch((error: unknown) => {
        throw statementFailed(id, error)
      })
    }
    for (; rounds < runs && (rounds === 0 || clock.now() - from < budgetMs); rounds += 1) {
      for (const { id, weight, reading } of statements) {
        if (cutOff.has(id)) continue
        const ms = await runOnce(session, reading.text, timeoutMs, clock).catch((error: unknown) => {
          throw statementFailed(id, error)
        })
        if (ms === undefined) cutOff.add(id)
        samples.push({ id, ms: ms ?? timeoutMs, weight })
      }
    }
  })
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
