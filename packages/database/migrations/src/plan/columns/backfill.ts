import { quoteDotted } from '@esa/database-catalog'
import type { Table } from '../model/catalog.ts'
import type { Draft } from '../model/draft.ts'

/** Rows of one batch: some tens of milliseconds, which is how long a writer may have to wait for a row. */
const BATCH_ROWS = 1_000

/** What rows of the table `t` are given. */
interface Filling {
  about: string
  columns: string[]
  set: string
  where: string
}

/** A walk over the table that fills rows where `where` holds; afterwards it holds for none. */
export function backfill(draft: Draft, table: Table, { about, columns, set, where }: Filling): void {
  const { relation } = table
  draft.filled.add(relation)
  draft.add('backfill', {
    kind: 'backfill',
    about,
    relation,
    key: walkKey(table),
    sql: `UPDATE ${quoteDotted(relation)} AS t SET ${set} WHERE $RANGE AND ${where}`,
    fills: columns.map((column) => `${relation}.${column}`),
    batchRows: BATCH_ROWS,
  })
}

/** A copy of the rows that `sql` makes, walking the table. */
export function copyRows(draft: Draft, table: Table, about: string, sql: string, fills: string[]): void {
  draft.add('backfill', {
    kind: 'backfill',
    about,
    relation: table.relation,
    key: walkKey(table),
    sql,
    fills,
    batchRows: BATCH_ROWS,
  })
}

/** The primary key; without one the walk follows the places of the rows. */
function walkKey(table: Table): { column: string; type: string }[] {
  const key = table.constraints.find(({ type }) => type === 'p')?.columns
  if (key === undefined) return [{ column: 'ctid', type: 'tid' }]
  return key.map((name) => ({
    column: name,
    type: table.columns.find((column) => column.name === name)!.type,
  }))
}
