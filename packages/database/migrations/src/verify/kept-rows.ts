import { onOwnPath, type Queryable } from '@esa/database-catalog/sql'
import { type Digest, digestTable } from './digest.ts'
import { own } from './keep-before.ts'
import { type ColumnShape, type TableShape, tableShapes } from './table-shape.ts'

/** The rows of a table before a step, as checksums; `columns` are those that held a value. */
export interface Kept {
  table: TableShape
  columns: ColumnShape[]
  digest: Digest
}

/** Digests the rows of a table. What was NULL throughout may be filled: it is left out of the checksum of whole rows. */
export async function keepRowsOf(session: Queryable, table: TableShape): Promise<Kept> {
  const all = await digestTable(session, table, own(table))
  const columns = own(table).filter(({ nth }) => all.columns.get(nth)?.values !== '0')
  const digest = columns.length === own(table).length ? all : await digestTable(session, table, columns)
  return { table, columns, digest }
}

/**
 * True when the table holds every row that it held, and no other; a changed type is cast back.
 * @throws the server's error where values cannot be cast back (classes 22 and 42).
 */
export async function hasSameRows(session: Queryable, { table, columns, digest }: Kept): Promise<boolean> {
  const [now] = await onOwnPath(session, () => tableShapes(session, table.oid))
  if (now === undefined) return false
  const still = now.columns.filter(({ nth }) => columns.some((column) => column.nth === nth))
  if (still.length < columns.length) return false
  const after = await digestTable(session, now, still, new Map(columns.map(({ nth, type }) => [nth, type])))
  return after.rows === digest.rows && after.whole === digest.whole
}
