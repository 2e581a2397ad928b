import { OWN_MARK } from '../sql/read-only.ts'
import { OF_THE_APPLICATION } from './application-schemas.ts'
import { isOwn } from './catalog-scope.ts'
import type { Facet } from './model.ts'

/**
 * The relations in scope: $1 schemas or null for all of the application, $2 oids or null, $3 kinds. Relations that are named
 * by their oids are read wherever they are.
 */
const SCOPE = `own as (
    select c.*, n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = any ($3::"char"[]) and case when $2::oid[] is null
      then ${OF_THE_APPLICATION} and ($1::text[] is null or n.nspname = any ($1::text[])) and ${isOwn('pg_class', 'c.oid')}
      else c.oid = any ($2::oid[]) end
  )`

/** One query of a facet, whose rows carry the oid of their relation as `relation`. */
const query = (body: string, ctes = ''): string =>
  `select ${OWN_MARK} * from (with ${ctes === '' ? '' : 'recursive '}${SCOPE}${ctes} ${body}) t`

/** The relations themselves. */
export const RELATIONS = query(`select c.oid::int8::float8 as oid, c.nspname as schema, c.relname as name,
    c.nspname || '.' || c.relname as relation, c.relkind as kind,
    c.relkind = 'p' as partitioned, c.relispartition as partition,
    case when c.relispartition then pg_partition_root(c.oid)::oid::int8::float8 end as root, c.relpersistence = 'u' as unlogged,
    case when c.reltuples >= 0 then c.reltuples::float8 end as rows,
    (c.relpages::int8 * current_setting('block_size')::int8)::float8 as bytes,
    has_schema_privilege(c.relnamespace, 'usage') and has_table_privilege(c.oid, 'select') as readable,
    row_security_active(c.oid) as filtered,
    array(with recursive parts (oid) as (
        select c.oid where c.relkind = 'p' union all select h.inhrelid from parts join pg_inherits h on h.inhparent = parts.oid)
      select distinct a.attname::text from parts join pg_partitioned_table p on p.partrelid = parts.oid
      cross join unnest(p.partattrs::int2[]) k(num)
      left join pg_attribute a on a.attrelid = p.partrelid and a.attnum = nullif(k.num, 0)) as "partitionKey"
  from own c order by 2, 3`)

/** Every type with the one below its domains. */
const BASES = `, bases as (
    select oid, oid as base, typtype, typbasetype, typname, typnamespace from pg_type
    union all
    select b.oid, t.oid, t.typtype, t.typbasetype, t.typname, t.typnamespace from bases b join pg_type t on t.oid = b.typbasetype
    where b.typtype = 'd'
  )`

const COLUMNS = query(
  `select a.attrelid::int8::float8 as relation, a.attnum as nth, a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
    case when b.typnamespace <> 'pg_catalog'::regnamespace and exists (select from pg_type p
      where p.typnamespace = 'pg_catalog'::regnamespace and p.typname = b.typname) then b.base::regtype::text else b.typname end as base,
    (select t.typnamespace = 'pg_catalog'::regnamespace from pg_type t where t.oid = a.atttypid) as builtin,
    (select format('%I.%I', ln.nspname, l.collname) from pg_collation l join pg_namespace ln on ln.oid = l.collnamespace
      where l.oid = a.attcollation and l.oid <> (select typcollation from pg_type where oid = a.atttypid)) as collation,
    a.attnotnull as "notNull", a.attnotnull and nn.oid is null as "neverNull", a.attgenerated <> '' as generated, a.attidentity <> '' as identity,
    s.sequence, d.oid is not null and a.attgenerated = '' as defaulted,
    exists (select from pg_cast k where k.castsource = b.base and k.casttarget = 'text'::regtype and k.castfunc >= '16384'::oid
      and not exists (select from pg_depend x where x.classid = 'pg_cast'::regclass and x.objid = k.oid and x.deptype = 'e')) as "castByUser",
    coalesce((select format('operator(%I.%s)', en.nspname, e.oprname) from pg_opclass oc join pg_am am on am.oid = oc.opcmethod and am.amname = 'btree'
      join pg_amop ao on ao.amopfamily = oc.opcfamily and ao.amoplefttype = b.base and ao.amoprighttype = b.base and ao.amopstrategy = 3
      join pg_operator e on e.oid = ao.amopopr join pg_namespace en on en.oid = e.oprnamespace
      where oc.opcintype = b.base and oc.opcdefault), '=') as equals
  from own c
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join bases b on b.oid = a.atttypid and b.typtype <> 'd'
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  left join pg_constraint nn on nn.conrelid = a.attrelid and nn.contype = 'n' and nn.conkey[1] = a.attnum
    and (not nn.convalidated or nn.connoinherit)
  left join lateral (
    select format('%I.%I', sn.nspname, sc.relname) as sequence
    from pg_depend dep join pg_class sc on sc.oid = dep.objid and sc.relkind = 'S'
    join pg_namespace sn on sn.oid = sc.relnamespace
    where dep.classid = 'pg_class'::regclass and dep.refclassid = 'pg_class'::regclass
      and dep.refobjid = a.attrelid and dep.refobjsubid = a.attnum and dep.deptype in ('a', 'i')
    limit 1
  ) s on true
  order by a.attrelid, a.attnum`,
  BASES,
)

/** Names of the columns of `relation` with the numbers of `numbers`, in their order. */
const namesOf = (relation: string, numbers: string): string =>
  `array(select a.attname::text from unnest(${numbers}) with ordinality x(num, at)
      join pg_attribute a on a.attrelid = ${relation} and a.attnum = x.num order by x.at)`

/** NOT ENFORCED came with PostgreSQL 18; only what checks rows can be that. */
const ENFORCED = `(k.contype not in ('c', 'f') or coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true))`

const CONSTRAINTS =
  query(`select k.conrelid::int8::float8 as relation, k.oid::int8::float8 as oid, k.conname as name, k.contype as type,
    ${namesOf('k.conrelid', 'k.conkey')} as columns,
    case when k.contype = 'f' then (select rn.nspname || '.' || rc.relname from pg_class rc join pg_namespace rn on rn.oid = rc.relnamespace
      where rc.oid = k.confrelid) end as references, case when k.contype = 'f' then k.confrelid::int8::float8 end as "referencesOid",
    case when k.contype = 'f' then ${namesOf('k.confrelid', 'k.confkey')} else '{}' end as "referencedColumns",
    k.convalidated as validated, not e.enforced as "notEnforced",
    e.enforced and (k.contype <> 'f' or not exists (
      select from pg_trigger t where t.tgconstraint = k.oid and t.tgenabled in ('D', 'R'))) as enforced
  from own c join pg_constraint k on k.conrelid = c.oid and k.contype in ('p', 'u', 'c', 'f', 'x')
  cross join lateral (select ${ENFORCED} as enforced) e
  order by k.conrelid, k.conname`)

const INDEXES =
  query(`select i.indrelid::int8::float8 as relation, ic.oid::int8::float8 as oid, ic.relname as name, am.amname as method,
    i.indisunique as unique, i.indisprimary as primary, i.indisvalid as valid, k.oid is not null as constrained,
    i.indpred is not null as partial,
    array(select i.indkey[k] from generate_series(0, i.indnkeyatts - 1) k order by k) as numbers,
    array(select a.attname::text from generate_series(0, i.indnkeyatts - 1) k
      left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[k] and a.attnum > 0
      order by k) as columns
  from own c join pg_index i on i.indrelid = c.oid
  join pg_class ic on ic.oid = i.indexrelid join pg_am am on am.oid = ic.relam
  left join pg_constraint k on k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x')
  order by i.indrelid, ic.relname`)

const PREDICATES =
  query(`select i.indrelid::int8::float8 as relation, i.indexrelid::int8::float8 as index, substring(pg_get_indexdef(i.indexrelid) from ' WHERE (.*)$') as text
  from own c join pg_index i on i.indrelid = c.oid where i.indpred is not null`)

const DEFINITIONS =
  query(`select c.oid::int8::float8 as relation, d.of::int8::float8 as of, d.text from own c cross join lateral (
    select k.oid as of, pg_get_constraintdef(k.oid) as text from pg_constraint k where k.conrelid = c.oid and k.contype in ('p', 'u', 'c', 'f', 'x')
    union all select i.indexrelid, pg_get_indexdef(i.indexrelid) from pg_index i where i.indrelid = c.oid) d`)

const IDENTITIES =
  query(`select a.attrelid::int8::float8 as relation, a.attname as column, a.attidentity = 'a' as always,
    s.seqincrement::text as increment, s.seqmin::text as min, s.seqmax::text as max, s.seqstart::text as start,
    s.seqcache::text as cache, s.seqcycle as cycle
  from own c join pg_attribute a on a.attrelid = c.oid and a.attidentity <> ''
  join pg_depend d on d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
    and d.refobjid = a.attrelid and d.refobjsubid = a.attnum and d.deptype = 'i'
  join pg_sequence s on s.seqrelid = d.objid order by a.attrelid, a.attnum`)

const ATTACHMENTS = query(`select c.oid::int8::float8 as relation,
    array(select t.tgname::text from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal order by t.tgname) as triggers,
    array(select p.pubname::text from pg_publication_tables p where (p.schemaname, p.tablename) = (c.nspname, c.relname) order by 1) as publications,
    c.relrowsecurity or exists (select from pg_policy where polrelid = c.oid) as "rowSecurity", c.relreplident <> 'd' as "replicaIdentity"
  from own c`)

const ACTIVITY = query(`select c.oid::int8::float8 as relation,
    pg_relation_size(c.oid) / 8192.0 / greatest(c.relpages, 1)::float8 as growth, coalesce(s.n_mod_since_analyze, 0)::float8 as changed,
    coalesce(s.n_tup_upd + s.n_tup_del, 0) > 0 as rewritten,
    to_char(greatest(s.last_analyze, s.last_autoanalyze) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "analyzedAt"
  from own c left join pg_stat_all_tables s on s.relid = c.oid`)

/** The query of each facet of relations. */
export const FACETS: Readonly<Record<Facet, string>> = {
  columns: COLUMNS,
  constraints: CONSTRAINTS,
  indexes: INDEXES,
  predicates: PREDICATES,
  definitions: DEFINITIONS,
  identities: IDENTITIES,
  attachments: ATTACHMENTS,
  activity: ACTIVITY,
}
