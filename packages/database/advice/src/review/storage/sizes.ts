import { type Finding, OWN_MARK } from '@esa/database-catalog/sql'
import { OF_THE_APPLICATION } from '@esa/database-catalog'
import { sqlName } from '../schema/fix-text.ts'
import type { Check } from '../schema/look.ts'
import type { Table } from '@esa/database-catalog'

/** What a table takes, and what was done to it since its statistics began. Bytes; a partitioned table is the sum of its parts. */
export interface Usage {
  relation: string
  heapBytes: number
  toastBytes: number
  indexBytes: number
  totalBytes: number
  live: number
  dead: number
  inserted: number
  updated: number
  hotUpdated: number
  deleted: number
  scans: number
  lastVacuumAt: string | null
  lastAnalyzeAt: string | null
  changedSinceAnalyze: number
  options: string[]
  xidAge: number
  mxidAge: number
}

/** Since when the server counts, ms; null: since the database was made. */
export interface UsageReading {
  usages: Usage[]
  sinceMs: number | null
  /** A standby, which counts no writes. */
  replica: boolean
  /** Sizes are those that VACUUM or ANALYZE last saw: a lock was in the way of the present ones. */
  remembered: boolean
}

/** Largest tables that are named. */
const LARGEST = 10
const MB = 1024 * 1024

/** Sizes as they are, which waits for a rebuild of a table, and as VACUUM or ANALYZE last saw them, which does not wait. */
const SIZES = {
  exact: {
    heap: 'pg_relation_size(l.oid)',
    toast: 'coalesce(pg_total_relation_size(nullif(l.reltoastrelid, 0)), 0)',
    index: 'pg_indexes_size(l.oid)',
    total: 'pg_total_relation_size(l.oid)',
  },
  remembered: {
    heap: 'l.relpages * page.bytes',
    toast: 'coalesce((select t.relpages from pg_class t where t.oid = l.reltoastrelid), 0) * page.bytes',
    index: 'part.indexes * page.bytes',
    total:
      '(l.relpages + coalesce((select t.relpages from pg_class t where t.oid = l.reltoastrelid), 0) + part.indexes) * page.bytes',
  },
}

/** The query for the usage of every table. */
export const usageSql = (
  { heap, toast, index, total } = SIZES.exact,
): string => `select ${OWN_MARK} n.nspname || '.' || c.relname as relation,
    sum(${heap})::float8 as "heapBytes", sum(${toast})::float8 as "toastBytes",
    sum(${index})::float8 as "indexBytes", sum(${total})::float8 as "totalBytes",
    sum(coalesce(s.n_live_tup, 0))::float8 as live, sum(coalesce(s.n_dead_tup, 0))::float8 as dead,
    sum(coalesce(s.n_tup_ins, 0))::float8 as inserted, sum(coalesce(s.n_tup_upd, 0))::float8 as updated,
    sum(coalesce(s.n_tup_hot_upd, 0))::float8 as "hotUpdated", sum(coalesce(s.n_tup_del, 0))::float8 as deleted,
    sum(coalesce(s.seq_scan, 0) + coalesce(s.idx_scan, 0))::float8 as scans,
    to_char(max(greatest(s.last_vacuum, s.last_autovacuum)) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "lastVacuumAt",
    to_char(max(greatest(s.last_analyze, s.last_autoanalyze)) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "lastAnalyzeAt",
    sum(coalesce(s.n_mod_since_analyze, 0))::float8 as "changedSinceAnalyze",
    coalesce(c.reloptions, '{}'::text[]) as options,
    max(age(nullif(l.relfrozenxid, '0'::xid)))::float8 as "xidAge", max(mxid_age(nullif(l.relminmxid, '0'::xid)))::float8 as "mxidAge"
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  left join lateral (
    select c.oid where c.relkind = 'r'
    union all select t.relid from pg_partition_tree(c.oid) t where c.relkind = 'p' and t.isleaf
  ) leaf on true
  join pg_class l on l.oid = leaf.oid
  cross join (select current_setting('block_size')::int8 as bytes) page
  cross join lateral (select coalesce(sum(x.relpages), 0) as indexes
    from pg_index i join pg_class x on x.oid = i.indexrelid where i.indrelid = l.oid) part
  left join pg_stat_user_tables s on s.relid = l.oid
  where c.relkind in ('r', 'p') and not c.relispartition and ${OF_THE_APPLICATION}
  group by n.nspname, c.relname, c.reloptions order by 5 desc`

/** The same without waiting for anybody's lock. */
export const REMEMBERED_USAGE = usageSql(SIZES.remembered)

/** The largest tables and what they are made of. */
export function checkSizes({ usages }: UsageReading): Finding[] {
  const total = usages.reduce((sum, { totalBytes }) => sum + totalBytes, 0)
  const tables = usages
    .slice(0, LARGEST)
    .map(({ relation, totalBytes, heapBytes, indexBytes, toastBytes }) => ({
      relation,
      totalBytes,
      heapBytes,
      indexBytes,
      toastBytes,
    }))
  if (tables.length === 0) return []
  const told = tables.slice(0, 3).map(({ relation, totalBytes }) => `${relation} ${inMb(totalBytes)}`)
  return [
    {
      kind: 'size',
      severity: 'info',
      message: `${usages.length} tables take ${inMb(total)} with their indexes; the largest: ${told.join(', ')}`,
      evidence: { totalBytes: total, tables },
    },
  ]
}

/** Sizes as an earlier look saw them, by relation; `atMs` is epoch ms. */
export interface SizeReading {
  atMs: number
  bytes: Record<string, number>
  rows: Record<string, number>
}

/** What is kept of a look, for the next one to compare with. */
export function toReading({ usages }: UsageReading, atMs: number): SizeReading {
  return {
    atMs,
    bytes: Object.fromEntries(usages.map(({ relation, totalBytes }) => [relation, totalBytes])),
    rows: Object.fromEntries(usages.map(({ relation, live }) => [relation, live])),
  }
}

/** Growth below this is weather, bytes a day. */
const GROWTH_MIN = MB
const DAY_MS = 86_400_000
/** Shortest time that says something about a day, ms. */
const LOOK_APART_MS = DAY_MS / 24

/** How tables grow: between two looks where there was an earlier one, else by what the server counted since its reset. */
export function checkGrowth(
  reading: UsageReading,
  nowMs: number,
  earlier: SizeReading | undefined,
): Finding[] {
  if (earlier !== undefined && nowMs - earlier.atMs >= LOOK_APART_MS)
    return growthSince(reading, nowMs, earlier)
  const { usages, sinceMs } = reading
  if (sinceMs === null || sinceMs < LOOK_APART_MS) {
    return [
      {
        kind: 'growth-unknown',
        severity: 'info',
        message:
          'growth is not known: it takes two looks an hour apart or more, and the server’s counters are too young, or of unknown age',
        evidence: { sinceMs },
        fix: 'look again: esa db storage keeps what it saw in this home and compares',
      },
    ]
  }
  const days = sinceMs / DAY_MS
  return usages
    .filter(({ live }) => live > 0)
    .map(({ relation, inserted, deleted, live, totalBytes }) => {
      const rowsPerDay = (inserted - deleted) / days
      return growth(
        relation,
        rowsPerDay,
        (rowsPerDay * totalBytes) / live,
        days,
        'rows written since the counters were reset, bytes by the present row width',
      )
    })
    .filter(({ evidence }) => (evidence['bytesPerDay'] as number) >= GROWTH_MIN)
    .slice(0, LARGEST)
}

function growthSince({ usages }: UsageReading, nowMs: number, earlier: SizeReading): Finding[] {
  const days = (nowMs - earlier.atMs) / DAY_MS
  return usages
    .filter(({ relation }) => earlier.bytes[relation] !== undefined)
    .map(({ relation, totalBytes, live }) =>
      growth(
        relation,
        (live - (earlier.rows[relation] ?? 0)) / days,
        (totalBytes - earlier.bytes[relation]!) / days,
        days,
        'two looks of this command',
      ),
    )
    .filter(({ evidence }) => (evidence['bytesPerDay'] as number) >= GROWTH_MIN)
    .slice(0, LARGEST)
}

function growth(
  relation: string,
  rowsPerDay: number,
  bytesPerDay: number,
  days: number,
  method: string,
): Finding {
  return {
    kind: 'growth',
    severity: 'info',
    relation,
    message: `grows by ${inMb(bytesPerDay)} and ${Math.round(rowsPerDay).toLocaleString('en')} rows a day, over ${days.toFixed(1)} days`,
    evidence: { rowsPerDay: Math.round(rowsPerDay), bytesPerDay: Math.round(bytesPerDay), days, method },
  }
}

/** What lies beside the table, is lost by a crash, or is never read. */
export const checkKinds =
  ({ usages, sinceMs }: UsageReading): Check =>
  ({ tables }) => {
    const byRelation = new Map(tables.map((table) => [table.relation, table]))
    return usages.flatMap((usage) => {
      const table = byRelation.get(usage.relation)
      return table === undefined
        ? []
        : [...unlogged(table), ...toasted(usage), ...unused(table, usage, sinceMs)]
    })
  }

function unlogged(table: Table): Finding[] {
  if (!table.unlogged) return []
  return [
    {
      kind: 'unlogged',
      severity: 'warning',
      relation: table.relation,
      message: 'is UNLOGGED: a crash empties it, and no replica and no backup by WAL has it',
      evidence: { rows: table.rows },
      fix: `when its rows matter: ALTER TABLE ${sqlName(table)} SET LOGGED; (it rewrites the table under ACCESS EXCLUSIVE)`,
    },
  ]
}

function toasted({ relation, toastBytes, totalBytes }: Usage): Finding[] {
  if (toastBytes < 100 * MB || toastBytes < totalBytes / 2) return []
  return [
    {
      kind: 'toast-heavy',
      severity: 'info',
      relation,
      message: `${inMb(toastBytes)} of ${inMb(totalBytes)} are long values beside the table: SELECT * fetches them one by one`,
      evidence: { toastBytes, totalBytes },
      fix: 'name the columns that are needed; SET COMPRESSION lz4 for new values; large documents may belong into object storage',
    },
  ]
}

/** Days of counting after which an unread table is worth a question. */
const UNUSED_DAYS = 7

function unused(table: Table, { scans, totalBytes, inserted }: Usage, sinceMs: number | null): Finding[] {
  if (scans > 0 || totalBytes < MB || sinceMs === null || sinceMs < UNUSED_DAYS * 86_400_000) return []
  return [
    {
      kind: 'unused-table',
      severity: 'info',
      relation: table.relation,
      message: `was not read once in ${Math.round(sinceMs / 86_400_000)} days and takes ${inMb(totalBytes)}`,
      evidence: { totalBytes, inserted, sinceMs },
      fix: 'ask its owner, and look on each replica: readers there are not counted here',
    },
  ]
}

/** Bytes for people. */
export function inMb(bytes: number): string {
  return bytes < 10 * MB
    ? `${(bytes / MB).toFixed(1)} MB`
    : `${Math.round(bytes / MB).toLocaleString('en')} MB`
}
