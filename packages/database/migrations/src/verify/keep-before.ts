import { quoteIdentifier, type Queryable } from '@esa/database-catalog/sql'
import {
  type ColumnShape,
  keyOf,
  type RenamedLabels,
  rowsOf,
  type TableShape,
  tableShapes,
} from './table-shape.ts'

/** Where the rows before are kept, on the copy. */
const BEFORE = 'esa_before'

/** A table before a migration, and where its rows are kept. */
export interface KeptTable extends TableShape {
  kept: string
  rows: number
  key: number[] | null
}

/** The column of a kept table that holds a column's values as text. */
export function keptColumn({ nth }: Pick<ColumnShape, 'nth'>): string {
  return `c${nth}`
}

/**
 * Keeps every row of a copy as text, under names that depend on nothing a migration may drop or rename. Tables without
 * rows have nothing to lose and are left out.
 */
export async function keepBefore(
  session: Queryable,
  onProgress: (done: number, of: number) => void,
): Promise<KeptTable[]> {
  // Of the migration before this one, on the same copy.
  await session.query(`drop schema if exists ${BEFORE} cascade; create schema ${BEFORE}`)
  const roots = (await tableShapes(session)).filter(({ root }) => root === null)
  const kept: KeptTable[] = []
  for (const [nth, table] of roots.entries()) {
    onProgress(nth, roots.length)
    if (own(table).length === 0) continue
    const name = `${BEFORE}.t${table.oid}`
    const columns = own(table).map(
      (column) =>
        `${quoteIdentifier(column.name)}::text collate pg_catalog."default" as ${keptColumn(column)}`,
    )
    await session.query(`create unlogged table ${name} as select ${columns.join(', ')} from ${rowsOf(table)}`)
    const { rows } = await session.query(`select count(*)::float8 as rows from ${name}`)
    const count = Number(rows[0]?.['rows'])
    if (count > 0) kept.push({ ...table, kept: name, rows: count, key: keyOf(table) })
  }
  // A label keeps its oid when it is renamed: that is not a lost value.
  await session.query(
    `create table ${BEFORE}.labels as select oid::bigint as label, enumlabel::text as name from pg_enum`,
  )
  await session.query(`do $$ declare t record; begin
    for t in select tablename from pg_tables where schemaname = '${BEFORE}' loop
      execute format('analyze ${BEFORE}.%I', t.tablename); end loop; end $$`)
  onProgress(roots.length, roots.length)
  return kept
}

/** The columns that hold something of their own. */
export function own({ columns }: TableShape): ColumnShape[] {
  return columns.filter(({ generated }) => !generated)
}

/** The labels of enums that a migration has renamed. */
export async function renamedLabels(session: Queryable): Promise<RenamedLabels> {
  const { rows } = await session.query(
    `select format_type(e.enumtypid, null) as type, json_agg(json_build_array(e.enumlabel, l.name)) as labels
     from pg_enum e join ${BEFORE}.labels l on l.label = e.oid::bigint where l.name <> e.enumlabel group by 1`,
  )
  return new Map(rows.map(({ type, labels }) => [String(type), labels as [string, string][]]))
}
