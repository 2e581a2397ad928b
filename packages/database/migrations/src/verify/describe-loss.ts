import type { Queryable } from '@esa/database-catalog/sql'
import { AS_WRITTEN, keyOf, type Reading } from './compare-rows.ts'
import { type KeptTable, keptColumn } from './keep-before.ts'
import { type ColumnShape, rowsOf, type TableShape } from './table-shape.ts'

/** Kinds of change between a text before (`b`) and after (`v`), the first that fits a row is its. */
const KINDS: [name: string, condition: string][] = [
  ['became NULL', 'v is null'],
  ['were NULL and are not', 'b is null'],
  ['were cut', `v <> b and length(v) < length(b) and starts_with(b, v)`],
  ['changed only in upper and lower case', 'lower(v) = lower(b)'],
  ['lost blanks', `regexp_replace(v, '\\s', '', 'g') = regexp_replace(b, '\\s', '', 'g')`],
  ['hold something else', 'true'],
]

/** How the values of a column differ, in words: how many of each kind, and the key of one of them. Values are not shown. */
export async function describeLoss(
  session: Queryable,
  kept: KeptTable,
  self: TableShape,
  reading: Reading,
  column: ColumnShape,
  count: number,
): Promise<string> {
  const now = self.columns.find(({ nth }) => nth === column.nth)
  const turned = now === undefined || now.type === column.type ? '' : ` as ${column.type} became ${now.type}`
  const head = `${count} of ${kept.rows} values${turned}`
  const key = keyOf(kept, reading)
  const value = reading.get(column.nth)
  if (key === null || value === undefined || value.join !== undefined) return `${head} are not what they were`
  const keys = kept.columns.filter(({ nth }) => key.includes(nth))
  const on = keys.map(({ nth }) => `${reading.get(nth)!.sql} = k.c${nth}`).join(' and ')
  const named = keys
    .map(({ name, nth }) => `'${name.replaceAll("'", "''")} = ' || k.c${nth}`)
    .join(` || ', ' || `)
  const kind = KINDS.map(([name, condition]) => `when ${condition} then '${name}'`).join(' ')
  const { rows } = await session.query(
    `select kind, count(*)::int as rows, min(example) as example from (
       select case ${kind} end as kind, example from (
         select k.${keptColumn(column)} as b, ${value.sql} ${AS_WRITTEN} as v, ${named} as example from ${kept.kept} k join ${rowsOf(self)} a on ${on}) p
       where b is distinct from v) q group by kind order by 2 desc`,
  )
  const parts = rows.map((row) => `${String(row['rows'])} ${String(row['kind'])}`)
  return `${head} are not what they were: ${parts.join(', ')} (like ${String(rows[0]?.['example'])})`
}
