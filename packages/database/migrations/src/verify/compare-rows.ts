import { quoteIdentifier, sqlState, type Queryable } from '@esa/database-catalog/sql'
import { type Candidate, literal } from './column-readings.ts'
import { type KeptTable, keptColumn, own } from './keep-before.ts'
import { type ColumnShape, type RenamedLabels, rowsOf, type TableShape } from './table-shape.ts'

/** Where each column of a kept table is read from the rows after, by its number; a column that is left out is read nowhere. */
export type Reading = Map<number, Candidate>

/** What a comparison found: rows that are gone, and by column how many values are not what they were. */
export interface Difference {
  missing: number
  columns: Map<number, number>
}

/** Rows that a candidate is tried on before it is tried on all: most candidates are wrong from the first row. */
const TRIAL_ROWS = 50

/** Classes of SQLSTATE that say that an expression does not fit the values: that candidate is none. */
const MISFITS = new Set(['22', '42', '21', '0A', '3F'])

/** Texts are equal when they are the same: a collation of their column may take others for equal. */
export const AS_WRITTEN = 'collate pg_catalog."default"'

interface From {
  joins: string
  sqlOf: (nth: number) => string | undefined
}

/** The other tables that a reading needs, each under a name of its own. */
function fromOf(reading: Reading): From {
  const joins: string[] = []
  const sql = new Map<number, string>()
  for (const [nth, { sql: value, join }] of reading) {
    if (join === undefined) sql.set(nth, value)
    else {
      const alias = `j${nth}`
      joins.push(join.replace(/\) j on j\.k/, `) ${alias} on ${alias}.k`))
      sql.set(nth, `${alias}.v`)
    }
  }
  return { joins: joins.join(' '), sqlOf: (nth) => sql.get(nth) }
}

/** The rows after as a subquery of texts, `k` first: the key's columns, then every column that the reading has. */
export function readRows(self: TableShape, reading: Reading): string {
  const { joins, sqlOf } = fromOf(reading)
  const values = [...reading.keys()].map((nth) => `${sqlOf(nth)} ${AS_WRITTEN} as v${nth}`)
  return `(select ${values.join(', ')} from ${rowsOf(self)} a ${joins})`
}

/** Columns of the kept table whose readings tell its rows apart; null where a part of the key is read nowhere. */
export function keyOf(kept: KeptTable, reading: Reading): number[] | null {
  return kept.key !== null && kept.key.every((nth) => reading.has(nth)) ? kept.key : null
}

/**
 * Compares all rows of a kept table with what a reading of a table gives now, by the key, or as multisets where there is
 * none. In a `fillable` column a NULL may have become a value.
 */
export async function compareRows(
  session: Queryable,
  kept: KeptTable,
  self: TableShape,
  reading: Reading,
  fillable: ReadonlySet<number> = new Set(),
): Promise<Difference> {
  const key = keyOf(kept, reading)
  if (key === null) return await compareMultisets(session, kept, self, reading)
  const columns = own(kept).filter(({ nth }) => reading.has(nth))
  const counts = columns.map(
    (column) =>
      `count(*) filter (where a.here and ${fillable.has(column.nth) ? `b.${keptColumn(column)} is not null and ` : ''}b.${keptColumn(column)} is distinct from a.v${column.nth})::float8 as d${column.nth}`,
  )
  const on = key.map((nth) => `a.v${nth} = b.c${nth}`).join(' and ')
  const distinct = `select distinct on (${key.map((nth) => `v${nth}`).join(', ')}) *, true as here from ${readRows(self, reading)} r`
  const { rows } = await session.query(
    `select count(*) filter (where a.here is null)::float8 as missing, ${counts.join(', ')}
     from ${kept.kept} b left join (${distinct}) a on ${on}`,
  )
  const row = rows[0]!
  return { missing: Number(row['missing']), columns: countsOf(columns, row) }
}

async function compareMultisets(
  session: Queryable,
  kept: KeptTable,
  self: TableShape,
  reading: Reading,
): Promise<Difference> {
  const columns = own(kept).filter(({ nth }) => reading.has(nth))
  const all = columns.map(({ nth }) => nth)
  const missing = await notFound(session, kept, self, reading, all)
  if (missing === 0) return { missing: 0, columns: new Map() }
  const found = new Map<number, number>()
  for (const nth of all) {
    const count = await notFound(session, kept, self, reading, [nth])
    if (count > 0) found.set(nth, count)
  }
  const { rows } = await session.query(`select count(*)::float8 as rows from ${rowsOf(self)}`)
  const gone = Math.max(0, kept.rows - Number(rows[0]?.['rows']))
  // Without a key a changed row is one that is gone and one that is new: the columns are named only when no row is.
  if (gone === 0 && found.size > 0) return { missing: 0, columns: found }
  return { missing: Math.max(gone, missing), columns: new Map() }
}

/** How many rows, as far as these columns tell, are not among the rows after. */
export async function notFound(
  session: Queryable,
  kept: KeptTable,
  self: TableShape,
  reading: Reading,
  columns: number[],
): Promise<number> {
  const before = columns.map((nth) => `c${nth}`).join(', ')
  const after = columns.map((nth) => `v${nth}`).join(', ')
  const { rows } = await session.query(
    `select count(*)::float8 as rows from (select ${before} from ${kept.kept} except all select ${after} from ${readRows(self, reading)} r) d`,
  )
  return Number(rows[0]?.['rows'])
}

function countsOf(columns: ColumnShape[], row: Record<string, unknown>): Map<number, number> {
  return new Map(
    columns
      .map(({ nth }): [number, number] => [nth, Number(row[`d${nth}`])])
      .filter(([, count]) => count > 0),
  )
}

/** True when the candidate gives back the column's value in every row that is still there. */
export async function givesBack(
  session: Queryable,
  kept: KeptTable,
  self: TableShape,
  reading: Reading,
  { nth }: ColumnShape,
  candidate: Candidate,
): Promise<boolean> {
  const key = keyOf(kept, reading)
  const tried: Reading = new Map(reading).set(nth, candidate)
  if (key === null) {
    const kin = own(kept)
      .map((column) => column.nth)
      .filter((one) => tried.has(one))
    return await holds(async () => (await notFound(session, kept, self, tried, kin)) === 0)
  }
  const { joins, sqlOf } = fromOf(new Map([...tried].filter(([one]) => one === nth || key.includes(one))))
  const differing = (rows: string): string =>
    `select exists (select from ${rows} b join ${rowsOf(self)} a on ${key.map((one) => sameKey(tried, one)).join(' and ')} ${joins}
     where b.c${nth} is distinct from ${sqlOf(nth)} ${AS_WRITTEN}) as differs`
  const trial = `(select * from ${kept.kept} order by c${nth} nulls last limit ${TRIAL_ROWS})`
  return await holds(async () => {
    for (const rows of kept.rows > TRIAL_ROWS ? [trial, kept.kept] : [kept.kept]) {
      const answer = await session.query(differing(rows))
      if (answer.rows[0]?.['differs'] === true) return false
    }
    return true
  })
}

/** By its own type a key is looked up in its index; as text every row would be read for every candidate. */
function sameKey(reading: Reading, nth: number): string {
  const { sql, plain } = reading.get(nth)!
  return plain === undefined
    ? `${sql} ${AS_WRITTEN} = b.c${nth}`
    : `a.${quoteIdentifier(plain.name)} = b.c${nth}::${plain.type}`
}

async function holds(test: () => Promise<boolean>): Promise<boolean> {
  try {
    return await test()
  } catch (error) {
    if (MISFITS.has(sqlState(error)?.slice(0, 2) ?? '')) return false
    throw error
  }
}

/** True when a column held nothing but NULL: there was nothing to lose. */
export async function heldNothing(
  session: Queryable,
  kept: KeptTable,
  column: ColumnShape,
): Promise<boolean> {
  const { rows } = await session.query(
    `select exists (select from ${kept.kept} where ${keptColumn(column)} is not null) as held`,
  )
  return rows[0]?.['held'] !== true
}

/** True when a column held one value at most beside NULL: any column of one value can be computed into it. */
export async function heldOne(session: Queryable, kept: KeptTable, column: ColumnShape): Promise<boolean> {
  const value = keptColumn(column)
  const { rows } = await session.query(
    `select not exists (select from ${kept.kept} where ${value} <> (select min(${value}) from ${kept.kept})) as one`,
  )
  return rows[0]?.['one'] === true
}

/** The reading of columns that are still there: each by itself, as text, an enum's renamed labels by their old names. */
export function plainReading(columns: ColumnShape[], renamed: RenamedLabels): Reading {
  return new Map(
    columns.map((column): [number, Candidate] => {
      const plain = { name: column.name, type: column.type }
      const text = `a.${quoteIdentifier(column.name)}::text`
      const labels = renamed.get(column.type)
      if (labels === undefined) return [column.nth, { sql: text, about: column.name, plain }]
      const whens = labels.map(([now, before]) => `when ${literal(now)} then ${literal(before)}`)
      return [column.nth, { sql: `case ${text} ${whens.join(' ')} else ${text} end`, about: column.name }]
    }),
  )
}

/** True when the key of a kept table does not tell the rows of another one apart, as when two tables became one. */
export async function sharesKeys(
  session: Queryable,
  kept: KeptTable,
  self: TableShape,
  reading: Reading,
): Promise<boolean> {
  const key = keyOf(kept, reading)
  if (key === null) return false
  const columns = key.map((nth) => `v${nth}`).join(', ')
  const { rows } = await session.query(
    `select exists (select from ${readRows(self, reading)} r group by ${columns} having count(*) > 1) as shares`,
  )
  return rows[0]?.['shares'] === true
}
