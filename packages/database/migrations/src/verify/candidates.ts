import { foreignKeysOf } from '@esa/database-catalog'
import { quoteIdentifier } from '@esa/database-catalog/sql'
import {
  type Candidate,
  column,
  literal,
  marked,
  NUMBER,
  readingsOf,
  SEPARATOR_CHARS_MAX,
  SEPARATORS,
  TIME,
} from './column-readings.ts'
import type { ScriptFacts } from './script-facts.ts'
import { type ColumnShape, keyOf, nameOf, rowsOf, type TableShape } from './table-shape.ts'

/** What is known when a column's values are looked for. */
export interface Search {
  /** The table that holds the rows now. */
  self: TableShape
  /** Columns of it that were there before under the same number; empty for a successor. */
  old: Set<number>
  after: readonly TableShape[]
  /** Oids of the tables that were there before. */
  before: Set<number>
  facts: ScriptFacts
}

/** Columns that may together hold one that was split: pairs of more are not tried. */
const PARTS_MAX = 8

/** What parts come to where all of them are empty: an empty text, NULL where all are NULL, NULL. */
const WHEN_EMPTY: ((text: string, parts: string) => string)[] = [
  (text) => text,
  (text, parts) => `(case when num_nonnulls(${parts}) > 0 then ${text} end)`,
  (text) => `nullif(${text}, '')`,
]

/**
 * Where the values of a column may be found now, the likeliest first. The rows decide which of them holds. A column that
 * is still there under its type is taken at its word: values that were computed over it are not computed back.
 */
export function candidatesFor(lost: ColumnShape, search: Search): Candidate[] {
  const { self, old, facts } = search
  const same = self.columns.find(({ nth }) => old.has(nth) && nth === lost.nth)
  const fresh = self.columns.filter(
    ({ nth, name }) => !old.has(nth) || (same === undefined && facts.written.has(name)),
  )
  const turned = same === undefined || same.type === lost.type ? [] : [same]
  const ways = [
    ...turned.flatMap((now) => readingsOf(lost, now, 'a', facts)),
    ...fresh.flatMap((now) => marked(readingsOf(lost, now, 'a', facts), lost, [now], facts)),
  ]
  return [...ways, ...joined(lost, fresh, search), ...fromOthers(lost, same !== undefined, search)]
}

/** Parts of a column that was split, put together again. */
function joined(lost: ColumnShape, fresh: ColumnShape[], { facts }: Search): Candidate[] {
  const type = lost.type
  const parts = fresh.slice(0, PARTS_MAX)
  const pairs = parts.flatMap((one) => parts.filter((other) => other !== one).map((other) => [one, other]))
  const separators = [
    ...new Set([...facts.strings.filter((text) => text.length <= SEPARATOR_CHARS_MAX), ...SEPARATORS]),
  ]
  const sets = parts.length > 2 ? [...pairs, parts] : pairs
  // Of nothing but NULLs concat_ws makes an empty text, which is right where there was one and wrong where there was none.
  const texts = WHEN_EMPTY.flatMap((whole) =>
    sets.flatMap((set) => {
      const values = set.map((one) => `nullif(${column('a', one)}::text, '')`)
      const parts = set.map((one) => column('a', one)).join(', ')
      const about = set.map(({ name }) => name).join(', ')
      const ways = separators.map((by) => ({
        sql: `${whole(`concat_ws(${literal(by)}, ${values.join(', ')})`, parts)}::${type}::text`,
        about: `${about} joined by ${JSON.stringify(by)}`,
      }))
      return marked(ways, lost, set, facts)
    }),
  )
  if (!TIME.test(type)) return texts
  const sums = pairs.flatMap(([one, other]) => {
    const sql = `(${column('a', one!)} + ${column('a', other!)})::${type}::text`
    return marked([{ sql, about: `${one!.name} + ${other!.name}` }], lost, [one!, other!], facts)
  })
  return [...sums, ...texts]
}

/**
 * Values that another table holds now: one that a row points to, one that points to it, or one of the same key. Of a
 * column that is still there only a new table may hold them: a copy that was there before is another fact.
 */
function fromOthers(lost: ColumnShape, stays: boolean, search: Search): Candidate[] {
  const { self, after, before } = search
  return after
    .filter(({ oid, root }) => oid !== self.oid && root === null && !(stays && before.has(oid)))
    .flatMap((other) =>
      linksBetween(self, other, search).flatMap(([mine, theirs]) =>
        other.columns
          .filter(({ name }) => name !== theirs)
          .flatMap((value) =>
            marked(across(lost, other, value, mine, theirs, search), lost, [value], search.facts),
          ),
      ),
    )
}

function across(
  lost: ColumnShape,
  other: TableShape,
  value: ColumnShape,
  mine: string,
  theirs: string,
  search: Search,
): Candidate[] {
  const about = `${nameOf(other)}.${value.name}, found by ${theirs} = ${mine}`
  const on = `on j.k = a.${quoteIdentifier(mine)}::text`
  const one = readingsOf(lost, value, 't', search.facts).map(({ sql }) => ({
    sql: 'j.v',
    join: `left join (select distinct on (1) ${column('t', { name: theirs })}::text as k, ${sql} as v from ${rowsOf(other)} t) j ${on}`,
    about,
  }))
  return [
    ...one,
    ...collected(lost, other, value, theirs, search).map((v) => ({
      sql: 'j.v',
      join: `left join (select ${column('t', { name: theirs })}::text as k, ${v} as v from ${rowsOf(other)} t group by 1) j ${on}`,
      about: `${about}, collected`,
    })),
  ]
}

/** A list that became rows of another table. */
function collected(
  lost: ColumnShape,
  other: TableShape,
  value: ColumnShape,
  theirs: string,
  { facts }: Search,
): string[] {
  const orders = other.columns
    .filter(({ name, type }) => name !== theirs && NUMBER.test(type))
    .map((one) => column('t', one))
  const sorts = [...orders, column('t', value)]
  if (lost.type.endsWith('[]'))
    return sorts.map((sort) => `array_agg(${column('t', value)} order by ${sort})::${lost.type}::text`)
  if (lost.type !== 'text' && !lost.type.startsWith('character')) return []
  const separators = [
    ...new Set([
      ...facts.strings.filter((text) => text !== '' && text.length <= SEPARATOR_CHARS_MAX),
      ',',
      ', ',
    ]),
  ]
  return sorts.flatMap((sort) =>
    separators.map((by) => `string_agg(${column('t', value)}::text, ${literal(by)} order by ${sort})`),
  )
}

/** Pairs of columns by which rows of two tables may belong together. */
function linksBetween(
  self: TableShape,
  other: TableShape,
  { facts, before }: Search,
): [mine: string, theirs: string][] {
  const called = (table: TableShape, nth: number | undefined) =>
    table.columns.find((one) => one.nth === nth)?.name
  const has = (table: TableShape, name: string) => table.columns.some((one) => one.name === name)
  const declared = [
    ...foreignKeysOf(self)
      .filter(({ referencesOid }) => referencesOid === other.oid)
      .map((link) => [link.columns[0], link.referencedColumns[0]]),
    ...foreignKeysOf(other)
      .filter(({ referencesOid }) => referencesOid === self.oid)
      .map((link) => [link.referencedColumns[0], link.columns[0]]),
  ]
  const said = facts.pairs
    .flatMap(([one, two]) => [
      [one, two],
      [two, one],
    ])
    .filter(([mine, theirs]) => has(self, mine!) && has(other, theirs!))
  const [ownKey, otherKey] = [called(self, keyOf(self)?.[0]), called(other, keyOf(other)?.[0])]
  // Keys of old tables are called alike without meaning the same.
  const named = before.has(other.oid)
    ? []
    : [ownKey, otherKey]
        .filter((name) => name !== undefined && has(self, name) && has(other, name))
        .map((name) => [name, name])
  const seen = new Set<string>()
  return [...declared, ...said, ...named].filter((pair): pair is [string, string] => {
    const key = pair.join(' = ')
    if (pair[0] === undefined || pair[1] === undefined || seen.has(key)) return false
    seen.add(key)
    return true
  })
}
