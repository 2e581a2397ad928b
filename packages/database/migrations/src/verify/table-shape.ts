import { quoteRelation, type Queryable, OWN_MARK } from '@esa/database-catalog/sql'
import { OF_THE_APPLICATION } from '@esa/database-catalog'

/** A column, known by its number, which a rename keeps. */
export interface ColumnShape {
  nth: number
  name: string
  /** Its type with length and precision, as SQL. */
  type: string
  /** False for types that a migration may drop: enums, domains, composites, types of extensions. */
  builtin: boolean
  /** Computed from other columns: it holds nothing of its own. */
  generated: boolean
}

/** A foreign key of a table: its columns, and those of the table it points to. */
interface LinkShape {
  columns: number[]
  to: string
  toColumns: number[]
  /** True when rows go or change with the row they point to. */
  follows: boolean
}

/** A table, known by its oid, which a rename keeps. Partitions are part of their root. */
export interface TableShape {
  oid: string
  schema: string
  name: string
  kind: 'table' | 'partitioned'
  /** The root, for a partition. */
  rootOid: string | null
  columns: ColumnShape[]
  /** Columns that tell its rows apart, all NOT NULL: the primary key, else another unique one; null without. */
  key: number[] | null
  links: LinkShape[]
}

/** Schemas that hold nothing of the owner's: the server's, and our own records. */
const TABLES = `select ${OWN_MARK} c.oid::text, n.nspname as schema, c.relname as name,
  case c.relkind when 'p' then 'partitioned' else 'table' end as kind,
  case when c.relispartition then pg_partition_root(c.oid)::oid::text end as "rootOid",
  (select coalesce(json_agg(json_build_object('nth', a.attnum, 'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
      'builtin', tn.nspname = 'pg_catalog', 'generated', a.attgenerated <> '') order by a.attnum), '[]')
    from pg_attribute a join pg_type t on t.oid = a.atttypid join pg_namespace tn on tn.oid = t.typnamespace
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
  (select i.indkey::int2[] from pg_index i where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indpred is null
      and i.indexprs is null and not exists (select from unnest(i.indkey::int2[]) k join pg_attribute a
        on a.attrelid = c.oid and a.attnum = k where not a.attnotnull)
    order by i.indisprimary desc, i.indnkeyatts limit 1) as key,
  (select coalesce(json_agg(json_build_object('columns', f.conkey, 'to', f.confrelid::oid::text, 'toColumns', f.confkey,
      'follows', f.confdeltype in ('c', 'n', 'd') or f.confupdtype in ('c', 'n', 'd'))), '[]')
    from pg_constraint f where f.conrelid = c.oid and f.contype = 'f') as links
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and c.relpersistence <> 't' and ${OF_THE_APPLICATION}
    and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
  order by n.nspname, c.relname`

/** Every table of a database that holds rows of its owner, partitions included. */
export async function tableShapes(queryable: Queryable): Promise<TableShape[]> {
  return (await queryable.query(TABLES)).rows as unknown as TableShape[]
}

/** Where a table's rows are read: those of children that merely inherit are the children's own. */
export function rowsOf({ kind, schema, name }: Pick<TableShape, 'kind' | 'schema' | 'name'>): string {
  return `${kind === 'table' ? 'only ' : ''}${quoteRelation(schema, name)}`
}

/** `schema.name`, as findings have it. */
export function nameOf({ schema, name }: Pick<TableShape, 'schema' | 'name'>): string {
  return `${schema}.${name}`
}

/** Labels of enums that were renamed, by the type's name: `[now, before]`. */
export type RenamedLabels = Map<string, [now: string, before: string][]>
