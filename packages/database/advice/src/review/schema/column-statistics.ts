import { cut } from '@esa/protocol'
import { quoteRelation, postgresError, type Queryable, inReadOnly, OWN_MARK } from '@esa/database-catalog/sql'
import { textOf } from './column-text.ts'
import type { Table } from '@esa/database-catalog'

/** What is known of a column's values. */
export interface ColumnStatistics {
  /** Share of NULLs, 0 to 1. */
  nulls: number
  /** Different values, estimated. */
  distinct: number
  /** Some of its values, the most common first, cut to 200 characters. */
  values: string[]
  /** How the rows' order on disk follows the values, -1 to 1; null where unknown. */
  correlation: number | null
  /** Bytes of a value, on average; null where unknown. */
  width: number | null
  /** `pg_stats`: of the last ANALYZE. `sample`: of the first rows, read for this. */
  source: 'pg_stats' | 'sample'
  /** Rows of the table then. */
  rows: number
}

/** Statistics by relation, then column; a table that is empty, or may not be read, has none. */
export type Statistics = ReadonlyMap<string, ReadonlyMap<string, ColumnStatistics>>

/** Values kept of a column: enough to see a pattern. */
const VALUES_MAX = 30
/** Rows read of a table that was never analysed. */
const SAMPLE_ROWS = 2_000
/** Tables without statistics that are read: a thousand of them are a thousand queries. */
const SAMPLE_TABLES_MAX = 1_500
/** Columns of one sampling query: PostgreSQL allows 1,664 columns in a list, and each takes three. */
const SAMPLE_COLUMNS_MAX = 400

// Of a partitioned table the statistics over all its parts count, of a plain one its own.
const PG_STATS = `select ${OWN_MARK} s.schemaname || '.' || s.tablename as relation, s.attname as column,
    greatest(c.reltuples, 0)::float8 as rows, s.null_frac::float8 as nulls, s.n_distinct::float8 as distinct,
    s.correlation::float8 as correlation, s.avg_width::float8 as width,
    (s.most_common_vals::text::text[])[1:${VALUES_MAX}] || (s.histogram_bounds::text::text[])[1:${VALUES_MAX}] as values
  from pg_stats s join pg_namespace n on n.nspname = s.schemaname
  join pg_class c on c.relnamespace = n.oid and c.relname = s.tablename and c.relkind in ('r', 'p')
  where s.schemaname !~ '^pg_' and s.schemaname <> 'information_schema' and s.inherited = (c.relkind = 'p')`

/**
 * The statistics of every column: those of the last ANALYZE, and where there was none, of the first rows.
 * A table that cannot be read is left out. @throws EsaError `database.*` when nothing can be read at all.
 */
export async function readStatistics(
  queryable: Queryable,
  tables: readonly Table[],
  timeoutMs: number,
): Promise<Statistics> {
  const { rows } = await inReadOnly(queryable, timeoutMs * 2, (session) => session.query(PG_STATS))
  const statistics = new Map<string, Map<string, ColumnStatistics>>()
  for (const row of rows) {
    const relation = row['relation'] as string
    const columns = statistics.get(relation) ?? new Map<string, ColumnStatistics>()
    columns.set(row['column'] as string, fromPgStats(row))
    statistics.set(relation, columns)
  }
  const unknown = tables.filter(
    ({ readable, partition, relation }) => readable && !partition && !statistics.has(relation),
  )
  for (const table of unknown.slice(0, SAMPLE_TABLES_MAX)) {
    const sampled = await sampleTable(queryable, table, timeoutMs)
    if (sampled !== null) statistics.set(table.relation, sampled)
  }
  return statistics
}

function fromPgStats(row: Record<string, unknown>): ColumnStatistics {
  const [distinct, rows] = [row['distinct'] as number, row['rows'] as number]
  return {
    nulls: row['nulls'] as number,
    // A negative figure is a share of the rows.
    distinct: distinct < 0 ? Math.round(-distinct * rows) : distinct,
    values: ((row['values'] as string[] | null) ?? []).map((value) => cut(value, 200)),
    correlation: row['correlation'] as number | null,
    width: row['width'] as number,
    source: 'pg_stats',
    rows,
  }
}

async function sampleTable(
  queryable: Queryable,
  table: Table,
  timeoutMs: number,
): Promise<Map<string, ColumnStatistics> | null> {
  const columns = table.columns.slice(0, SAMPLE_COLUMNS_MAX)
  if (columns.length === 0) return null
  const asked = columns.map((column, at) => {
    const text = `left(${textOf(column)}, 200)`
    return `count(${text})::float8 as n${at}, count(distinct ${text})::float8 as d${at},
      (array_agg(distinct ${text}) filter (where ${text} is not null))[1:${VALUES_MAX}] as v${at}`
  })
  try {
    const { rows } = await inReadOnly(queryable, timeoutMs, (session) =>
      session.query(
        `select ${OWN_MARK} count(*)::float8 as n, ${asked.join(', ')}
         from (select * from ${quoteRelation(table.schema, table.name)} limit ${SAMPLE_ROWS}) t`,
      ),
    )
    const row = rows[0]!
    const total = row['n'] as number
    if (total === 0) return null
    return new Map(
      columns.map(({ name }, at) => [
        name,
        {
          nulls: 1 - (row[`n${at}`] as number) / total,
          distinct: row[`d${at}`] as number,
          values: (row[`v${at}`] as string[] | null) ?? [],
          correlation: null,
          width: null,
          source: 'sample' as const,
          rows: total,
        },
      ]),
    )
  } catch (error) {
    // A table that cannot be sampled is judged by its definition alone; a server that is away is an error of the call.
    if (postgresError(error).code === 'database.unreachable') throw error
    return null
  }
}
