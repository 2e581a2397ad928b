import { type Queryable, OWN_MARK } from '@esa/database-catalog/sql'
import { OF_THE_APPLICATION, noToolTable } from '@esa/database-catalog'

/**
 * A column as the catalog has it; `type` as DDL writes it, `base` the type's own name below any domain (`int8`, `text`), with
 * its schema for a user's type that is called like one of PostgreSQL's.
 */
export interface Column {
  name: string
  type: string
  base: string
  /** As DDL writes it, where it is not that of the type. */
  collation: string | null
  notNull: boolean
  /** Computed by the server from others. */
  generated: boolean
  identity: boolean
  /** Fed by a sequence of its own: serial, or identity. */
  sequence: string | null
  /** It has a default; what it is, the server would only tell after waiting for the table's lock. */
  defaulted: boolean
  /** A user made a cast of its type to text: a function of theirs would run where it is used. */
  castByUser: boolean
  /** The equality of its type, as SQL writes an operator: that of an extension is on no path of ours. */
  equals: string
}

/** Columns that are unique together, by a constraint or a plain unique index. */
interface Key {
  name: string
  columns: string[]
  primary: boolean
}

/** A foreign key; `references` is `schema.relation`. */
export interface ForeignKey {
  name: string
  columns: string[]
  references: string
  referencedColumns: string[]
  validated: boolean
  /** False where its triggers are switched off, or it was declared NOT ENFORCED: it checks nothing. */
  enforced: boolean
  /** It was declared NOT ENFORCED. */
  notEnforced: boolean
}

/** An index; `columns` are its key columns in order, null for an expression. */
interface Index {
  name: string
  columns: (string | null)[]
  /** The condition of a partial index. */
  predicate: string | null
  unique: boolean
  valid: boolean
  method: string
}

/** A table of the database's own, without those of extensions and of the server. */
export interface Table {
  oid: number
  schema: string
  name: string
  /** `schema.name`, as findings give it. */
  relation: string
  partitioned: boolean
  /** The columns by which it and its partitions are partitioned, null for an expression; empty for a plain table. */
  partitionKey: (string | null)[]
  /** A partition of another table, which stands for it. */
  partition: boolean
  unlogged: boolean
  /** Estimate of the last ANALYZE or VACUUM; null: there was none yet. */
  rows: number | null
  bytes: number
  /** The role may SELECT from it. */
  readable: boolean
  /** Row-level security hides rows from the role. */
  filtered: boolean
  columns: Column[]
  keys: Key[]
  foreignKeys: ForeignKey[]
  indexes: Index[]
  /** Columns that a CHECK constraint names. */
  checked: string[]
}

// The server's own schemas, other sessions' temporary tables, records of migration tools and what an extension brought are not the application's design.
const OWN_TABLES = `
  own as (
    select c.*, n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and ${OF_THE_APPLICATION} and ${noToolTable('c')}
      and not exists (select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
  )`

const TABLES = `select ${OWN_MARK} * from (with ${OWN_TABLES}
  select c.oid::int8::float8 as oid, c.nspname as schema, c.relname as name,
    c.relkind = 'p' as partitioned, c.relispartition as partition, c.relpersistence = 'u' as unlogged,
    case when c.reltuples >= 0 then c.reltuples::float8 end as rows,
    (c.relpages::int8 * current_setting('block_size')::int8)::float8 as bytes,
    has_schema_privilege(c.relnamespace, 'usage') and has_table_privilege(c.oid, 'select') as readable,
    row_security_active(c.oid) as filtered,
    array(with recursive parts (oid) as (
        select c.oid where c.relkind = 'p' union all select h.inhrelid from parts join pg_inherits h on h.inhparent = parts.oid)
      select distinct a.attname::text from parts join pg_partitioned_table p on p.partrelid = parts.oid
      cross join unnest(p.partattrs::int2[]) k(num)
      left join pg_attribute a on a.attrelid = p.partrelid and a.attnum = nullif(k.num, 0)) as "partitionKey",
    array(select distinct a.attname::text from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid
      and a.attnum = any(k.conkey) where k.conrelid = c.oid and k.contype = 'c') as checked
  from own c order by 2, 3) t`

const COLUMNS = `select ${OWN_MARK} * from (with recursive ${OWN_TABLES},
  bases as (
    select oid, oid as base, typtype, typbasetype, typname, typnamespace from pg_type
    union all
    select b.oid, t.oid, t.typtype, t.typbasetype, t.typname, t.typnamespace from bases b join pg_type t on t.oid = b.typbasetype
    where b.typtype = 'd'
  )
  select a.attrelid::int8::float8 as oid, a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
    case when b.typnamespace <> 'pg_catalog'::regnamespace and exists (select from pg_type p
      where p.typnamespace = 'pg_catalog'::regnamespace and p.typname = b.typname) then b.base::regtype::text else b.typname end as base, (select format('%I.%I', ln.nspname, l.collname) from pg_collation l join pg_namespace ln on ln.oid = l.collnamespace
      where l.oid = a.attcollation and l.oid <> (select typcollation from pg_type where oid = a.atttypid)) as collation,
    a.attnotnull as not_null, a.attgenerated <> '' as generated, a.attidentity <> '' as identity,
    s.sequence, d.oid is not null and a.attgenerated = '' as defaulted,
    exists (select from pg_cast k where k.castsource = b.base and k.casttarget = 'text'::regtype and k.castfunc >= '16384'::oid
      and not exists (select from pg_depend x where x.classid = 'pg_cast'::regclass and x.objid = k.oid and x.deptype = 'e')) as cast_by_user,
    coalesce((select format('operator(%I.%s)', en.nspname, e.oprname) from pg_opclass oc join pg_am am on am.oid = oc.opcmethod and am.amname = 'btree'
      join pg_amop ao on ao.amopfamily = oc.opcfamily and ao.amoplefttype = b.base and ao.amoprighttype = b.base and ao.amopstrategy = 3
      join pg_operator e on e.oid = ao.amopopr join pg_namespace en on en.oid = e.oprnamespace
      where oc.opcintype = b.base and oc.opcdefault), '=') as equals
  from own c
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join bases b on b.oid = a.atttypid and b.typtype <> 'd'
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  left join lateral (
    select format('%I.%I', sn.nspname, sc.relname) as sequence
    from pg_depend dep join pg_class sc on sc.oid = dep.objid and sc.relkind = 'S'
    join pg_namespace sn on sn.oid = sc.relnamespace
    where dep.classid = 'pg_class'::regclass and dep.refclassid = 'pg_class'::regclass
      and dep.refobjid = a.attrelid and dep.refobjsubid = a.attnum and dep.deptype in ('a', 'i')
    limit 1
  ) s on true
  order by a.attrelid, a.attnum) t`

const INDEXES = `select ${OWN_MARK} * from (with ${OWN_TABLES}
  select i.indrelid::int8::float8 as oid, ic.relname as name, i.indisunique as unique, i.indisprimary as primary,
    case when i.indpred is not null then substring(pg_get_indexdef(i.indexrelid) from ' WHERE (.*)$') end as predicate, i.indisvalid as valid, am.amname as method,
    array(select a.attname::text from generate_series(0, i.indnkeyatts - 1) k
      left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[k] and a.attnum > 0
      order by k) as columns
  from own c join pg_index i on i.indrelid = c.oid
  join pg_class ic on ic.oid = i.indexrelid join pg_am am on am.oid = ic.relam
  order by i.indrelid, ic.relname) t`

const FOREIGN_KEYS = `select ${OWN_MARK} * from (with ${OWN_TABLES}
  select f.conrelid::int8::float8 as oid, f.conname as name, f.convalidated as validated,
    not coalesce((to_jsonb(f) ->> 'conenforced')::boolean, true) as not_enforced,
    coalesce((to_jsonb(f) ->> 'conenforced')::boolean, true) and not exists (
      select from pg_trigger t where t.tgconstraint = f.oid and t.tgenabled in ('D', 'R')) as enforced,
    rn.nspname || '.' || rc.relname as references,
    array(select a.attname::text from unnest(f.conkey) with ordinality k(num, at)
      join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.num order by k.at) as columns,
    array(select a.attname::text from unnest(f.confkey) with ordinality k(num, at)
      join pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.num order by k.at) as referenced_columns
  from own c join pg_constraint f on f.conrelid = c.oid and f.contype = 'f'
  join pg_class rc on rc.oid = f.confrelid join pg_namespace rn on rn.oid = rc.relnamespace
  order by f.conrelid, f.conname) t`

type Row = Record<string, unknown>
type TableRow = Omit<Table, 'relation' | 'columns' | 'keys' | 'foreignKeys' | 'indexes'>

/**
 * Every table of the database with columns, keys, foreign keys and indexes, by schema and name. Four queries,
 * however many tables there are. @throws the server's error; a table without rights is among the answer.
 */
export async function readCatalog(session: Queryable): Promise<Table[]> {
  const tables = (await session.query(TABLES)).rows
  const columns = byTable((await session.query(COLUMNS)).rows)
  const indexes = byTable((await session.query(INDEXES)).rows)
  const foreignKeys = byTable((await session.query(FOREIGN_KEYS)).rows)
  return tables.map((row) => {
    const oid = row['oid'] as number
    const found = indexes.get(oid) ?? []
    return {
      ...(row as unknown as TableRow),
      relation: `${row['schema'] as string}.${row['name'] as string}`,
      columns: (columns.get(oid) ?? []).map(toColumn),
      keys: found.filter(isKey).map(toKey),
      foreignKeys: (foreignKeys.get(oid) ?? []).map(toForeignKey),
      indexes: found.map(toIndex),
    }
  })
}

function byTable(rows: Row[]): Map<number, Row[]> {
  return Map.groupBy(rows, (row) => row['oid'] as number)
}

function toColumn(row: Row): Column {
  const { name, type, base, collation, not_null, generated, identity, sequence, defaulted, equals } = row
  return {
    name,
    type,
    base,
    collation,
    notNull: not_null,
    generated,
    identity,
    sequence,
    defaulted,
    castByUser: row['cast_by_user'],
    equals,
  } as Column
}

/** A unique index over plain columns of every row; any other is no key of the table. */
function isKey(row: Row): boolean {
  return (
    row['unique'] === true &&
    row['valid'] === true &&
    row['predicate'] === null &&
    !(row['columns'] as unknown[]).includes(null)
  )
}

function toKey({ name, columns, primary }: Row): Key {
  return { name, columns, primary } as Key
}

function toIndex({ name, columns, predicate, unique, valid, method }: Row): Index {
  return { name, columns, predicate, unique, valid, method } as Index
}

function toForeignKey({
  name,
  columns,
  references,
  referenced_columns: referencedColumns,
  validated,
  enforced,
  not_enforced: notEnforced,
}: Row): ForeignKey {
  return { name, columns, references, referencedColumns, validated, enforced, notEnforced } as ForeignKey
}
