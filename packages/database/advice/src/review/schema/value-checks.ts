import { cut, type JsonObject } from '@esa/protocol'
import { type Finding, quoteIdentifier } from '@esa/database-catalog/sql'
import type { ColumnStatistics } from './column-statistics.ts'
import { addConstraint, setNotNull, sqlName } from './fix-text.ts'
import type { Check } from './look.ts'
import { type Column, type Table, foreignKeysOf, isChecked } from '@esa/database-catalog'

/** Rows from which on values show a habit and not a beginning. */
const ROWS_MIN = 50
/** Most values of a column that looks like an enumeration, and how often each must come on average. */
const ENUM_VALUES_MAX = 12
const ENUM_REPEATS_MIN = 20
/** Share of the values seen that must look like a list. */
const LIST_SHARE_MIN = 0.5

const TEXTS = new Set(['text', 'varchar', 'bpchar', 'citext'])
const PAIRS = ['y n', 'yes no', 'true false', 't f', 'on off', '0 1'].map((pair) => new Set(pair.split(' ')))
const LIST = /^[^\s,;|]+(?:\s?[^\s,;|]+)?(?:\s*[,;|]\s*[^\s,;|]+(?:\s?[^\s,;|]+)?)+$/
// Prose and addresses have commas that separate nothing.
const PROSE = /name|address|street|title|description|comment|note|text|body|message|subject|location|remark/i
const DIGITS = /^-?\d+(?:\.\d+)?$/
const LABEL = /phone|fax|zip|postal|code|number|_no$|^no$|sku|isbn|ean|version|ref|iban|vat|ssn|id$|key|hash/i
const DATE = /^\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}.*)?$/

interface Seen {
  table: Table
  column: Column
  known: ColumnStatistics
}

type Judge = (seen: Seen) => Omit<Finding, 'relation' | 'evidence'> | null

/** What the values of columns say that their types do not; from the statistics of ANALYZE, or of the first rows. */
export const checkValues: Check = ({ tables, statistics }) =>
  tables.flatMap((table) =>
    table.columns.flatMap((column) => {
      const known = statistics.get(table.relation)?.get(column.name)
      if (known === undefined || table.partition || known.rows < ROWS_MIN) return []
      return JUDGES.flatMap((judge) => {
        const found = judge({ table, column, known })
        return found === null
          ? []
          : [{ ...found, relation: table.relation, evidence: evidenceOf(column, known) }]
      }).slice(0, 1)
    }),
  )

const isBoolean: Judge = ({ table, column: { name, base }, known }) => {
  const values = new Set(known.values.map((value) => value.trim().toLowerCase()))
  const named = /^(?:is|has|can|was|allow|enable)/i.test(name)
  if (!TEXTS.has(base) && !(named && /^int[248]$/.test(base))) return null
  if (
    values.size !== 2 ||
    known.distinct > 4 ||
    !PAIRS.some((pair) => [...values].every((value) => pair.has(value)))
  ) {
    return null
  }
  return {
    kind: 'boolean-as-text',
    severity: 'warning',
    message: `${name} says yes or no by ${[...values].map((value) => `"${value}"`).join(' and ')}: any other spelling gets in`,
    fix: `esa db migrate plan: ${table.relation}.${name} to boolean`,
  }
}

const isList: Judge = ({ table, column: { name, base }, known }) => {
  if (!TEXTS.has(base) || PROSE.test(name)) return null
  const lists = known.values.filter((value) => LIST.test(value.trim()))
  const long = lists.filter((value) => value.split(/[,;|]/).length > 2)
  if (lists.length < 3 || lists.length < LIST_SHARE_MIN * known.values.length || long.length === 0)
    return null
  return {
    kind: 'comma-list',
    severity: 'warning',
    message: `${name} holds lists in a text, like "${cut(long[0]!, 60)}": no key can check an entry and no index finds one`,
    fix: `a table of its own, one row an entry, that references ${table.relation}; where nothing is referenced, an array with a GIN index`,
  }
}

const isDate: Judge = ({ table, column: { name, base }, known }) =>
  TEXTS.has(base) && known.values.length > 2 && known.values.every((value) => DATE.test(value))
    ? {
        kind: 'date-as-text',
        severity: 'warning',
        message: `${name} holds dates as text: it takes 2026-02-30, and cannot be computed with`,
        fix: `esa db migrate plan: ${table.relation}.${name} to ${known.values.some((value) => value.length > 10) ? 'timestamptz' : 'date'}`,
      }
    : null

const isNumber: Judge = ({ table, column: { name, base }, known }) =>
  TEXTS.has(base) &&
  !LABEL.test(name) &&
  known.values.length > 2 &&
  known.values.every((value) => DIGITS.test(value))
    ? {
        kind: 'number-as-text',
        severity: 'warning',
        message: `${name} holds numbers as text: "10" comes before "9", and sums need a cast`,
        fix: `esa db migrate plan: ${table.relation}.${name} to numeric`,
      }
    : null

const isEnum: Judge = ({ table, column: { name, base }, known }) => {
  const linked = foreignKeysOf(table).some(({ columns }) => columns.includes(name))
  const { distinct, rows, values } = known
  if (!TEXTS.has(base) || linked || isChecked(table, name)) return null
  if (distinct < 2 || distinct > ENUM_VALUES_MAX || rows < distinct * ENUM_REPEATS_MIN) return null
  const list = [...new Set(values)].map((value) => `'${value.replaceAll("'", "''")}'`).join(', ')
  return {
    kind: 'enum-like-text',
    severity: 'info',
    message: `${name} has ${distinct} values only, and nothing keeps others out`,
    fix: addConstraint(table, `${table.name}_${name}_check`, `CHECK (${quoteIdentifier(name)} IN (${list}))`),
  }
}

const isEmpty: Judge = ({ table, column: { name }, known }) =>
  known.nulls === 1
    ? {
        kind: 'empty-column',
        severity: 'info',
        message: `${name} is NULL in every row ${known.source === 'pg_stats' ? 'that ANALYZE saw' : 'that was read'}`,
        fix: `when nothing writes it any more: ALTER TABLE ${sqlName(table)} DROP COLUMN ${quoteIdentifier(name)};`,
      }
    : null

const JUDGES: readonly Judge[] = [isEmpty, isBoolean, isList, isDate, isNumber, isEnum]

/** Columns that could promise to be there and do not; one finding a table. */
export const checkMissingNotNull: Check = ({ tables, statistics }) =>
  tables.flatMap((table) => {
    const known = statistics.get(table.relation)
    const columns = table.columns.filter(({ name, notNull, generated }) => {
      const column = known?.get(name)
      return (
        !notNull && !generated && column !== undefined && column.rows >= ROWS_MIN * 2 && column.nulls === 0
      )
    })
    if (columns.length === 0 || table.partition) return []
    const names = columns.map(({ name }) => name)
    const first = known!.get(names[0]!)!
    return [
      {
        kind: 'missing-not-null',
        severity: 'info',
        relation: table.relation,
        message: `${names.join(', ')} may be NULL and never ${names.length === 1 ? 'is' : 'are'}`,
        evidence: { columns: names, rows: first.rows, source: first.source },
        fix: setNotNull(table, names),
      },
    ]
  })

function evidenceOf({ name, type }: Column, known: ColumnStatistics): JsonObject {
  const { nulls, distinct, values, source, rows } = known
  return { column: name, type, nulls, distinct, rows, source, values: values.slice(0, 5) }
}
