import { EsaError } from '@esa/protocol'
import { quoteIdentifier, type Queryable, OWN_MARK } from '@esa/database-catalog/sql'
import { own } from './keep-before.ts'
import { type ColumnShape, rowsOf, type TableShape, tableShapes } from './table-shape.ts'

/** What one column's values come to, whatever the order of the rows. */
interface ColumnDigest {
  /** How many are not NULL. */
  values: string
  checksum: string
}

/**
 * What a table's rows come to, whatever their order: how many there are, a checksum over whole rows, and one over each
 * column, by its number. A checksum is the sum, without overflow, of a 64-bit hash of each text: one changed value goes
 * unseen once in 2^64, and equal rows cannot cancel out as in a XOR. It guards against accidents, not against forgery.
 */
export interface Digest {
  rows: string
  whole: string
  columns: Map<number, ColumnDigest>
}

/** Represents NULL among texts; a text that is the same would have to be meant. */
const NULL_MARK = `E'\\x01\\x02NULL'`

/** Byte by byte: a collation that takes two texts for one must not hide a change. */
function textOf({ nth, name, type }: ColumnShape, before: Map<number, string>): string {
  const value = quoteIdentifier(name)
  const was = before.get(nth)
  const back = was === undefined || was === type ? value : `(${value})::${was}`
  return `${back}::text collate pg_catalog."C" as t${nth}`
}

/**
 * Digests the given columns of a table on the server, which keeps nothing but the sums in memory. A column whose type in
 * `before` is another one is cast back to it first. @throws the server's error, of class 22 when a value does not go back.
 */
export async function digestTable(
  session: Queryable,
  table: TableShape,
  columns: ColumnShape[],
  before: Map<number, string> = new Map(),
): Promise<Digest> {
  const single = columns.map(
    ({ nth }) =>
      `count(t${nth})::text as n${nth}, coalesce(sum(hashtextextended(t${nth}, 0)), 0)::text as s${nth}`,
  )
  // Each column's hash is the seed of the next: a value that moves to another row or column changes the row's.
  const row = columns.reduce(
    (seed, { nth }) => `hashtextextended(coalesce(t${nth}, ${NULL_MARK}), ${seed})`,
    '0',
  )
  const sums = [`count(*)::text as rows`, `coalesce(sum(${row}), 0)::text as whole`, ...single]
  const texts = columns.map((column) => textOf(column, before))
  // OFFSET 0 keeps the planner from writing each text out twice.
  const { rows } = await session.query(
    `select ${OWN_MARK} ${sums.join(', ')} from (select ${texts.join(', ')} from ${rowsOf(table)} offset 0) r`,
  )
  const found = rows[0]!
  return {
    rows: String(found['rows']),
    whole: String(found['whole']),
    columns: new Map(
      columns.map(({ nth }) => [
        nth,
        { values: String(found[`n${nth}`]), checksum: String(found[`s${nth}`]) },
      ]),
    ),
  }
}

/** Digests a table by its name, every column by itself as well. @throws EsaError `database.schema` (terminal) when there is none. */
export async function checksumTable(queryable: Queryable, schema: string, name: string): Promise<Digest> {
  const table = (await tableShapes(queryable)).find((one) => one.schema === schema && one.name === name)
  if (table !== undefined) return await digestTable(queryable, table, own(table))
  throw new EsaError('database.schema', 'terminal', `there is no table ${schema}.${name}`)
}
