import { type Column, type Table, foreignKeysOf, keysOf } from '@esa/database-catalog'

/** What a column can be in a dependency, by its type, its keys and its name. */
export interface ColumnRoles {
  /** Compared at all. */
  compared: Column[]
  /** Names of columns that may determine others, the best name for a thing first. */
  determinants: string[]
  /** Names of numbers that count or measure, of days and moments, of texts: what formulas are made of. */
  measures: string[]
  moments: string[]
  texts: string[]
  /** The key's columns: what every other column is a fact of. */
  key: string[]
}

// Types without an equality that means anything here: documents, geometry, search vectors computed from other columns.
const NOT_COMPARED = new Set(
  'json xml bytea tsvector tsquery point line lseg box path polygon circle geometry geography vector'.split(
    ' ',
  ),
)
const INTEGERS = new Set(['int2', 'int4', 'int8'])
const FRACTIONS = new Set(['numeric', 'float4', 'float8', 'money'])
const MOMENTS = new Set(['date', 'timestamp', 'timestamptz'])
// A moment, a length or an amount identifies nothing, however often it comes with the same neighbors.
const NO_DETERMINANTS = new Set([
  ...FRACTIONS,
  ...MOMENTS,
  'time',
  'timetz',
  'interval',
  'jsonb',
  'float4',
  'float8',
])
const TEXTS = new Set(['text', 'varchar', 'bpchar', 'citext'])

const IDENTIFIER =
  /(?:^|_)(?:id|uuid|guid|key|code|no|nr|num|number|ref|sku|isbn|ean|slug|zip)$|[a-z](?:Id|ID|Code|No|Key)$/

/** Names a thing rather than a property of it: id, order_no, countryCode. */
function isIdentifier(column: Column, table: Table): boolean {
  return (
    column.identity ||
    column.sequence !== null ||
    column.base === 'uuid' ||
    IDENTIFIER.test(column.name) ||
    foreignKeysOf(table).some(({ columns }) => columns.includes(column.name)) ||
    keysOf(table).some(({ columns }) => columns.length === 1 && columns[0] === column.name)
  )
}

/** The roles of a table's columns. */
export function columnRoles(table: Table): ColumnRoles {
  const compared = table.columns.filter(({ base, generated }) => !generated && !NOT_COMPARED.has(base))
  const names = (test: (column: Column) => boolean): string[] => compared.filter(test).map(({ name }) => name)
  const primary = keysOf(table).find((key) => key.primary)
  const shortest = keysOf(table).toSorted((a, b) => a.columns.length - b.columns.length)[0]
  return {
    compared,
    determinants: compared
      .filter(({ base }) => !NO_DETERMINANTS.has(base) && !base.startsWith('_'))
      .toSorted((a, b) => rank(a, table) - rank(b, table))
      .map(({ name }) => name),
    measures: names(
      (column) => (INTEGERS.has(column.base) || FRACTIONS.has(column.base)) && !isIdentifier(column, table),
    ),
    moments: names(({ base }) => MOMENTS.has(base)),
    texts: names((column) => TEXTS.has(column.base)),
    key: (primary ?? shortest)?.columns ?? [],
  }
}

/** Lower speaks first: what is declared to name a thing, then what is called so, then numbers, then texts; a bare name is the last. */
function rank(column: Column, table: Table): number {
  if (foreignKeysOf(table).some(({ columns }) => columns.length === 1 && columns[0] === column.name)) return 0
  if (isIdentifier(column, table)) return 1
  if (!TEXTS.has(column.base)) return 2
  return /name$|title$|label$|description$/i.test(column.name) ? 4 : 3
}
