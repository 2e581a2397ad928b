import { quoteIdentifier } from '@esa/database-catalog/sql'
import type { ScriptFacts } from './script-facts.ts'
import type { ColumnShape } from './table-shape.ts'

/** An expression over the rows after (`a`) that may give back a value as text; `join` brings in the other table it reads. */
export interface Candidate {
  sql: string
  join?: string
  /** For people: where the value is found. */
  about: string
  /** Set when it is the column itself: then an index on it serves. */
  plain?: { name: string; type: string }
  /** Set when the script does not say that the value comes from the column that is looked for: then one value in all rows proves nothing. */
  unsaid?: true
}

/** Types by what they hold. */
export const TIME = /^(?:timestamp|date|time)/
export const NUMBER = /^(?:smallint|integer|bigint|numeric|real|double precision)/

/** Characters that values are commonly joined by. */
export const SEPARATORS = [' ', ', ', ',', '-', '/', ':', '@', '.', '']

/** Longer constants are values, not what joins them. */
export const SEPARATOR_CHARS_MAX = 3

/** A constant as SQL, whatever is in it. */
export function literal(text: string): string {
  return text.includes('\\')
    ? `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
    : `'${text.replaceAll("'", "''")}'`
}

/** A column of a table under an alias, as SQL. */
export function column(alias: string, { name }: Pick<ColumnShape, 'name'>): string {
  return `${alias}.${quoteIdentifier(name)}`
}

/** Candidates that read a column, marked where the script does not say that it was computed from the lost one. */
export function marked(
  candidates: Candidate[],
  lost: ColumnShape,
  read: readonly ColumnShape[],
  { sources, copied, pairs, renames }: ScriptFacts,
): Candidate[] {
  const names = [lost.name, renames.get(lost.name) ?? lost.name]
  const said = ({ name: now }: ColumnShape): boolean =>
    names.some(
      (name) =>
        name === now ||
        copied.has(name) ||
        sources.get(now)?.has(name) === true ||
        pairs.some((pair) => pair.includes(name) && pair.includes(now)),
    )
  return read.every(said) ? candidates : candidates.map((candidate) => ({ ...candidate, unsaid: true }))
}

/** One column read back as another: as it is, cast back, undone. */
export function readingsOf(
  lost: ColumnShape,
  now: ColumnShape,
  alias: string,
  facts: ScriptFacts,
): Candidate[] {
  const value = column(alias, now)
  const about = now.name
  const plain = [
    { sql: `${value}::text`, about },
    { sql: `${value}::${lost.type}::text`, about: `${about} as ${lost.type}` },
    { sql: `${value}::text::${lost.type}::text`, about: `${about} as ${lost.type}` },
  ]
  const more = [
    ...timesOf(lost, now, value, facts),
    ...numbersOf(lost, now, value, facts),
    ...documentsOf(lost, now, value, facts),
    ...casesOf(value, facts),
    ...wordsOf(now, value, facts),
    // Of another table's columns there are many, and each reading costs a join.
    ...(alias === 'a' ? [...partsOf(lost, now, value, facts), ...codesOf(lost, value, facts)] : []),
  ]
  return [
    ...plain,
    ...more.map((sql) => ({
      sql: `(${sql})::${lost.type}::text`,
      about: `${about}: ${sql.replaceAll(`${alias}.`, '')}`,
    })),
  ]
}

function timesOf(lost: ColumnShape, now: ColumnShape, value: string, { strings }: ScriptFacts): string[] {
  const zoned = lost.type.includes('with time zone')
  const nowZoned = now.type.includes('with time zone')
  if (TIME.test(lost.type) && NUMBER.test(now.type)) {
    const epochs = [`to_timestamp(${value})`, `to_timestamp(${value} / 1000.0)`]
    return zoned ? epochs : epochs.map((sql) => `${sql} at time zone 'UTC'`)
  }
  if (NUMBER.test(lost.type) && TIME.test(now.type)) {
    return [`extract(epoch from ${value})`, `extract(epoch from ${value}) * 1000`]
  }
  if (!TIME.test(lost.type) || !TIME.test(now.type) || zoned === nowZoned) return []
  // A zone that was given to times without one is in the script; times that lose theirs are readable in UTC alone.
  const zones = zoned ? ['UTC'] : ['UTC', ...strings.filter((text) => /^[A-Za-z][\w/+-]*$/.test(text))]
  return zones.map((zone) => `${value} at time zone ${literal(zone)}`)
}

function numbersOf(lost: ColumnShape, now: ColumnShape, value: string, { numbers }: ScriptFacts): string[] {
  if (!NUMBER.test(lost.type) || !NUMBER.test(now.type)) return []
  return numbers.flatMap((constant) => [
    ...(Number(constant) === 0 ? [] : [`${value}::numeric / ${constant}`]),
    `${value} * ${constant}`,
    `${value} - ${constant}`,
    `${value} + ${constant}`,
  ])
}

function documentsOf(lost: ColumnShape, now: ColumnShape, value: string, { strings }: ScriptFacts): string[] {
  if (now.type === 'jsonb' || now.type === 'json') {
    const keys = [...new Set([lost.name, ...strings])].map((key) => `${value}::jsonb ->> ${literal(key)}`)
    const list = `array(select jsonb_array_elements_text(${value}::jsonb))`
    return lost.type.endsWith('[]') ? [list, ...keys] : keys
  }
  const separators = strings.filter((text) => text !== '' && text.length <= SEPARATOR_CHARS_MAX)
  if (now.type.endsWith('[]'))
    return [...separators, ','].map((by) => `array_to_string(${value}, ${literal(by)})`)
  if (lost.type.endsWith('[]'))
    return [...separators, ','].map((by) => `string_to_array(${value}::text, ${literal(by)})`)
  return []
}

/** What a CASE of constants did, undone; one that gives two values the same name cannot be. */
function casesOf(value: string, { cases }: ScriptFacts): string[] {
  return cases
    .filter((pairs) => new Set(pairs.map(([, to]) => to)).size === pairs.length)
    .map((pairs) => {
      const whens = pairs.map(([from, to]) => `when ${literal(to)} then ${literal(from)}`)
      return `case ${value}::text ${whens.join(' ')} end`
    })
}

/** Constants of a script that may be the two words of a boolean. */
const WORDS_MAX = 8

/** Common words for a boolean. */
const YES_NO = [
  ['yes', 'no'],
  ['y', 'n'],
  ['Y', 'N'],
  ['1', '0'],
  ['on', 'off'],
  ['t', 'f'],
]

function wordsOf(now: ColumnShape, value: string, { strings }: ScriptFacts): string[] {
  if (now.type !== 'boolean') return []
  const said = strings
    .slice(0, WORDS_MAX)
    .flatMap((yes) => strings.slice(0, WORDS_MAX).map((no) => [yes, no]))
  return [...said, ...YES_NO].map(
    ([yes, no]) => `case ${value} when true then ${literal(yes!)} when false then ${literal(no!)} end`,
  )
}

/** A part of a text that several columns were joined to, or of a point. */
function partsOf(lost: ColumnShape, now: ColumnShape, value: string, { strings }: ScriptFacts): string[] {
  if (now.type === 'point') return [`${value}[0]`, `${value}[1]`]
  if (!isText(now) || TIME.test(lost.type)) return []
  const separators = [
    ...new Set([...strings.filter((text) => text.length <= SEPARATOR_CHARS_MAX), ...SEPARATORS]),
  ]
  return separators
    .filter((by) => by !== '')
    .flatMap((by) => {
      const after = `strpos(${value}, ${literal(by)}) + length(${literal(by)})`
      const parts = [1, 2, 3].map((nth) => `split_part(${value}, ${literal(by)}, ${nth})`)
      return [...parts, `substr(${value}, ${after})`, `nullif(split_part(${value}, ${literal(by)}, 2), '')`]
    })
}

/** Bytes written as text and back, and a boolean that became one of two words. */
function codesOf(lost: ColumnShape, value: string, { strings }: ScriptFacts): string[] {
  if (lost.type === 'bytea')
    return ['hex', 'base64', 'escape'].map((code) => `decode(${value}::text, '${code}')`)
  if (lost.type !== 'boolean') return isText(lost) ? [`convert_from(${value}, 'UTF8')`] : []
  return strings.map((word) => `${value}::text = ${literal(word)}`)
}

function isText({ type }: ColumnShape): boolean {
  return type === 'text' || type.startsWith('character')
}
