import { inScope, isOwn, options } from '@esa/database-catalog'
import type { CatalogQuery } from './catalog-shape.ts'

/** An index that a constraint owns is made by that constraint. */
const ofConstraint = `exists (select from pg_constraint k where k.conindid = x.indexrelid and k.conrelid = x.indrelid and k.contype in ('p', 'u', 'x'))`

/** A build that did not end left it: no query uses it, and only CONCURRENTLY leaves one. */
const isInvalid = `(not x.indisvalid and c.relkind = 'i' and r.relkind = 'r' and not ${ofConstraint})`

const indexesOf = (
  kinds: string,
) => `select format('index %s', c.oid::regclass) as what, pg_get_indexdef(c.oid) as sql
  from pg_index x join pg_class c on c.oid = x.indexrelid join pg_namespace n on n.oid = c.relnamespace join pg_class r on r.oid = x.indrelid
  where r.relkind in (${kinds}) and r.relpersistence <> 't' and not ${ofConstraint} and not ${isInvalid} and ${inScope('n')} and ${isOwn('pg_class', 'r.oid')} order by c.oid`

/** Keys and exclusions; ONLY, because those of the partitions are made by themselves and attached. */
const keys = `select format('constraint %I on %s', k.conname, k.conrelid::regclass) as what,
    format('alter table only %s add constraint %I %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid)) as sql
  from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
  where k.contype in ('p', 'u', 'x') and c.relkind in ('r', 'p') and c.relpersistence <> 't' and ${inScope('n')} and ${isOwn('pg_class', 'c.oid')} order by k.oid`

const keyOptions = `select format('index %s', c.oid::regclass) as what, format('alter index %s%s', c.oid::regclass, ${options('c.reloptions', ' set ')}) as sql
  from pg_index x join pg_class c on c.oid = x.indexrelid join pg_namespace n on n.oid = c.relnamespace
  where c.reloptions is not null and ${ofConstraint} and ${inScope('n')} and ${isOwn('pg_class', 'x.indrelid')} order by c.oid`

const attachedIndexes = `select format('index %s', c.oid::regclass) as what, format('alter index %s attach partition %s', i.inhparent::regclass, c.oid::regclass) as sql
  from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_inherits i on i.inhrelid = c.oid join pg_index x on x.indexrelid = c.oid
  where c.relkind in ('i', 'I') and ${inScope('n')} and ${isOwn('pg_class', 'x.indrelid')} order by c.oid`

/** Checks and NOT NULLs that do not hold for all rows yet, or are not enforced: they stay so. */
const looseChecks = `select format('constraint %I on %s', k.conname, k.conrelid::regclass) as what,
    format('alter table %s add constraint %I %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid)) as sql
  from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
  where k.contype in ('c', 'n') and not k.convalidated and k.conislocal and c.relkind in ('r', 'p') and ${inScope('n')} and ${isOwn('pg_class', 'c.oid')} order by k.oid`

const foreignKeys = `select format('constraint %I on %s', k.conname, k.conrelid::regclass) as what,
    format('alter table %s add constraint %I %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid)) as sql
  from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
  where k.contype = 'f' and k.conparentid = 0 and ${inScope('n')} and ${isOwn('pg_class', 'c.oid')} order by k.oid`

const indexMarks = `select format('index %s', c.oid::regclass) as what, sql
  from pg_index x join pg_class c on c.oid = x.indexrelid join pg_namespace n on n.oid = c.relnamespace join pg_class r on r.oid = x.indrelid
  cross join lateral unnest(array[
    case when x.indisclustered then format('alter table %s cluster on %I', r.oid::regclass, c.relname) end,
    case when x.indisreplident then format('alter table only %s replica identity using index %I', r.oid::regclass, c.relname) end]) sql
  where sql is not null and ${inScope('n')} and ${isOwn('pg_class', 'r.oid')} order by c.oid`

const indexStatistics = `select format('index %s', c.oid::regclass) as what, format('alter index %s alter column %s set statistics %s', c.oid::regclass, a.attnum, a.attstattarget) as sql
  from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
  where c.relkind in ('i', 'I') and coalesce(a.attstattarget, -1) >= 0 and ${inScope('n')} and ${isOwn('pg_class', 'c.oid')} order by c.oid, a.attnum`

const tableMarks = `select format('table %s', c.oid::regclass) as what, format('alter table only %s %s', c.oid::regclass, change) as sql
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  cross join lateral unnest(array[
    case c.relreplident when 'f' then 'replica identity full' when 'n' then 'replica identity nothing' end,
    case when c.relrowsecurity then 'enable row level security' end, case when c.relforcerowsecurity then 'force row level security' end,
    case when c.reloftype <> 0 then 'of ' || format_type(c.reloftype, null) end]) change
  where change is not null and c.relkind in ('r', 'p') and c.relpersistence <> 't' and ${inScope('n')} and ${isOwn('pg_class', 'c.oid')} order by c.oid`

/** Indexes that are made so that they stay invalid, with their tables. */
export const INVALID_INDEXES = `select format('index %s', c.oid::regclass) as what, r.oid::regclass::text as relation,
    regexp_replace(pg_get_indexdef(c.oid), '^(CREATE (?:UNIQUE )?INDEX) ', '\\1 CONCURRENTLY ') as sql
  from pg_index x join pg_class c on c.oid = x.indexrelid join pg_namespace n on n.oid = c.relnamespace join pg_class r on r.oid = x.indrelid
  where ${isInvalid} and r.relpersistence <> 't' and ${inScope('n')} and ${isOwn('pg_class', 'r.oid')} order by c.oid`

/** Keys, indexes and loose checks: made when rows are there. */
export const KEYS: readonly CatalogQuery[] = [
  { about: 'keys', query: keys },
  { about: 'options of keys', query: keyOptions },
  { about: 'indexes', query: indexesOf(`'r', 'p'`) },
  { about: 'attached indexes', query: attachedIndexes },
  { about: 'loose checks', query: looseChecks },
]

/** Foreign keys, indexes of materialized views, and marks on tables and indexes. */
export const MARKS: readonly CatalogQuery[] = [
  { about: 'foreign keys', query: foreignKeys },
  { about: 'indexes of materialized views', query: indexesOf(`'m'`) },
  { about: 'marks of indexes', query: indexMarks },
  { about: 'statistics of indexes', query: indexStatistics },
  { about: 'marks of tables', query: tableMarks },
]
