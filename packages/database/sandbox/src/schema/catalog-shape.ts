import { collate, inScope, isInternal, isOwn, options } from '@esa/database-catalog'

/** A query whose rows are `what` (an object's name for people) and `sql` (the statement that makes it). */
export interface CatalogQuery {
  /** What its rows are. */
  about: string
  query: string
}

const schemas = `select format('schema %I', n.nspname) as what, format('create schema if not exists %I', n.nspname) as sql
  from pg_namespace n where ${inScope('n')} and ${isOwn('pg_namespace', 'n.oid')} order by n.oid`

const collations = `select format('collation %I.%I', n.nspname, c.collname) as what,
    format('create collation %I.%I (provider = %s, deterministic = %s%s)', n.nspname, c.collname,
      case c.collprovider when 'i' then 'icu' when 'b' then 'builtin' else 'libc' end, c.collisdeterministic::text,
      case when locale is null then format(', lc_collate = %L, lc_ctype = %L', c.collcollate, c.collctype) else format(', locale = %L', locale) end) as sql
  from pg_collation c join pg_namespace n on n.oid = c.collnamespace
  cross join lateral (select coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale', case when c.collprovider = 'i' then c.collcollate end) as locale) l
  where ${inScope('n')} and ${isOwn('pg_collation', 'c.oid')} order by c.oid`

const enums = `select format('type %s', t.oid::regtype) as what,
    format('create type %s as enum (%s)', t.oid::regtype, (select string_agg(quote_literal(enumlabel), ', ' order by enumsortorder) from pg_enum where enumtypid = t.oid)) as sql
  from pg_type t join pg_namespace n on n.oid = t.typnamespace
  where t.typtype = 'e' and ${inScope('n')} and ${isOwn('pg_type', 't.oid')} order by t.oid`

const composites = `select format('type %s', t.oid::regtype) as what,
    format('create type %s as (%s)', t.oid::regtype, (select string_agg(format('%I %s%s', a.attname, format_type(a.atttypid, a.atttypmod), ${collate('a.attcollation', 'a.atttypid')}), ', ' order by a.attnum)
      from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)) as sql
  from pg_type t join pg_class c on c.oid = t.typrelid join pg_namespace n on n.oid = t.typnamespace
  where c.relkind = 'c' and ${inScope('n')} and ${isOwn('pg_type', 't.oid')} order by t.oid`

/** Named NOT NULL constraints of domains are in pg_constraint from version 17 on. */
const domains = `select format('domain %s', t.oid::regtype) as what,
    format('create domain %s as %s%s%s%s%s', t.oid::regtype, format_type(t.typbasetype, t.typtypmod), ${collate('t.typcollation', 't.typbasetype')},
      ' default ' || t.typdefault,
      case when t.typnotnull and not exists (select from pg_constraint k where k.contypid = t.oid and k.contype = 'n') then ' not null' end,
      (select string_agg(format(' constraint %I %s', k.conname, pg_get_constraintdef(k.oid)), '' order by k.oid) from pg_constraint k where k.contypid = t.oid and k.convalidated)) as sql
  from pg_type t join pg_namespace n on n.oid = t.typnamespace
  where t.typtype = 'd' and ${inScope('n')} and ${isOwn('pg_type', 't.oid')} order by t.oid`

const looseDomainChecks = `select format('constraint %I of domain %s', k.conname, t.oid::regtype) as what,
    format('alter domain %s add constraint %I %s', t.oid::regtype, k.conname, pg_get_constraintdef(k.oid)) as sql
  from pg_constraint k join pg_type t on t.oid = k.contypid join pg_namespace n on n.oid = t.typnamespace
  where not k.convalidated and ${inScope('n')} and ${isOwn('pg_type', 't.oid')} order by k.oid`

const ranges = `select format('type %s', t.oid::regtype) as what,
    format('create type %s as range (subtype = %s, subtype_opclass = %I.%I%s%s%s, multirange_type_name = %s)', t.oid::regtype, format_type(r.rngsubtype, null), opn.nspname, op.opcname,
      (select format(', collation = %I.%I', cn.nspname, co.collname) from pg_collation co join pg_namespace cn on cn.oid = co.collnamespace where co.oid = r.rngcollation),
      case when r.rngcanonical <> 0 then format(', canonical = %s', r.rngcanonical::regproc) end,
      case when r.rngsubdiff <> 0 then format(', subtype_diff = %s', r.rngsubdiff::regproc) end,
      r.rngmultitypid::regtype) as sql
  from pg_range r join pg_type t on t.oid = r.rngtypid join pg_namespace n on n.oid = t.typnamespace
  join pg_opclass op on op.oid = r.rngsubopc join pg_namespace opn on opn.oid = op.opcnamespace
  where ${inScope('n')} and ${isOwn('pg_type', 't.oid')} order by t.oid`

const sequences = `select format('sequence %s', c.oid::regclass) as what,
    format('create %s sequence %s as %s increment %s minvalue %s maxvalue %s start %s cache %s %s', case c.relpersistence when 'u' then 'unlogged' end,
      c.oid::regclass, format_type(s.seqtypid, null), s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache, case when s.seqcycle then 'cycle' end) as sql
  from pg_class c join pg_sequence s on s.seqrelid = c.oid join pg_namespace n on n.oid = c.relnamespace
  where ${inScope('n')} and ${isOwn('pg_class', 'c.oid')} and not ${isInternal('pg_class', 'c.oid')} order by c.oid`

/** A table that inherits takes its parents' columns from them; a partition is made whole and attached afterwards. */
const isLocal = 'a.attislocal or c.relispartition'

const identity = `(select format(' generated %s as identity (sequence name %s increment %s minvalue %s maxvalue %s start %s cache %s %s)', case a.attidentity when 'a' then 'always' else 'by default' end,
    q.seqrelid::regclass, q.seqincrement, q.seqmin, q.seqmax, q.seqstart, q.seqcache, case when q.seqcycle then 'cycle' else 'no cycle' end)
  from pg_depend d join pg_sequence q on q.seqrelid = d.objid
  where a.attidentity <> '' and d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid and d.refobjsubid = a.attnum and d.deptype = 'i')`

/** NOT NULL has a row of its own in pg_constraint from version 18 on. */
const notNull = `case when a.attnotnull and not exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'n' and k.conkey[1] = a.attnum) then ' not null' end`

const columns = `select string_agg(format('%I %s%s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod), ${collate('a.attcollation', 'a.atttypid')},
      case a.attgenerated when 's' then format(' generated always as (%s) stored', pg_get_expr(d.adbin, c.oid))
        when 'v' then format(' generated always as (%s) virtual', pg_get_expr(d.adbin, c.oid)) else ' default ' || pg_get_expr(d.adbin, c.oid) end,
      ${identity}, ${notNull}), ', ' order by a.attnum) as list
  from pg_attribute a left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and (${isLocal})`

/** NOT NULLs with a name, of tables that are there from the start; those that do not hold for all rows are added later, as they were. */
const notNulls = `select string_agg(format('constraint %I %s', k.conname, pg_get_constraintdef(k.oid)), ', ' order by k.oid) as list
  from pg_constraint k where k.conrelid = c.oid and k.contype = 'n' and k.convalidated and (k.conislocal or c.relispartition)`

/** Checks by themselves, as one may call a function that takes a row of its own table. Partitions need their parent's before they are attached. */
const checks = `select format('constraint %I on %s', k.conname, c.oid::regclass) as what,
    format('alter table %s add constraint %I %s', c.oid::regclass, k.conname, pg_get_constraintdef(k.oid)) as sql
  from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
  where k.contype = 'c' and k.convalidated and (k.conislocal or c.relispartition) and c.relkind in ('r', 'p') and c.relpersistence <> 't' and ${inScope('n')} and ${isOwn('pg_class', 'c.oid')} order by k.oid`

const tables = `select format('table %s', c.oid::regclass) as what,
    format('create %s table %s (%s)%s%s%s%s', case c.relpersistence when 'u' then 'unlogged' end, c.oid::regclass, concat_ws(', ', cols.list, nots.list),
      (select format(' inherits (%s)', string_agg(i.inhparent::regclass::text, ', ' order by i.inhseqno)) from pg_inherits i where i.inhrelid = c.oid and not c.relispartition having count(*) > 0),
      case when c.relkind = 'p' then ' partition by ' || pg_get_partkeydef(c.oid) end,
      (select format(' using %I', m.amname) from pg_am m where m.oid = c.relam and m.amname <> 'heap'),
      ${options(`c.reloptions || (select array_agg('toast.' || o) from pg_class tc, unnest(tc.reloptions) o where tc.oid = c.reltoastrelid)`)}) as sql
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  cross join lateral (${columns}) cols cross join lateral (${notNulls}) nots
  where c.relkind in ('r', 'p') and c.relpersistence <> 't' and ${inScope('n')} and ${isOwn('pg_class', 'c.oid')} order by c.oid`

const attachedPartitions = `select format('partition %s', c.oid::regclass) as what,
    format('alter table only %s attach partition %s %s', i.inhparent::regclass, c.oid::regclass, pg_get_expr(c.relpartbound, c.oid)) as sql
  from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_inherits i on i.inhrelid = c.oid
  where c.relispartition and c.relkind in ('r', 'p') and ${inScope('n')} and ${isOwn('pg_class', 'c.oid')} order by c.oid`

/** An inherited column may have another default than its parent's, or none, and be NOT NULL where the parent's is not. */
const inheritedColumns = `select format('column %s.%I', c.oid::regclass, a.attname) as what,
    format('alter table only %s alter column %I %s', c.oid::regclass, a.attname, change) as sql
  from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
  cross join lateral unnest(array[case when d.oid is null then 'drop default' when a.attgenerated = '' then 'set default ' || pg_get_expr(d.adbin, c.oid) end,
    case when a.attnotnull and a.attidentity = '' and not exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'n' and k.conkey[1] = a.attnum) then 'set not null' end]) change
  where c.relkind = 'r' and not (${isLocal}) and a.attgenerated = '' and change is not null and ${inScope('n')} and ${isOwn('pg_class', 'c.oid')} order by c.oid, a.attnum`

const columnSettings = `select format('column %s.%I', c.oid::regclass, a.attname) as what,
    format('alter %s only %s alter column %I %s', 'table', c.oid::regclass, a.attname, change) as sql
  from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_type t on t.oid = a.atttypid
  cross join lateral unnest(array[
    case when a.attstorage <> t.typstorage then 'set storage ' || case a.attstorage when 'p' then 'plain' when 'e' then 'external' when 'm' then 'main' else 'extended' end end,
    case a.attcompression when 'p' then 'set compression pglz' when 'l' then 'set compression lz4' end,
    case when coalesce(a.attstattarget, -1) >= 0 then 'set statistics ' || a.attstattarget end,
    nullif(${options('a.attoptions', 'set ')}, '')]) change
  where c.relkind in ('r', 'p') and change is not null and ${inScope('n')} and ${isOwn('pg_class', 'c.oid')} order by c.oid, a.attnum`

const sequenceOwners = `select format('sequence %s', c.oid::regclass) as what,
    format('alter sequence %s owned by %s.%I', c.oid::regclass, a.attrelid::regclass, a.attname) as sql
  from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'a' and d.refclassid = 'pg_class'::regclass
  join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
  where c.relkind = 'S' and ${inScope('n')} and ${isOwn('pg_class', 'c.oid')} order by c.oid`

/** A sequence that was never used, or that this role may not read, stays at its start; an unlogged one has no value on a replica. */
const sequenceValues = `select format('value of sequence %s', c.oid::regclass) as what, format('select setval(%L, %s)', c.oid::regclass, v.value) as sql
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  cross join lateral (select case when has_sequence_privilege(c.oid, 'SELECT, USAGE') and not (c.relpersistence = 'u' and pg_is_in_recovery()) then pg_sequence_last_value(c.oid) end as value) v
  where c.relkind = 'S' and v.value is not null and ${inScope('n')} and ${isOwn('pg_class', 'c.oid')} order by c.oid`

/** What exists before rows are copied, in the order in which most of it can be made. */
export const SHAPE: readonly CatalogQuery[] = [
  { about: 'schemas', query: schemas },
  { about: 'collations', query: collations },
  { about: 'enums', query: enums },
  { about: 'composite types', query: composites },
  { about: 'domains', query: domains },
  { about: 'domain checks', query: looseDomainChecks },
  { about: 'ranges', query: ranges },
  { about: 'sequences', query: sequences },
]

/** Tables and what belongs to them; routines are made before, as defaults and checks call them. */
export const TABLES: readonly CatalogQuery[] = [
  { about: 'tables', query: tables },
  { about: 'checks', query: checks },
  { about: 'partitions', query: attachedPartitions },
  { about: 'inherited columns', query: inheritedColumns },
  { about: 'column settings', query: columnSettings },
  { about: 'owners of sequences', query: sequenceOwners },
  { about: 'values of sequences', query: sequenceValues },
]
