import {
  quoteIdentifier,
  sqlState,
  onOneSession,
  type Queryable,
  inReadOnly,
  OWN_MARK,
} from '@esa/database-catalog/sql'
import { isTraffic } from './statement-sampling.ts'

/** A statement as the server's counters know it; times in ms, over all calls since the counters were reset. */
export interface CountedStatement {
  /** Its queryid. */
  id: string
  /** Normalised: constants are `$1`, `$2` ... */
  sql: string
  calls: number
  meanMs: number
  stddevMs: number
  totalMs: number
  rows: number
}

/** The counters, or why there are none and what to do. */
export type StatementStatistics =
  | { statements: CountedStatement[]; since: string | null; method: string }
  | { statements: null; why: string }

/** Statements that are read, those that took most time: together they are nearly all of a database's work. */
const STATEMENTS_MAX = 60

const TIMEOUT_MS = 10_000
const NOT_PRELOADED = '55000'
const PERMISSION = '42501'

const VIEW = `select ${OWN_MARK} n.nspname as schema,
  exists (select from pg_catalog.pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = n.oid and c.relname = 'pg_stat_statements_info' and a.attname = 'stats_reset') as info
  from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_stat_statements'`

async function read(session: Queryable, schema: string, info: boolean): Promise<StatementStatistics> {
  const { rows } = await session.query(
    `select ${OWN_MARK} s.queryid::text as id, min(s.query) as sql, sum(s.calls)::float8 as calls,
      sum(s.total_exec_time + s.total_plan_time)::float8 as total, max(s.stddev_exec_time)::float8 as stddev, sum(s.rows)::float8 as rows
     from ${schema}.pg_stat_statements s
     where s.dbid = (select oid from pg_database where datname = current_database()) and s.toplevel and s.queryid is not null
     group by s.queryid order by 4 desc limit ${STATEMENTS_MAX * 3}`,
  )
  const reset = info
    ? (
        await session.query(
          `select ${OWN_MARK} stats_reset::text as at from ${schema}.pg_stat_statements_info`,
        )
      ).rows[0]
    : undefined
  const counted = rows.map((row): CountedStatement => {
    const [calls, totalMs] = [Number(row['calls']), Number(row['total'])]
    const [sql, id] = [String(row['sql']), String(row['id'])]
    return {
      id,
      sql,
      calls,
      totalMs,
      meanMs: totalMs / calls,
      stddevMs: Number(row['stddev']),
      rows: Number(row['rows']),
    }
  })
  return {
    statements: counted.filter(({ sql }) => isTraffic(sql)).slice(0, STATEMENTS_MAX),
    since: typeof reset?.['at'] === 'string' ? reset['at'] : null,
    method:
      'pg_stat_statements: calls, means and standard deviations since its last reset; it keeps no percentiles',
  }
}

/**
 * The statements of this database that took most time, from pg_stat_statements, the costliest first; statements of this
 * package and transaction control are left out. @throws EsaError `database.*`.
 */
export async function readStatementStatistics(queryable: Queryable): Promise<StatementStatistics> {
  return onOneSession(queryable, async (session) => {
    const { rows } = await inReadOnly(session, TIMEOUT_MS, (tx) => tx.query(VIEW))
    const schema = rows[0]?.['schema']
    if (typeof schema !== 'string') {
      return {
        statements: null,
        why: 'pg_stat_statements is not installed: CREATE EXTENSION pg_stat_statements, or give --workload FILE',
      }
    }
    try {
      return await inReadOnly(session, TIMEOUT_MS, (tx) =>
        read(tx, quoteIdentifier(schema), rows[0]?.['info'] === true),
      )
    } catch (error) {
      const state = sqlState(error)
      if (state === NOT_PRELOADED) {
        return {
          statements: null,
          why: 'add pg_stat_statements to shared_preload_libraries and restart the server, or give --workload FILE',
        }
      }
      if (state === PERMISSION) {
        return {
          statements: null,
          why: 'this role may not read pg_stat_statements: GRANT pg_read_all_stats to it, or give --workload FILE',
        }
      }
      throw error
    }
  })
}
