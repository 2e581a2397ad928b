import { type Clock, systemClock, type Finding, type Queryable } from '@esa/database-catalog/sql'
import { sampleActivity } from '../measure/workload-activity.ts'
import { type CountedStatement, readStatementStatistics } from '../measure/workload-statistics.ts'
import type { CountedQuery } from './counted-query.ts'
import { queryFindings } from './query-findings.ts'

/** A statement that was only seen: how many looks met it running. */
interface SeenQuery {
  query: string
  seen: number
}

/** The statements of a database by what they cost. */
export interface TopQueries {
  findings: Finding[]
  /** By total time, then those with the longest tail that are not among them. */
  queries: (CountedQuery | SeenQuery)[]
  /** How the figures came to be. */
  method: string
}

/** Statements that are listed of each ranking: a person reads no more. */
const LISTED = 10

/** Shortest time over which calls are spread, minutes: of a minute that has just begun nothing can be said. */
const MINUTES_MIN = 1

const PRELOAD = `shared_preload_libraries = 'pg_stat_statements', restart the server, CREATE EXTENSION pg_stat_statements`

function counted(statements: readonly CountedStatement[], minutes: number | null): CountedQuery[] {
  const allMs = statements.reduce((sum, { totalMs }) => sum + totalMs, 0)
  return statements.map(({ id, sql, calls, totalMs, meanMs, stddevMs, rows }) => ({
    id,
    query: sql,
    calls,
    totalMs,
    shareOfTotal: allMs > 0 ? totalMs / allMs : 0,
    meanMs,
    p95ishMs: meanMs + 2 * stddevMs,
    rowsPerCall: calls > 0 ? rows / calls : 0,
    callsPerMinute: minutes === null ? null : calls / Math.max(minutes, MINUTES_MIN),
  }))
}

function listed(queries: CountedQuery[]): CountedQuery[] {
  const byTotal = queries.toSorted((a, b) => b.totalMs - a.totalMs).slice(0, LISTED)
  const byTail = queries.toSorted((a, b) => b.p95ishMs - a.p95ishMs).slice(0, LISTED)
  return [...new Set([...byTotal, ...byTail])]
}

/**
 * The statements of a database that take its time, and those with the longest tail, from pg_stat_statements; where that
 * is missing, what was seen running during `windowMs`, with a finding that says why and what to do.
 * @throws EsaError `database.*`.
 */
export async function topQueries(
  queryable: Queryable,
  windowMs: number,
  clock: Clock = systemClock,
): Promise<TopQueries> {
  const statistics = await readStatementStatistics(queryable)
  if (statistics.statements !== null) {
    const since = statistics.since === null ? Number.NaN : Date.parse(statistics.since)
    const minutes = Number.isNaN(since) ? null : (clock.now() - since) / 60_000
    const queries = counted(statistics.statements, minutes)
    const over = minutes === null ? '' : `; counted for ${minutes.toFixed(1)} minutes`
    return {
      findings: await queryFindings(queries),
      queries: listed(queries),
      method: `${statistics.method}; p95-ish is the mean and two standard deviations${over}`,
    }
  }
  const seen = await sampleActivity(queryable, windowMs, clock)
  const missing: Finding = {
    kind: 'not-measurable',
    severity: 'info',
    message: `calls and times are not measurable: ${statistics.why.replace(/, or give --workload FILE$/, '')}`,
    evidence: { sampledMs: windowMs, statementsSeen: seen.length },
    fix: PRELOAD,
  }
  return {
    findings: [missing],
    queries: seen.slice(0, LISTED).map(({ texts, seen: looks }) => ({ query: texts[0] ?? '', seen: looks })),
    method: `pg_stat_activity looked at for ${Math.round(windowMs)} ms: what was running, not how long it took`,
  }
}
