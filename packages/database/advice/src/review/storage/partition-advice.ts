import { type Finding, quoteIdentifier, type Queryable, OWN_MARK } from '@esa/database-catalog/sql'
import { sqlName } from '../schema/fix-text.ts'
import type { Check } from '../schema/look.ts'
import { type Column, type Table, foreignKeysOf } from '@esa/database-catalog'
import { conversionPlan } from './partition-plan.ts'
import { readForm } from './table-form.ts'
import { inMb, type Usage, type UsageReading } from './sizes.ts'
import { type CountedStatement, rangeUses, type RangeUse } from './time-predicates.ts'

/** Smallest table that advice is given for: below, a partition would be a handful of pages. */
const ROWS_MIN = 250_000
/** Size at which a table as a whole gets unhandy: its VACUUM, its index builds and its restore take hours. */
const UNHANDY_BYTES = 10 * 1024 ** 3
/** How well the order on disk must follow the column, so that rows come in at one end. */
const APPEND_CORRELATION = 0.9
/** Share of all rows ever written that were deleted again, from which on a clean-up is assumed. */
const RETENTION_SHARE = 0.05
/** Days of data that make an interval worth having: six months, six weeks. */
const INTERVALS: [name: string, days: number, fromDays: number][] = [
  ['1 month', 30.4, 182],
  ['1 week', 7, 42],
  ['1 day', 1, 0],
]
const PARTITION_BYTES_MAX = 10 * 1024 ** 3
/** Rows looked at for the order on disk. */
const SAMPLE_ROWS = 20_000

const MOMENTS = new Set(['timestamptz', 'timestamp', 'date'])

interface Order {
  column: Column
  correlation: number
  days: number
  newest: string
}

/** Tables that are better cut by time: large, written at one end, read by range, cleared up from the other end. */
export const checkPartitioning =
  ({ usages, sinceMs }: UsageReading, workload: readonly CountedStatement[] | null): Check =>
  async ({ tables }, look) => {
    const byRelation = new Map(tables.map((table) => [table.relation, table]))
    const findings: Finding[] = []
    let statements = workload
    const candidates = usages.filter(
      ({ relation, live }) => Math.max(live, byRelation.get(relation)?.rows ?? 0) >= ROWS_MIN,
    )
    if (candidates.length > 0 && statements === null) {
      findings.push(
        ...(await look(null, async (session) => {
          statements = await countedStatements(session)
          return []
        })),
      )
    }
    const uses = await rangeUses(statements ?? [])
    for (const usage of candidates) {
      const table = byRelation.get(usage.relation)
      if (table === undefined || table.partitioned || !table.readable) continue
      const known = { usage, uses, sinceMs, hasWorkload: statements !== null && statements.length > 0 }
      findings.push(
        ...(await look(table.relation, async (session) => {
          const orders: Order[] = []
          for (const column of table.columns.filter(({ base }) => MOMENTS.has(base))) {
            const order = await orderOf(session, table, column)
            if (order !== null) orders.push(order)
          }
          return advise(session, table, orders, known, tables)
        })),
      )
    }
    return findings
  }

/** The statements the server remembers; none where it does not. */
async function countedStatements(session: Queryable): Promise<CountedStatement[]> {
  const { rows: found } = await session.query(
    `select ${OWN_MARK} format('%I', n.nspname) as schema from pg_extension e join pg_namespace n on n.oid = e.extnamespace where extname = 'pg_stat_statements'`,
  )
  if (found[0] === undefined) return []
  const { rows } = await session.query(
    `select ${OWN_MARK} query as sql, sum(calls)::float8 as calls from ${found[0]['schema'] as string}.pg_stat_statements
     where dbid = (select oid from pg_database where datname = current_database()) and query !~ 'esa:own'
     group by query order by 2 desc limit 1000`,
  )
  return rows as unknown as CountedStatement[]
}

async function orderOf(session: Queryable, table: Table, column: Column): Promise<Order | null> {
  const name = quoteIdentifier(column.name)
  const share = Math.min(100, (100 * SAMPLE_ROWS) / Math.max(table.rows ?? ROWS_MIN, 1))
  const { rows } = await session.query(
    `select ${OWN_MARK} corr((ctid::text::point)[0], extract(epoch from ${name})::float8)::float8 as correlation,
       (extract(epoch from max(${name})::timestamptz - min(${name})::timestamptz) / 86400)::float8 as days,
       max(${name})::date::text as newest, count(*) filter (where ${name} is null)::float8 as unknown
     from ${sqlName(table)} tablesample system (${share}) repeatable (1)`,
  )
  const row = rows[0] as {
    correlation: number | null
    days: number | null
    newest: string | null
    unknown: number
  }
  if (row.correlation === null || row.days === null || row.newest === null || row.unknown > 0) return null
  return { column, correlation: row.correlation, days: row.days, newest: row.newest }
}

interface Known {
  usage: Usage
  uses: readonly RangeUse[]
  sinceMs: number | null
  hasWorkload: boolean
}

async function advise(
  session: Queryable,
  table: Table,
  orders: readonly Order[],
  known: Known,
  tables: readonly Table[],
): Promise<Finding[]> {
  const { usage, sinceMs } = known
  const useOf = ({ column }: Order): RangeUse | undefined =>
    known.uses.find((use) => use.relation === table.name && use.column === column.name)
  const [best] = orders.toSorted(
    (a, b) =>
      (useOf(b)?.calls ?? 0) - (useOf(a)?.calls ?? 0) || Math.abs(b.correlation) - Math.abs(a.correlation),
  )
  if (best === undefined) return []
  const use = useOf(best)
  const rows = Math.max(usage.live, table.rows ?? 0)
  const appends = Math.abs(best.correlation) >= APPEND_CORRELATION
  const retention = (use?.deletes ?? 0) > 0 || usage.deleted >= RETENTION_SHARE * (rows + usage.deleted)
  const asked = (use?.calls ?? 0) > 0
  // Rows must come in at one end, and partitions must help: reads by range, clean-ups, or a very large table.
  if (!appends || !(asked || retention || usage.totalBytes >= UNHANDY_BYTES)) return []
  const interval = intervalFor(best.days, usage.totalBytes)
  const referencedBy = tables
    .filter((one) => foreignKeysOf(one).some(({ references }) => references === table.relation))
    .map(({ relation }) => relation)
  const form = await readForm(session, table.oid)
  const bytesPerDay = usage.totalBytes / Math.max(best.days, 1)
  const reasons = [
    `rows come in by ${best.column.name} (correlation ${best.correlation.toFixed(2)} with their place on disk)`,
    ...(asked ? [`${use!.calls} calls ask for a range of it`] : []),
    ...(usage.totalBytes >= UNHANDY_BYTES
      ? ['as a whole it is unhandy: vacuum, index builds and restores take hours']
      : []),
    ...(retention ? [`old rows are deleted (${usage.deleted} since statistics began)`] : []),
  ]
  return [
    {
      kind: 'partition',
      severity: usage.totalBytes >= UNHANDY_BYTES ? 'warning' : 'info',
      relation: table.relation,
      message: `partition by range of ${best.column.name}, ${interval} each: ${inMb(usage.totalBytes)}, ${Math.round(rows)} rows; ${reasons.join('; ')}`,
      evidence: {
        key: best.column.name,
        interval,
        rows,
        totalBytes: usage.totalBytes,
        spanDays: Math.round(best.days),
        bytesPerDay: Math.round(bytesPerDay),
        unhandyInDays: Math.max(0, Math.round((UNHANDY_BYTES - usage.totalBytes) / bytesPerDay)),
        correlation: best.correlation,
        rangeCalls: use?.calls ?? 0,
        rangeDeletes: use?.deletes ?? 0,
        workload: known.hasWorkload
          ? 'looked at'
          : 'not known: pg_stat_statements is not installed or empty; --workload FILE gives one',
        deleted: usage.deleted,
        inserted: usage.inserted,
        sinceMs,
        referencedBy,
      },
      fix: conversionPlan({ table, form, key: best.column, interval, newest: best.newest, referencedBy }),
    },
  ]
}

function intervalFor(days: number, bytes: number): string {
  const fits = INTERVALS.find(
    ([, length, from]) => days >= from && (bytes / Math.max(days, 1)) * length <= PARTITION_BYTES_MAX,
  )
  return (fits ?? INTERVALS.at(-1)!)[0]
}
