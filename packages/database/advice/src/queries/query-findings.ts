import type { SelectStmt } from '@pgsql/types'
import { type Finding, parseScript } from '@esa/database-catalog/sql'
import type { CountedQuery } from './counted-query.ts'

/** Promise of Layer 1's card for 95 of 100 executions, ms. */
const P95_MS = 100

/** Calls from which a deviation is meaningful. */
const TAIL_CALLS_MIN = 5

/** Part of all time from which one statement decides how busy the server is. */
const SHARE_MIN = 0.25

/** Calls before a pattern is one, and how many of them a minute no person makes. */
const CALLS_MIN = 500
const CALLS_PER_MINUTE_MIN = 60

/** How near the rows of one statement must be to the calls of another to be its cause. */
const PARENT_TOLERANCE = 0.2

/** Rows of one call that few programs want at once. */
const ROWS_PER_CALL_MAX = 10_000

const round = (value: number): number => Number(value.toFixed(3))

/** Text of a statement in a message; the whole is in the list. */
function short(query: string): string {
  const line = query.replaceAll(/\s+/g, ' ').trim()
  return line.length > 90 ? `${line.slice(0, 90)}…` : line
}

function evidence(query: CountedQuery): Finding['evidence'] {
  const { id, calls, totalMs, shareOfTotal, meanMs, p95ishMs, rowsPerCall, callsPerMinute } = query
  return {
    id,
    query: query.query.slice(0, 4_000),
    calls,
    totalMs: round(totalMs),
    shareOfTotal: round(shareOfTotal),
    meanMs: round(meanMs),
    p95ishMs: round(p95ishMs),
    rowsPerCall: round(rowsPerCall),
    callsPerMinute: callsPerMinute === null ? null : round(callsPerMinute),
  }
}

/** True for a SELECT from one table that selects its rows by a parameter, and does not limit itself otherwise. */
async function isLookUp(query: string): Promise<boolean> {
  try {
    const [statement] = await parseScript(query)
    const select = (statement?.node as { SelectStmt?: SelectStmt } | undefined)?.SelectStmt
    const [from, ...others] = select?.fromClause ?? []
    if (!select?.whereClause || !from || others.length > 0 || !('RangeVar' in from)) return false
    return JSON.stringify(select.whereClause).includes('"ParamRef"')
  } catch {
    return false
  }
}

/** The statement whose rows are as many as another's calls: a program that asks again for each of them. */
function parentOf(child: CountedQuery, all: readonly CountedQuery[]): CountedQuery | undefined {
  return all.find((one) => {
    const rows = one.calls * one.rowsPerCall
    return (
      one !== child &&
      one.calls * 5 <= child.calls &&
      Math.abs(rows - child.calls) <= child.calls * PARENT_TOLERANCE
    )
  })
}

async function nPlusOne(queries: readonly CountedQuery[]): Promise<Finding[]> {
  const found: Finding[] = []
  for (const query of queries) {
    const often = query.calls >= CALLS_MIN && (query.callsPerMinute ?? 0) >= CALLS_PER_MINUTE_MIN
    if (!often || query.rowsPerCall > 1.5 || !(await isLookUp(query.query))) continue
    const parent = parentOf(query, queries)
    // A look-up by key is what a busy service does; together with its parent, or with nothing but itself, it is a loop.
    if (!parent && query.shareOfTotal < SHARE_MIN) continue
    found.push({
      kind: 'n-plus-one',
      severity: parent ? 'warning' : 'info',
      message:
        `one row at a time, ${query.calls} times (${Math.round(query.callsPerMinute ?? 0)} a minute): ${short(query.query)}` +
        (parent ? `; as many as the rows of: ${short(parent.query)}` : ''),
      evidence: { ...evidence(query), parent: parent ? parent.id : null },
      fix: 'ask once for all: a join in the first statement, or WHERE key = ANY($1) with all keys',
    })
  }
  return found
}

/** What the counters of statements give away: who takes the time, whose tail is long, which run in a loop. */
export async function queryFindings(queries: readonly CountedQuery[]): Promise<Finding[]> {
  const plain = queries.flatMap((query): Finding[] => {
    const about = {
      evidence: evidence(query),
      fix: 'esa db explain it with typical values, then esa db indexes advise',
    }
    const found: Finding[] = []
    if (query.shareOfTotal >= SHARE_MIN && query.calls > 1)
      found.push({
        kind: 'top-by-total',
        severity: 'info',
        message: `${Math.round(query.shareOfTotal * 100)} % of all time: ${short(query.query)}`,
        ...about,
      })
    if (query.p95ishMs > P95_MS && query.calls >= TAIL_CALLS_MIN)
      found.push({
        kind: 'slow-tail',
        severity: 'warning',
        message: `mean ${round(query.meanMs)} ms, mean + 2 deviations ${round(query.p95ishMs)} ms: ${short(query.query)}`,
        ...about,
      })
    if (query.rowsPerCall > ROWS_PER_CALL_MAX && /^\s*(?:select|with|table)\b/i.test(query.query))
      found.push({
        kind: 'too-many-rows',
        severity: 'info',
        message: `${Math.round(query.rowsPerCall)} rows a call: ${short(query.query)}`,
        ...about,
        fix: 'ask for a page (ORDER BY a unique key, LIMIT), or aggregate on the server',
      })
    return found
  })
  return [...(await nPlusOne(queries)), ...plain]
}
