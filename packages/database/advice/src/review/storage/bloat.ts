import { type Finding, OWN_MARK } from '@esa/database-catalog/sql'
import { sqlName } from '../schema/fix-text.ts'
import type { Check, Seen } from '../schema/look.ts'
import type { Table } from '@esa/database-catalog'
import { inMb, type Usage, type UsageReading } from './sizes.ts'

/** Smallest table and share of it that are worth getting back. */
const BYTES_MIN = 4 * 1024 * 1024
const WASTED_MIN = 0.3
/** Tables that are measured in one look: each is read, though not as a whole. */
const MEASURED_MAX = 50

/** Bytes of a row beside its values: line pointer and header with its null bitmap, aligned. */
const ROW_OVERHEAD = 28
const PAGE_BYTES = 8_192
const PAGE_OVERHEAD = 24

/** Space that tables keep and do not use: measured by pgstattuple where it is installed, else an estimate that says so. */
export const checkBloat =
  ({ usages }: UsageReading): Check =>
  async (seen, look) => {
    const byRelation = new Map(seen.tables.map((table) => [table.relation, table]))
    const large = usages
      .filter(
        ({ heapBytes, relation }) =>
          heapBytes >= BYTES_MIN && byRelation.get(relation)?.partitioned === false,
      )
      .slice(0, MEASURED_MAX)
    if (large.length === 0) return []
    let installed: string | null = null
    const failed = await look(null, async (session) => {
      const { rows } = await session.query(
        `select ${OWN_MARK} format('%I', n.nspname) as schema from pg_extension e join pg_namespace n on n.oid = e.extnamespace
         join pg_proc p on p.pronamespace = n.oid and p.proname = 'pgstattuple_approx'
         where e.extname = 'pgstattuple' and has_function_privilege(p.oid, 'execute')`,
      )
      installed = (rows[0]?.['schema'] as string | undefined) ?? null
      return []
    })
    const findings: Finding[] = [...failed]
    for (const usage of large) {
      const table = byRelation.get(usage.relation)!
      if (installed === null) findings.push(...estimate(table, usage, seen))
      else {
        findings.push(
          ...(await look(table.relation, async (session) => {
            const { rows } = await session.query(
              `select ${OWN_MARK} table_len::float8 as bytes, (approx_free_space + dead_tuple_len)::float8 as wasted from ${installed!}.pgstattuple_approx($1::oid::regclass)`,
              [String(table.oid)],
            )
            const { bytes, wasted } = rows[0] as { bytes: number; wasted: number }
            return bloated(table, bytes, wasted, 'measured by pgstattuple_approx', false)
          })),
        )
      }
    }
    return findings
  }

/** Pages that the live rows would fill at their average width, against those that are there. */
function estimate(table: Table, { heapBytes, live }: Usage, { statistics }: Seen): Finding[] {
  const columns = statistics.get(table.relation)
  const widths = [...(columns?.values() ?? [])].map(({ width, nulls }) =>
    width === null ? null : width * (1 - nulls),
  )
  if (widths.length === 0 || widths.includes(null)) return []
  // Values are aligned to 4 or 8 bytes: half of the widest gap for each column is the usual loss.
  const row = ROW_OVERHEAD + widths.reduce<number>((sum, width) => sum + width! + 2, 0)
  const perPage = Math.max(1, Math.floor((PAGE_BYTES - PAGE_OVERHEAD) / row))
  const needed = Math.ceil(live / perPage) * PAGE_BYTES
  return bloated(
    table,
    heapBytes,
    Math.max(0, heapBytes - needed),
    'estimated from pg_stats: row widths and live rows',
    true,
  )
}

function bloated(
  table: Table,
  bytes: number,
  wastedBytes: number,
  method: string,
  estimated: boolean,
): Finding[] {
  const share = wastedBytes / bytes
  if (share < WASTED_MIN) return []
  return [
    {
      kind: 'bloat',
      severity: estimated ? 'info' : 'warning',
      relation: table.relation,
      message: `${estimated ? 'about ' : ''}${inMb(wastedBytes)} of ${inMb(bytes)} (${Math.round(100 * share)} %) hold no live row${estimated ? '; an estimate, CREATE EXTENSION pgstattuple measures it' : ''}`,
      evidence: { bytes, wastedBytes, share, method, estimated },
      fix: `VACUUM ${sqlName(table)}; makes it free for new rows. To give it back without a long lock: pg_repack -t ${table.relation}; VACUUM FULL blocks reads and writes`,
    },
  ]
}
