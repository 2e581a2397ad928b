import { quoteIdentifier, type Queryable } from '@esa/database-catalog/sql'
import { options, newName, quoteDotted, sibling } from '@esa/database-catalog'
import type { Table } from '../model/catalog.ts'
import { alter, alterColumn } from './column-sql.ts'

/** What hangs on a table and is compared by no catalog: a second table in its place must have it as well. */
export interface Besides {
  /** Publications that send its rows, or those of its partitions, to subscribers. */
  publications: string[]
  /** As in pg_class: by the primary key, by nothing, by the full row, by an index of its own. */
  replicaIdentity: 'd' | 'n' | 'f' | 'i'
  /** What ALTER COLUMN sets besides type, default and NOT NULL. */
  columns: { name: string; set: string }[]
  comments: Comment[]
  /** Its extended statistics, `schema.name`. */
  statistics: string[]
}

/** `name` is null for the table's own. */
interface Comment {
  on: 'table' | 'column' | 'constraint' | 'index' | 'trigger'
  name: string | null
  text: string
}

const COLUMNS = `select a.attnum, a.attname as name, change as set from pg_attribute a join pg_type t on t.oid = a.atttypid
  cross join lateral unnest(array[
    case when a.attstorage <> t.typstorage then 'SET STORAGE ' || case a.attstorage
      when 'p' then 'PLAIN' when 'e' then 'EXTERNAL' when 'm' then 'MAIN' else 'EXTENDED' end end,
    case a.attcompression when 'p' then 'SET COMPRESSION pglz' when 'l' then 'SET COMPRESSION lz4' end,
    case when coalesce(a.attstattarget, -1) >= 0 then 'SET STATISTICS ' || a.attstattarget end,
    nullif(${options('a.attoptions', 'SET ')}, '')]) change
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and change is not null`

const COMMENTS = `select case d.objsubid when 0 then 'table' else 'column' end as on, a.attname as name, d.description as text
    from pg_description d left join pg_attribute a on a.attrelid = d.objoid and a.attnum = d.objsubid and d.objsubid > 0
    where d.classoid = 'pg_class'::regclass and d.objoid = c.oid
  union all select 'constraint', k.conname, obj_description(k.oid, 'pg_constraint') from pg_constraint k where k.conrelid = c.oid
  union all select 'index', i.relname, obj_description(i.oid, 'pg_class') from pg_index x join pg_class i on i.oid = x.indexrelid
    where x.indrelid = c.oid
  union all select 'trigger', t.tgname, obj_description(t.oid, 'pg_trigger') from pg_trigger t
    where t.tgrelid = c.oid and not t.tgisinternal`

const BESIDES = `select c.relreplident as "replicaIdentity",
    array(select distinct p.pubname::text from pg_publication_tables p
      where to_regclass(format('%I.%I', p.schemaname, p.tablename)) in (select c.oid union select relid from pg_partition_tree(c.oid))
      order by 1) as publications,
    (select coalesce(json_agg(s order by s.attnum), '[]') from (${COLUMNS}) s) as columns,
    (select coalesce(json_agg(m), '[]') from (${COMMENTS}) m where m.text is not null) as comments,
    array(select n.nspname || '.' || s.stxname from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace
      where s.stxrelid = c.oid order by s.oid) as statistics
  from pg_class c where c.oid = $1::regclass`

/** Reads it on a session. @throws the server's error. */
export async function readBesides(session: Queryable, relation: string): Promise<Besides> {
  const { rows } = await session.query(BESIDES, [quoteDotted(relation)])
  return rows[0] as unknown as Besides
}

/** Statements that give it to a copy of the form `to`, whose parts still have passing names, and to its partitions. */
export function besidesOfCopy(
  { replicaIdentity, columns, comments }: Besides,
  to: Table,
  copy: string,
  partitions: readonly Table[],
): string[] {
  const has = ({ on, name }: Comment): boolean =>
    on === 'table' ||
    on === 'column' ||
    (on === 'constraint' && to.constraints.some((one) => one.name === name)) ||
    (on === 'index' && [...to.constraints, ...to.indexes].some((one) => one.name === name))
  const identity = { f: 'FULL', n: 'NOTHING', d: undefined, i: undefined }[replicaIdentity]
  return [
    ...(identity === undefined
      ? []
      : [copy, ...partitions.map(({ relation }) => relation)].map((table) =>
          alter(table, `REPLICA IDENTITY ${identity}`),
        )),
    ...columns.map(({ name, set }) => alterColumn(copy, name, set)),
    ...comments.filter(has).map((comment) => commentSql(comment, copy, newName)),
  ]
}

/** A comment on a table, or on a part of it that is called otherwise meanwhile. */
export function commentSql(
  { on, name, text }: Comment,
  relation: string,
  part: (name: string) => string = (same) => same,
): string {
  const table = quoteDotted(relation)
  const what = {
    table: () => table,
    column: () => `${table}.${quoteIdentifier(name!)}`,
    constraint: () => `${quoteIdentifier(part(name!))} ON ${table}`,
    index: () => quoteDotted(sibling(relation, part(name!))),
    trigger: () => `${quoteIdentifier(name!)} ON ${table}`,
  }[on]()
  return `COMMENT ON ${on.toUpperCase()} ${what} IS '${text.replaceAll("'", "''")}';`
}
