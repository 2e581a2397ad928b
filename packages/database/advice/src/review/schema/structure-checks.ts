import { type Finding, quoteIdentifier } from '@esa/database-catalog/sql'
import { createIndex, sqlName } from './fix-text.ts'
import type { Check, Seen } from './look.ts'
import { type Column, type Table, foreignKeysOf, keysOf } from '@esa/database-catalog'

/** Columns from which on a table is more than one thing, most of the time. */
const WIDE = 40
/** Columns two tables must share, beside those that every table has, to look like copies. */
const SHARED_MIN = 4
/** Rows from which on an index that skips deleted rows is worth its size. */
const SOFT_DELETE_ROWS_MIN = 1_000

/** Columns that many tables have by right. */
const USUAL =
  /^(?:id|uuid|name|title|description|status|type|kind|code|note|notes|comment|active|position|version|created|updated|deleted|created_(?:at|on|by)|updated_(?:at|on|by)|modified_(?:at|on|by)|deleted_(?:at|on|by)|last_update|tenant_id|data|value|metadata)$/

type TableJudge = (table: Table, seen: Seen) => Omit<Finding, 'relation'> | null

/** What a table's definition gives away, one table at a time; partitions go with their table. */
export const checkStructure: Check = (seen) =>
  seen.tables
    .filter(({ partition }) => !partition)
    .flatMap((table) =>
      TABLE_JUDGES.flatMap((judge) => {
        const found = judge(table, seen)
        return found === null ? [] : [{ ...found, relation: table.relation }]
      }),
    )

const noPrimaryKey: TableJudge = (table) => {
  if (keysOf(table).some(({ primary }) => primary)) return null
  const unique = keysOf(table).find(({ columns }) =>
    columns.every((name) => table.columns.find((column) => column.name === name)?.notNull),
  )
  return {
    kind: 'no-primary-key',
    severity: 'warning',
    message:
      'without a primary key a row cannot be named: it cannot be referenced, and logical replication refuses to change it',
    evidence: { columns: table.columns.map(({ name }) => name), rows: table.rows },
    fix:
      unique === undefined
        ? `on a small table: ALTER TABLE ${sqlName(table)} ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY; (it rewrites; on a large one: esa db migrate plan)`
        : `ALTER TABLE ${sqlName(table)} ADD CONSTRAINT ${quoteIdentifier(`${table.name}_pkey`)} PRIMARY KEY USING INDEX ${quoteIdentifier(unique.name)};`,
  }
}

const unlinked: TableJudge = (table, { tables }) => {
  const linked = tables.filter((one) => foreignKeysOf(one).length > 0).length
  const pointedAt = tables.some((one) =>
    foreignKeysOf(one).some(({ references }) => references === table.relation),
  )
  if (linked < 2 || foreignKeysOf(table).length > 0 || pointedAt) return null
  return {
    kind: 'unlinked-table',
    severity: 'info',
    message: 'no foreign key leads from or to this table, in a database that has them',
    evidence: { columns: table.columns.map(({ name }) => name), linkedTables: linked },
    fix: 'look for what it belongs to: esa db integrity names columns that look like references',
  }
}

const allNullable: TableJudge = (table) => {
  const key = new Set(
    keysOf(table)
      .filter(({ primary }) => primary)
      .flatMap(({ columns }) => columns),
  )
  const others = table.columns.filter(({ name }) => !key.has(name))
  if (others.length < 3 || others.some(({ notNull }) => notNull)) return null
  return {
    kind: 'all-nullable',
    severity: 'warning',
    message: 'every column but the key may be NULL: a row may say nothing at all',
    evidence: { columns: others.map(({ name }) => name) },
    fix: 'make NOT NULL what every row must say; missing-not-null names columns that already comply',
  }
}

const repeatingGroup: TableJudge = (table) => {
  const groups = Map.groupBy(
    table.columns.flatMap((column) => {
      const found = /^(.*?)_?(\d{1,2})(_.*)?$/.exec(column.name)
      return found === null ? [] : [{ column, stem: found[1]! + (found[3] ?? ''), at: Number(found[2]) }]
    }),
    ({ stem, column }) => `${stem} ${column.base}`,
  )
  const repeated = [...groups.values()].find(
    (group) =>
      group.length > 1 &&
      // Two lines of an address are one address, and sha256 beside sha512 is not a list.
      !/(?:line|addr|address|street|sha|md|utf|base|ipv?|[xyz])$/i.test(group[0]!.stem) &&
      group.toSorted((a, b) => a.at - b.at).every(({ at }, place, sorted) => at === sorted[0]!.at + place),
  )
  if (repeated === undefined) return null
  const names = repeated.map(({ column }) => column.name)
  const { stem } = repeated[0]!
  return {
    kind: 'repeating-group',
    severity: 'warning',
    message: `${names.join(', ')} are one column, numbered: one more needs a migration, and a search must look into each`,
    evidence: { columns: names },
    fix: `a table of its own with a row for each ${stem || 'entry'}, that references ${table.relation}`,
  }
}

const ATTRIBUTE =
  /^(?:attr|attribute|attribute_name|attr_name|property|property_name|field|field_name|key|meta_key|param|parameter|setting_name|option_name)$/i
const VALUE =
  /^(?:val|value|attribute_value|attr_value|property_value|field_value|meta_value|value_text|string_value|setting_value|option_value)$/i

const entityAttributeValue: TableJudge = (table) => {
  const attribute = table.columns.find(({ name }) => ATTRIBUTE.test(name) || /^attribute_id$/i.test(name))
  const value = table.columns.find(
    ({ name, base }) => VALUE.test(name) && /^(?:text|varchar|json|jsonb)$/.test(base),
  )
  const entity = table.columns.find(({ name }) => /_id$/i.test(name) && name !== attribute?.name)
  if (!attribute || !value || !entity || table.columns.length > 8) return null
  return {
    kind: 'entity-attribute-value',
    severity: 'warning',
    message: `${entity.name}, ${attribute.name}, ${value.name}: a table in a table; no type, no NOT NULL and no key can hold for one attribute`,
    evidence: { entity: entity.name, attribute: attribute.name, value: value.name },
    fix: 'columns for attributes that most entities have; one jsonb column for the rest, with a GIN index where it is searched',
  }
}

const polymorphic: TableJudge = (table) => {
  const pair = table.columns.flatMap(({ name }) => {
    const stem = /^(.+)_type$/.exec(name)?.[1]
    const id = table.columns.find((column) => column.name === `${stem}_id`)
    const linked = foreignKeysOf(table).some(({ columns }) => columns.includes(`${stem}_id`))
    return id === undefined || linked ? [] : [[name, id.name]]
  })[0]
  if (pair === undefined) return null
  return {
    kind: 'polymorphic-reference',
    severity: 'info',
    message: `${pair.join(' and ')} point to one of several tables: no foreign key can hold`,
    evidence: { columns: pair },
    fix: 'one nullable reference for each table, and CHECK (num_nonnulls(...) = 1)',
  }
}

const wide: TableJudge = (table) =>
  table.columns.length <= WIDE
    ? null
    : {
        kind: 'wide-table',
        severity: table.columns.length > 2 * WIDE ? 'warning' : 'info',
        message: `${table.columns.length} columns: every read of a row reads all of them, and every update writes them`,
        evidence: { columns: table.columns.length },
        fix: 'move what is rarely read, or belongs to another thing, to a table with the same key: esa db normalize shows what belongs together',
      }

const isMoment = ({ base }: Column): boolean => /^(?:timestamp|timestamptz|date)$/.test(base)

const createdWithoutDefault: TableJudge = (table) => {
  const columns = table.columns.filter(
    (column) =>
      /^(?:created|inserted)(?:_(?:at|on|date|time))?$/i.test(column.name) &&
      isMoment(column) &&
      !column.defaulted,
  )
  if (columns.length === 0) return null
  const names = columns.map(({ name }) => name)
  return {
    kind: 'created-without-default',
    severity: 'info',
    message: `${names.join(', ')} has no default: an INSERT without it writes NULL, or is refused`,
    evidence: { columns: names },
    fix: names
      .map((name) => `ALTER TABLE ${sqlName(table)} ALTER COLUMN ${quoteIdentifier(name)} SET DEFAULT now();`)
      .join('\n'),
  }
}

const softDelete: TableJudge = (table) => {
  const column = table.columns.find(
    ({ name, base }) =>
      /^(?:deleted(?:_at|_on)?|is_deleted|removed_at|archived_at)$/i.test(name) && base !== 'text',
  )
  if (column === undefined || table.predicates.some(({ text }) => text.includes(column.name))) return null
  if ((table.rows ?? 0) < SOFT_DELETE_ROWS_MIN) return null
  const where =
    column.base === 'bool' ? `NOT ${quoteIdentifier(column.name)}` : `${quoteIdentifier(column.name)} IS NULL`
  const key = keysOf(table).find(({ primary }) => primary)?.columns ?? [table.columns[0]!.name]
  return {
    kind: 'soft-delete-without-index',
    severity: 'info',
    message: `${column.name} marks rows as gone, and no index leaves them out: every search passes them`,
    evidence: { column: column.name, rows: table.rows },
    fix: createIndex(table, key, ` WHERE ${where}`),
  }
}

const TABLE_JUDGES: readonly TableJudge[] = [
  noPrimaryKey,
  unlinked,
  allNullable,
  repeatingGroup,
  entityAttributeValue,
  polymorphic,
  wide,
  createdWithoutDefault,
  softDelete,
]

/** Tables that share columns beyond the usual ones: the same facts are kept twice, or one thing has two tables. */
export const checkCopies: Check = ({ tables }) => {
  const own = tables.filter(({ partition }) => !partition)
  const holders = new Map<string, Table[]>()
  for (const table of own) {
    for (const { name, base } of table.columns) {
      if (USUAL.test(name) || /_id$/i.test(name)) continue
      const key = `${name} ${base}`
      holders.set(key, [...(holders.get(key) ?? []), table])
    }
  }
  const shared = new Map<string, { tables: [Table, Table]; columns: string[] }>()
  for (const [key, list] of holders) {
    // A column that a whole family of tables has is a convention.
    if (list.length > 4) continue
    for (const [at, a] of list.entries()) {
      for (const b of list.slice(at + 1)) {
        const pair = `${a.relation} ${b.relation}`
        const entry = shared.get(pair) ?? { tables: [a, b], columns: [] }
        entry.columns.push(key.split(' ')[0]!)
        shared.set(pair, entry)
      }
    }
  }
  return [...shared.values()]
    .filter(({ columns }) => columns.length >= SHARED_MIN)
    .map(({ tables: [a, b], columns }) => ({
      kind: 'duplicated-columns',
      severity: 'info',
      relation: a.relation,
      message: `${columns.join(', ')} are columns of ${b.relation} too: the same facts in two places drift apart`,
      evidence: { columns, other: b.relation },
      fix: 'keep them in one of the two and reference it, unless one is a record of how it was at the time',
    }))
}

/** A column that is called the same in several tables and is not the same there. */
export const checkConsistentTypes: Check = ({ tables }) => {
  const byName = Map.groupBy(
    tables
      .filter(({ partition }) => !partition)
      .flatMap((table) => table.columns.map((column) => ({ table, column }))),
    ({ column }) => column.name,
  )
  return [...byName].flatMap(([name, places]): Finding[] => {
    const types = Map.groupBy(places, ({ column }) => column.base)
    if (types.size < 2 || USUAL.test(name)) return []
    const evidence = Object.fromEntries(
      [...types].map(([type, list]) => [type, list.slice(0, 5).map(({ table }) => table.relation)]),
    )
    return [
      {
        kind: 'inconsistent-type',
        severity: /_id$|_code$|_no$/i.test(name) ? 'warning' : 'info',
        message: `${name} is ${[...types.keys()].join(' here and ')} there: a join or a comparison between them casts, and may use no index`,
        evidence: { column: name, types: evidence },
        fix: `one type for all of them: esa db migrate plan`,
      },
    ]
  })
}
