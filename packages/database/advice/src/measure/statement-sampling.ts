import {
  type Clock,
  sqlState,
  onOneSession,
  type Queryable,
  inReadOnly,
  OWN_MARK,
  quoteIdentifier,
  tokenize,
} from '@esa/database-catalog/sql'
import type { Finding } from './metric-reading.ts'
import { responseTime, type StatementSample } from './response-time.ts'

/** Time between two polls: short, so that most changes are one call and its exact duration. */
const POLL_MS = 200

/** Cut-off of one poll: a server that cannot answer it in this time is not measured by it. */
const POLL_TIMEOUT_MS = 5_000

/** Statements that answer a client: transaction control and SET would only dilute the percentile. */
const ANSWERING = new Set(['select', 'with', 'values', 'table', 'insert', 'update', 'delete', 'merge'])

const NOT_PRELOADED = '55000'

/** A statement's counters since the server began to count. */
export interface StatementCounter {
  key: string
  calls: number
  totalMs: number
}

/** What happened between two polls: `n` calls of one statement, `ms` their mean (exact when n is 1). */
export interface StatementDelta {
  key: string
  n: number
  ms: number
}

/** Differences of two polls. A counter that fell was reset in between: what it shows now happened since. */
export function counterDeltas(
  before: ReadonlyMap<string, StatementCounter>,
  after: readonly StatementCounter[],
): StatementDelta[] {
  return after.flatMap(({ key, calls, totalMs }) => {
    const known = before.get(key)
    const base = known && known.calls <= calls ? known : { calls: 0, totalMs: 0 }
    const n = calls - base.calls
    return n > 0 ? [{ key, n, ms: Math.max(0, totalMs - base.totalMs) / n }] : []
  })
}

/** True for the traffic of others that answers a client: not our own statements, not transaction control. */
export function isTraffic(sql: string): boolean {
  if (sql.includes(OWN_MARK)) return false
  try {
    const first = tokenize(sql).find((token) => token.kind !== 'comment' && token.text !== '(')
    return first !== undefined && ANSWERING.has(first.text.toLowerCase())
  } catch {
    // The server cuts very long texts, perhaps inside a quote: their first word would have shown it.
    return ANSWERING.has(/^[\s(]*([a-z]+)/i.exec(sql)?.[1]?.toLowerCase() ?? '')
  }
}

const KEY = `s.userid || ':' || s.queryid || ':' || s.toplevel`
const HERE = `s.dbid = (select oid from pg_database where datname = current_database())`

async function view(session: Queryable): Promise<string | undefined> {
  const { rows } = await session.query(
    `select ${OWN_MARK} n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace ` +
      `where e.extname = 'pg_stat_statements'`,
  )
  const schema = rows[0]?.['nspname']
  return typeof schema === 'string' ? `${quoteIdentifier(schema)}.pg_stat_statements` : undefined
}

async function poll(session: Queryable, relation: string): Promise<StatementCounter[]> {
  // Without the texts: reading them all from their file at every poll would be the heaviest query of a small server.
  const { rows } = await session.query(
    `select ${OWN_MARK} ${KEY} as key, s.calls, s.total_plan_time + s.total_exec_time as ms ` +
      `from ${relation}(false) s where ${HERE} and s.toplevel and s.queryid is not null`,
  )
  return rows.map((row) => ({
    key: String(row['key']),
    calls: Number(row['calls']),
    totalMs: Number(row['ms']),
  }))
}

async function texts(session: Queryable, relation: string, keys: string[]): Promise<Map<string, string>> {
  const { rows } = await session.query(
    `select ${OWN_MARK} ${KEY} as key, s.query from ${relation} s where ${HERE} and ${KEY} = any($1)`,
    [keys],
  )
  return new Map(rows.map((row) => [String(row['key']), String(row['query'])]))
}

const METHOD = 'pg_stat_statements'
const ADVICE = 'or give a workload to run (--workload FILE)'

async function collect(
  session: Queryable,
  relation: string,
  windowMs: number,
  clock: Clock,
): Promise<StatementDelta[]> {
  const read = (): Promise<StatementCounter[]> =>
    inReadOnly(session, POLL_TIMEOUT_MS, (tx) => poll(tx, relation))
  const deltas: StatementDelta[] = []
  let before = new Map((await read()).map((counter) => [counter.key, counter]))
  const until = clock.now() + windowMs
  while (clock.now() < until) {
    await clock.pause(Math.min(POLL_MS, until - clock.now()))
    const after = await read()
    deltas.push(...counterDeltas(before, after))
    before = new Map(after.map((counter) => [counter.key, counter]))
  }
  return deltas
}

/**
 * Response times of the traffic of others on this database during `windowMs`, from counters that are polled: a single
 * call between two polls gives its exact duration, several give their mean, and `method` says how many of each.
 * Null with the reason when the extension is absent or nothing ran.
 */
export async function sampleStatements(
  queryable: Queryable,
  windowMs: number,
  percentile: number,
  clock: Clock,
): Promise<Finding> {
  const unable = (why: string): Finding => ({ value: null, why: `not measurable: ${why}`, method: METHOD })
  return onOneSession(queryable, async (session) => {
    const relation = await inReadOnly(session, POLL_TIMEOUT_MS, view)
    if (relation === undefined) {
      return unable(`pg_stat_statements is not installed; run CREATE EXTENSION pg_stat_statements, ${ADVICE}`)
    }
    const from = clock.now()
    const deltas = await collect(session, relation, windowMs, clock).catch((error: unknown) => {
      if (sqlState(error) === NOT_PRELOADED) return undefined
      throw error
    })
    if (!deltas) {
      return unable(`add pg_stat_statements to shared_preload_libraries and restart the server, ${ADVICE}`)
    }
    const known = await inReadOnly(session, POLL_TIMEOUT_MS, (tx) =>
      texts(
        tx,
        relation,
        deltas.map((d) => d.key),
      ),
    )
    const traffic = deltas.filter(({ key }) => isTraffic(known.get(key) ?? ''))
    if (traffic.length === 0) {
      const visible = 'statements of other roles are visible only with pg_read_all_stats'
      return unable(
        `no statement ended within ${Math.round(windowMs)} ms (${visible}); measure under load, ${ADVICE}`,
      )
    }
    const samples = traffic.map(({ key, n, ms }): StatementSample => ({
      id: key.split(':')[1] ?? key,
      ms,
      weight: n,
    }))
    const count = traffic.reduce((sum, delta) => sum + delta.n, 0)
    const exact = traffic.filter((delta) => delta.n === 1).length
    const method =
      `pg_stat_statements polled every ${POLL_MS} ms: ${exact} exact durations, ${count - exact} as the mean of the ` +
      `calls between two polls; time on the server, without network; p${percentile} (nearest rank)`
    return responseTime(samples, { percentile, count, window: clock.now() - from, method })
  })
}
