import { type Finding, quoteIdentifier, type Queryable, OWN_MARK } from '@esa/database-catalog/sql'
import { textOf } from '../schema/column-text.ts'
import type { ColumnStatistics } from '../schema/column-statistics.ts'
import { createUniqueIndex, setNotNull, sqlName } from '../schema/fix-text.ts'
import type { Check, Question } from '../schema/look.ts'
import { type Table, foreignKeysOf, keysOf } from '@esa/database-catalog'

/** Rows from which on a habit of the data shows. */
const ROWS_MIN = 20
/** Rows above which duplicates are not counted, as that sorts the column. */
const ROWS_MAX = 2_000_000
/** Share of different values from which on a column is meant to be a key. */
const KEY_SHARE_MIN = 0.9
/** Share of repeating rows up to which they are mistakes: where every second row repeats, no key was intended. */
const MISTAKES_MAX = 0.1
/** Rows, and share of different values, from which on a column that is the very name of its rows is meant to be a key. */
const OWN_NAME = { rowsMin: 3, keyShareMin: 0.5, mistakesMax: 0.5 }
const LIKE_A_KEY = { rowsMin: ROWS_MIN, keyShareMin: KEY_SHARE_MIN, mistakesMax: MISTAKES_MAX }

/** Share of NULLs up to which they look like accidents. */
const STRAY_NULLS_MAX = 0.05

/** Names by which people look a thing up. */
const KEY_NAME =
  /(?:^|_)(?:email|e_mail|username|user_name|login|slug|sku|isbn|ean|iban|uuid|guid|ssn|vin|serial|serial_no|serial_number|token|handle|code|key|external_id|external_ref|external_key|reference)$|(?:^|_)(?:order|invoice|account|customer|product|ticket|tracking|passport)_(?:no|nr|number|code)$/i
/** What a table calls its own key: id, uuid, or its own name with an ending. */
function isOwnName({ name: table }: Table, name: string): boolean {
  if (/^(?:id|uuid|guid|pk)$/i.test(name)) return true
  const stem = /^(.+?)_?(?:id|uuid|guid|no|nr|number|code|key)$/i.exec(name)?.[1]?.toLowerCase()
  const whole = table.toLowerCase()
  return stem !== undefined && [stem, `${stem}s`, `${stem}es`, `${stem.replace(/y$/, '')}ies`].includes(whole)
}

/** Names of what every row has. */
const NEEDED_NAME =
  /(?:^|_)(?:email|name|title|created_at|created_on|status|type|amount|quantity|price)$|_id$/i

/** Columns that are meant to be unique, or always there, and are not quite; counted on the rows. */
export const checkIntendedKeys: Check = async ({ tables, statistics }, look) => {
  const questions: Question[] = []
  const uncounted: Finding[] = []
  for (const table of tables.filter(({ readable, partition }) => readable && !partition)) {
    const known = statistics.get(table.relation)
    const rows = Math.max(table.rows ?? 0, ...[...(known?.values() ?? [])].map((column) => column.rows))
    if (known === undefined) continue
    if (rows > ROWS_MAX) {
      uncounted.push(...keysUncounted(table, known, rows))
      continue
    }
    for (const [name, column] of known) {
      const habit = keyHabit(table, name, column)
      if (habit !== null) questions.push(countDuplicates(table, [name], habit.mistakesMax))
      if (hasStrayNulls(table, name, column)) questions.push(countNulls(table, name))
    }
    const pair = junction(table)
    if (pair !== null) questions.push(countDuplicates(table, pair))
    else if (keysOf(table).length === 0) questions.push(countTwins(table))
  }
  return [...(await look.each(questions)), ...uncounted]
}

/** Counting sorts the rows: of a large table it is only said what was not looked at. */
function keysUncounted(table: Table, known: ReadonlyMap<string, ColumnStatistics>, rows: number): Finding[] {
  const names = [...known].flatMap(([name, column]) => (keyHabit(table, name, column) ? [name] : []))
  const keys = [...names.map((name) => [name]), ...[junction(table)].filter((pair) => pair !== null)]
  return keys.map((columns) => {
    const list = columns.map(quoteIdentifier).join(', ')
    return {
      kind: 'duplicates-uncounted',
      severity: 'info',
      relation: table.relation,
      message: `${columns.join(', ')} should name one row, and nothing keeps it so; among about ${rows} rows duplicates were not counted`,
      evidence: { columns, rows, rowsMax: ROWS_MAX },
      fix: `-- in a quiet hour:\nSELECT ${list}, count(*) FROM ${sqlName(table)} GROUP BY ${list} HAVING count(*) > 1;`,
    }
  })
}

/** How a column is held to be a key, by its name and its data; null: it is none, or is kept as one. */
function keyHabit(
  table: Table,
  name: string,
  { distinct, nulls, rows }: ColumnStatistics,
): typeof LIKE_A_KEY | null {
  const isPartOfKey = keysOf(table).some(({ columns }) => columns.includes(name))
  const inUnique = table.indexes.some(
    ({ unique, valid, columns, partial }) => unique && valid && partial && columns.includes(name),
  )
  // An expression index, as on lower(email), has no column to see: it may well be the key.
  const byExpression = table.indexes.some(
    ({ unique, valid, columns }) => unique && valid && columns.includes(null),
  )
  const linked = foreignKeysOf(table).some(({ columns }) => columns.includes(name))
  if (isPartOfKey || inUnique || byExpression || linked) return null
  // A table that has a key may well repeat what another table calls its own.
  const own = isOwnName(table, name) && keysOf(table).length === 0
  const habit = own ? OWN_NAME : LIKE_A_KEY
  if (!own && !isOwnName(table, name) && !KEY_NAME.test(name)) return null
  return rows >= habit.rowsMin && distinct >= habit.keyShareMin * rows * (1 - nulls) ? habit : null
}

function hasStrayNulls(table: Table, name: string, { nulls, rows }: ColumnStatistics): boolean {
  const column = table.columns.find((other) => other.name === name)
  return (
    !column!.notNull && NEEDED_NAME.test(name) && rows >= ROWS_MIN && nulls > 0 && nulls <= STRAY_NULLS_MAX
  )
}

/** The two references of a table that only links: the pair is its key. */
function junction(table: Table): string[] | null {
  const [a, b, ...more] = [...new Map(foreignKeysOf(table).map((key) => [key.columns.join(), key])).values()]
  const isKeyed = keysOf(table).some(
    ({ columns }) => a && b && [...a.columns, ...b.columns].some((name) => columns.includes(name)),
  )
  if (
    !a ||
    !b ||
    more.length > 0 ||
    isKeyed ||
    table.columns.length > a.columns.length + b.columns.length + 2
  )
    return null
  return [...a.columns, ...b.columns]
}

function countDuplicates(table: Table, columns: string[], mistakesMax = MISTAKES_MAX): Question {
  const list = columns.map(quoteIdentifier).join(', ')
  const texts = columns.map((name) => textOf(table.columns.find((column) => column.name === name)!))
  const ask = async (session: Queryable): Promise<Finding[]> => {
    const { rows } = await session.query(
      `select ${OWN_MARK} coalesce(sum(n - 1), 0)::float8 as extra, coalesce(sum(n), 0)::float8 as looked,
         (array_agg(value order by n desc) filter (where n > 1))[1:5] as examples
       from (select count(*) as n, concat_ws(', ', ${texts.join(', ')}) as value
         from ${sqlName(table)} where ${columns.map((name) => `${quoteIdentifier(name)} is not null`).join(' and ')} group by ${list}) g`,
    )
    const { extra, looked, examples } = rows[0] as {
      extra: number
      looked: number
      examples: string[] | null
    }
    const index = createUniqueIndex(table, columns)
    const evidence = { columns, duplicates: extra, looked, examples: examples ?? [] }
    if (extra > mistakesMax * looked) return []
    if (extra > 0) {
      return [
        {
          kind: 'duplicate-rows',
          severity: 'error',
          relation: table.relation,
          message: `${columns.join(', ')} should name one row, and ${extra} of ${looked} rows repeat another: ${evidence.examples.join('; ')}`,
          evidence,
          fix: `-- merge or remove the duplicates first:\nSELECT ${list}, count(*) FROM ${sqlName(table)} GROUP BY ${list} HAVING count(*) > 1;\n${index}`,
        },
      ]
    }
    if (looked < ROWS_MIN) return []
    return [
      {
        kind: 'missing-unique',
        severity: 'warning',
        relation: table.relation,
        message: `${columns.join(', ')} names one row in all ${looked}, and nothing keeps it so`,
        evidence,
        fix: index,
      },
    ]
  }
  return { relation: table.relation, ask }
}

function countNulls(table: Table, column: string): Question {
  const ask = async (session: Queryable): Promise<Finding[]> => {
    const { rows } = await session.query(
      `select ${OWN_MARK} count(*) filter (where ${quoteIdentifier(column)} is null)::float8 as nulls, count(*)::float8 as looked from ${sqlName(table)}`,
    )
    const { nulls, looked } = rows[0] as { nulls: number; looked: number }
    if (nulls === 0) return []
    return [
      {
        kind: 'stray-nulls',
        severity: 'warning',
        relation: table.relation,
        message: `${column} is NULL in ${nulls} of ${looked} rows: few enough to be accidents`,
        evidence: { column, nulls, looked },
        fix: `-- fill them first: SELECT * FROM ${sqlName(table)} WHERE ${quoteIdentifier(column)} IS NULL;\n${setNotNull(table, [column])}`,
      },
    ]
  }
  return { relation: table.relation, ask }
}

/** Rows of a table without any key that are the same in every column. */
function countTwins(table: Table): Question {
  const ask = async (session: Queryable): Promise<Finding[]> => {
    const { rows } = await session.query(
      `select ${OWN_MARK} coalesce(sum(n - 1), 0)::float8 as extra, coalesce(sum(n), 0)::float8 as looked
       from (select count(*) as n from ${sqlName(table)} t group by row(t.*)::text) g`,
    )
    const { extra, looked } = rows[0] as { extra: number; looked: number }
    if (extra === 0) return []
    return [
      {
        kind: 'duplicate-rows',
        severity: 'warning',
        relation: table.relation,
        message: `${extra} of ${looked} rows are the same as another in every column, in a table without a key: they cannot be distinguished`,
        evidence: { columns: table.columns.map(({ name }) => name), duplicates: extra, looked },
        fix: 'give the table a key (no-primary-key in esa db schema), then decide which rows are one',
      },
    ]
  }
  return { relation: table.relation, ask }
}
