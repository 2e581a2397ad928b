import type { Queryable } from '@esa/database-catalog/sql'
import { inScope, isOwn } from '@esa/database-catalog'

/** A table of the source whose rows may be copied: never a partitioned parent, always its partitions. */
export interface SourceTable {
  /** Full name, in quotes where needed. */
  relation: string
  /** On the source's disk with its TOAST, without indexes. */
  bytes: number
  /** Names of the columns that hold values of their own, and whether their text may hold a tab, a backslash or a line end. */
  columns: { name: string; escape: boolean }[]
}

/** How much of a table is taken, in percent of its pages. */
export interface TableShare {
  table: SourceTable
  percent: number
}

/** Types of category numeric, boolean and date/time never write what COPY must escape. */
const TABLES = `select c.oid::regclass::text as relation, pg_table_size(c.oid)::float8 as bytes,
    coalesce(json_agg(json_build_object('name', quote_ident(a.attname), 'escape', t.typcategory not in ('N', 'B', 'D')) order by a.attnum) filter (where a.attname is not null), '[]') as columns
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
  left join pg_type t on t.oid = a.atttypid
  where c.relkind = 'r' and c.relpersistence <> 't' and ${inScope('n')} and ${isOwn('pg_class', 'c.oid')}
  group by c.oid order by pg_table_size(c.oid), c.oid`

/** The tables of the given schemas (null: all of the user's), the smallest first. */
export async function sourceTables(session: Queryable, schemas: string[] | null): Promise<SourceTable[]> {
  const { rows } = await session.query(TABLES, [schemas])
  return rows as unknown as SourceTable[]
}

/**
 * Divides `maxBytes` among tables, the smallest first: small tables are taken whole, and what they leave is shared evenly by
 * the large ones. References need whole small tables, and measurements need many rows of large ones.
 */
export function shareBytes(tables: readonly SourceTable[], maxBytes: number): TableShare[] {
  let left = maxBytes
  return tables
    .toSorted((a, b) => a.bytes - b.bytes)
    .map((table, index) => {
      const share = left / (tables.length - index)
      const percent = table.bytes <= share ? 100 : (share / table.bytes) * 100
      left -= Math.min(table.bytes, share)
      return { table, percent }
    })
}

/** A table's row as COPY's text format writes it, made by its server in one value: any driver carries that, and fast. */
export function lineOf({ columns }: SourceTable): string {
  const cells = columns.map(({ name, escape }) => {
    const text = `${name}::text`
    const escaped = `replace(replace(replace(replace(${text}, '\\', '\\\\'), chr(9), '\\t'), chr(10), '\\n'), chr(13), '\\r')`
    return `coalesce(${escape ? escaped : text}, '\\N')`
  })
  return cells.length === 0 ? `''` : cells.join(' || chr(9) || ')
}
