import { quoteIdentifier, quoteRelation, type Queryable, OWN_MARK } from '@esa/database-catalog/sql'
import { textOf } from '../../review/schema/column-text.ts'
import type { Column, Table } from '@esa/database-catalog'
import { ColumnEncoder, type EncodedTable } from './encoded-table.ts'

/** Rows that one FETCH brings: large enough that round trips do not count, small enough to hold as objects. */
const FETCH_ROWS = 5_000

/** Texts longer than this are compared by their MD5: a column of documents would fill the memory for one comparison. */
const TEXT_CHARS_MAX = 64

/** Longest wait for a table that is being rebuilt, ms: it is looked at another time. */
const LOCK_MS = 3_000

/** Rows of a table as read. */
export interface ReadRows {
  table: EncodedTable
  /** Estimated or counted rows of the whole table. */
  total: number
  /** Fewer than all rows were read, blocks drawn at random. */
  sampled: boolean
}

const TEXTS = new Set(['text', 'varchar', 'bpchar', 'citext', 'name', 'jsonb'])

/** A value as the text by which equal values are equal: 1.50 and 1.5 are one number. */
function comparable(column: Column): string {
  const { name, base } = column
  if (base === 'numeric') return `trim_scale(${quoteIdentifier(name)})::text`
  const text = textOf(column)
  if (!TEXTS.has(base) && !base.startsWith('_')) return text
  return `case when length(${text}) > ${TEXT_CHARS_MAX} then chr(1) || md5(${text}) else ${text} end`
}

/**
 * Reads the given columns of a table, encoded as they arrive. Up to `rowsMax` rows it is all of them; above, blocks are
 * drawn at random, always the same ones, so that two looks at unchanged data agree. @throws the server's error.
 */
export async function readRows(
  session: Queryable,
  table: Table,
  columns: readonly Column[],
  rowsMax: number,
): Promise<ReadRows> {
  const from = quoteRelation(table.schema, table.name)
  await session.query(`select ${OWN_MARK} set_config('lock_timeout', '${LOCK_MS}ms', true)`)
  const { rows: counted } = await session.query(
    `select ${OWN_MARK} count(*)::float8 as n from (select from ${from} limit ${rowsMax + 1}) t`,
  )
  const upTo = counted[0]!['n'] as number
  const sampled = upTo > rowsMax
  const total = sampled ? Math.max(table.rows ?? (await countRows(session, from)), upTo) : upTo
  const drawn = sampled ? ` tablesample system (${(100 * rowsMax) / total}) repeatable (1)` : ''
  const list = columns.map((column, at) => `${comparable(column)} as c${at}`).join(', ')
  await session.query(
    `declare esa_rows no scroll cursor for select ${OWN_MARK} ${list} from ${from}${drawn} limit ${rowsMax}`,
  )
  const encoders = columns.map(({ name }) => new ColumnEncoder(name, Math.min(upTo, rowsMax)))
  const keys = columns.map((_, at) => `c${at}`)
  let read = 0
  for (;;) {
    const { rows } = await session.query(`fetch ${FETCH_ROWS} from esa_rows`)
    for (const row of rows)
      for (const [at, key] of keys.entries()) encoders[at]!.add(row[key] as string | null)
    read += rows.length
    if (rows.length < FETCH_ROWS) break
  }
  return { table: { rows: read, columns: encoders.map((encoder) => encoder.finish()) }, total, sampled }
}

async function countRows(session: Queryable, from: string): Promise<number> {
  const { rows } = await session.query(`select ${OWN_MARK} count(*)::float8 as n from ${from}`)
  return rows[0]!['n'] as number
}
