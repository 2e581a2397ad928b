import { type Queryable, OWN_MARK } from '@esa/database-catalog/sql'
import { OF_THE_APPLICATION, noToolTable } from '@esa/database-catalog'

/** One key of an index: everything that decides what it finds and in which order. */
export interface IndexKey {
  /** Attribute number, or the text of an expression. */
  of: string
  collation: number
  opclass: number
  /** Options of its operator class, like siglen. */
  options: string
  /** Bits for DESC and NULLS FIRST. */
  order: number
}

/** An index as the catalog and the statistics know it. */
export interface CatalogIndex {
  oid: number
  schema: string
  name: string
  table: string
  tableOid: number
  method: string
  keys: IndexKey[]
  /** Attribute numbers of INCLUDE. */
  included: string[]
  predicate: string | null
  unique: boolean
  nullsNotDistinct: boolean
  /** False: a deferrable constraint. */
  immediate: boolean
  valid: boolean
  ready: boolean
  live: boolean
  storage: string
  /** Of a constraint: p primary key, u unique, x exclusion. */
  constraintType: string | null
  constraintName: string | null
  replicaIdentity: boolean
  clustered: boolean
  /** A foreign key refers to rows by it. */
  referenced: boolean
  /** Its leading columns are those of a foreign key of its own table. */
  supportsForeignKey: boolean
  /** An index of a partitioned table, which has no rows of its own. */
  partitioned: boolean
  /** Part of such an index: it cannot be dropped by itself. */
  attached: boolean
  sizeBytes: number
  rows: number
  pages: number
  fillfactor: number
  /** Bytes of one entry's keys, on average; null where ANALYZE has not seen them all. */
  keyBytes: number | null
  scans: number
  tableReads: number
}

// pg_stats and the statistics views take no condition inside themselves: each is read once here, and never for each index.
const INDEXES = `with widths as materialized (select schemaname, tablename, attname, avg_width from pg_stats),
width as (select i.indexrelid, case when bool_and(w.avg_width is not null) then sum(w.avg_width)::float8 end as bytes
  from pg_index i join pg_class ic on ic.oid = i.indexrelid join pg_class tc on tc.oid = i.indrelid
  join pg_namespace n on n.oid = tc.relnamespace cross join lateral generate_series(0, i.indnatts - 1) k
  join pg_attribute x on x.attrelid = i.indexrelid and x.attnum = k + 1
  left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[k] and i.indkey[k] <> 0
  left join widths w on w.schemaname = n.nspname
    and w.tablename = case when i.indkey[k] = 0 then ic.relname else tc.relname end and w.attname = coalesce(a.attname, x.attname)
  group by i.indexrelid)
select ${OWN_MARK} i.indexrelid::int8 as oid, n.nspname as schema, ic.relname as name,
  n.nspname || '.' || tc.relname as table, tc.oid::int8 as "tableOid", am.amname as method,
  (select json_agg(json_build_object(
      'of', case when i.indkey[k] = 0 then pg_get_indexdef(i.indexrelid, k + 1, false) else i.indkey[k]::text end,
      'collation', i.indcollation[k]::int8, 'opclass', i.indclass[k]::int8, 'order', i.indoption[k],
      'options', coalesce((select array_agg(o)::text from pg_attribute a, unnest(a.attoptions) o where a.attrelid = i.indexrelid and a.attnum = k + 1 and o !~ '^pg_'), '')) order by k)
    from generate_series(0, i.indnkeyatts - 1) k) as keys,
  (select coalesce(json_agg(i.indkey[k]::text order by k), '[]') from generate_series(i.indnkeyatts, i.indnatts - 1) k) as included,
  pg_get_expr(i.indpred, i.indrelid) as predicate, i.indisunique as unique,
  coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) as "nullsNotDistinct", i.indimmediate as immediate,
  i.indisvalid as valid, i.indisready as ready, i.indislive as live, coalesce(ic.reloptions::text, '') as storage,
  con.contype as "constraintType", con.conname as "constraintName",
  i.indisreplident or (i.indisprimary and tc.relreplident = 'd') as "replicaIdentity", i.indisclustered as clustered,
  exists (select from pg_constraint f where f.contype = 'f' and f.conindid = i.indexrelid) as referenced,
  exists (select from pg_constraint f where f.contype = 'f' and f.conrelid = i.indrelid
    and i.indkey[0] <> 0 and i.indkey[0] = any(f.conkey)) as "supportsForeignKey",
  ic.relkind = 'I' as partitioned, ic.relispartition as attached,
  case when ic.relkind = 'I' then (select coalesce(sum(pg_relation_size(relid)), 0) from pg_partition_tree(i.indexrelid) where isleaf)
    else pg_relation_size(i.indexrelid) end::float8 as "sizeBytes", ic.reltuples::float8 as rows, ic.relpages as pages,
  coalesce((select o.option_value::int from pg_options_to_table(ic.reloptions) o where o.option_name = 'fillfactor'), 90) as fillfactor,
  width.bytes as "keyBytes",
  (select coalesce(sum(pg_stat_get_numscans(t.oid)), 0) from (select i.indexrelid as oid where ic.relkind <> 'I'
    union all select relid from pg_partition_tree(i.indexrelid) where ic.relkind = 'I' and isleaf) t)::float8 as scans,
  (select coalesce(sum(pg_stat_get_numscans(t.oid) + (select coalesce(sum(pg_stat_get_numscans(x.indexrelid)), 0)
      from pg_index x where x.indrelid = t.oid)), 0) from (select tc.oid where tc.relkind <> 'p'
    union all select relid from pg_partition_tree(tc.oid) where tc.relkind = 'p' and isleaf) t)::float8 as "tableReads"
from pg_index i join pg_class ic on ic.oid = i.indexrelid join pg_class tc on tc.oid = i.indrelid
join width on width.indexrelid = i.indexrelid join pg_namespace n on n.oid = tc.relnamespace join pg_am am on am.oid = ic.relam
left join pg_constraint con on con.conindid = i.indexrelid and con.contype in ('p', 'u', 'x')
where ${OF_THE_APPLICATION} and ${noToolTable('tc')}
  and not exists (select from pg_depend d where d.objid = tc.oid and d.classid = 'pg_class'::regclass and d.deptype = 'e')
order by n.nspname, tc.relname, ic.relname`

/** The indexes of all user tables, those of extensions left out. */
export async function catalogIndexes(session: Queryable): Promise<CatalogIndex[]> {
  const { rows } = await session.query(INDEXES)
  return rows as unknown as CatalogIndex[]
}

/** What decides whether statistics and states of indexes can be judged. */
export interface ReviewSurroundings {
  /** How long the server has counted scans, ms. */
  countedMs: number
  inRecovery: boolean
  replicas: number
  /** Indexes that are being built; null when the role may not see what others build. */
  building: number[] | null
  /** Schema of pgstattuple, when it is there and may be called. */
  statTuple: string | null
}

const SURROUNDINGS = `select ${OWN_MARK}
  extract(epoch from clock_timestamp() - greatest(pg_postmaster_start_time(),
    (select stats_reset from pg_stat_database where datname = current_database()))) * 1000 as counted,
  pg_is_in_recovery() as recovery, (select count(*) from pg_stat_replication)::int as replicas,
  (select case when bool_and(p.relid is not null) is false then null
    else coalesce(json_agg(p.index_relid::int8), '[]') end
    from pg_stat_progress_create_index p where p.datname = current_database()) as building,
  (select n.nspname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where p.proname = 'pgstatindex' and p.pronargs = 1 and p.proargtypes[0] = 'regclass'::regtype
      and has_function_privilege(p.oid, 'execute') limit 1) as "statTuple"`

/** What is around the indexes. */
export async function reviewSurroundings(session: Queryable): Promise<ReviewSurroundings> {
  const { rows } = await session.query(SURROUNDINGS)
  const [row] = rows as [Record<string, unknown>]
  return {
    countedMs: Number(row['counted']),
    inRecovery: row['recovery'] as boolean,
    replicas: row['replicas'] as number,
    building: row['building'] as number[] | null,
    statTuple: row['statTuple'] as string | null,
  }
}
