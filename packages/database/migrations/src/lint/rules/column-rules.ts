import type { ColumnDef, ConstrType, FuncCall } from '@pgsql/types'
import { isMeasured } from '../facts.ts'
import { liveCommands, rewrote, type Rule, type RuleInput, scansTable } from './rule.ts'

/** Types that take their values from a sequence. */
const SERIAL = /^(?:small|big)?serial(?:2|4|8)?$/

interface NewColumn {
  table: string
  column: ColumnDef
  has(...types: ConstrType[]): boolean
}

/** Columns that an ALTER TABLE adds to a live table. */
function newColumns(input: RuleInput): NewColumn[] {
  return liveCommands(input, 'AT_AddColumn').flatMap(({ table, command: { def } }) => {
    if (def === undefined || !('ColumnDef' in def)) return []
    const column = def.ColumnDef
    const types = (column.constraints ?? []).flatMap((one) => ('Constraint' in one ? [one.Constraint] : []))
    return [{ table, column, has: (...wanted) => types.some(({ contype }) => wanted.includes(contype!)) }]
  })
}

function isSerial({ typeName }: ColumnDef): boolean {
  const last = typeName?.names?.at(-1)
  return last !== undefined && 'String' in last && SERIAL.test(last.String.sval ?? '')
}

function isStored({ constraints = [] }: ColumnDef): boolean {
  return constraints.some(
    (one) =>
      'Constraint' in one &&
      one.Constraint.contype === 'CONSTR_GENERATED' &&
      one.Constraint.generated_kind !== 'v',
  )
}

/** True for values that a column takes by default: an INSERT may leave it out. */
function fillsItself({ column, has }: NewColumn): boolean {
  return isSerial(column) || has('CONSTR_DEFAULT', 'CONSTR_IDENTITY', 'CONSTR_GENERATED')
}

/** These give one value for a whole statement, so that the rows need not be touched. */
const STABLE = /^(?:now|transaction_timestamp|statement_timestamp)$/

/** True when a column's default calls a function that may give each row a value of its own. */
function defaultCalls({ constraints = [] }: ColumnDef): boolean {
  const calls = (node: unknown): boolean => {
    if (typeof node !== 'object' || node === null) return false
    if ('funcname' in node) {
      const last = (node as FuncCall).funcname?.at(-1)
      if (last !== undefined && 'String' in last && !STABLE.test(last.String.sval ?? '')) return true
    }
    return Object.values(node).some(calls)
  }
  return constraints.some(
    (one) => 'Constraint' in one && one.Constraint.contype === 'CONSTR_DEFAULT' && calls(one),
  )
}

const volatileDefaultRewrites: Rule = {
  id: 'volatile-default-rewrites',
  severity: 'error',
  danger:
    'A default that differs from row to row (random(), gen_random_uuid(), clock_timestamp()) writes every row again, while reads and writes wait.',
  safeWay: 'ADD COLUMN without it, SET DEFAULT for new rows, fill the old ones in batches.',
  grows: true,
  check: (input) =>
    newColumns(input)
      .filter(({ table, column }) => defaultCalls(column) && !isSerial(column) && rewrote(input, table))
      .map(({ table, column: { colname } }) => ({
        message: `reads and writes of ${table} wait until every row is written again with its own ${colname}`,
        relation: table,
      })),
}

const serialRewrites: Rule = {
  id: 'serial-column-rewrites',
  severity: 'error',
  danger:
    'A new column of a serial type or an identity gives every row a number: all are written again, while reads and writes wait.',
  safeWay:
    'ADD COLUMN of plain bigint, fill it in batches from a sequence, then SET DEFAULT or ADD GENERATED ... AS IDENTITY.',
  grows: true,
  check: (input) =>
    newColumns(input)
      .filter((one) => (isSerial(one.column) || one.has('CONSTR_IDENTITY')) && rewrote(input, one.table))
      .map(({ table }) => ({
        message: `reads and writes of ${table} wait until every row has its number`,
        relation: table,
      })),
}

const generatedRewrites: Rule = {
  id: 'generated-column-rewrites',
  severity: 'error',
  danger:
    'A stored generated column is computed for every row when it is added, or when its expression changes, while reads and writes wait.',
  safeWay: 'A plain column that a trigger keeps, filled in batches; or a virtual one (PostgreSQL 18).',
  grows: true,
  check: (input) => [
    ...newColumns(input)
      .filter(({ table, column }) => isStored(column) && rewrote(input, table))
      .map(({ table, column: { colname } }) => ({
        message: `reads and writes of ${table} wait until ${colname} is computed for every row`,
        relation: table,
      })),
    ...liveCommands(input, 'AT_SetExpression')
      .filter(({ table }) => rewrote(input, table))
      .map(({ table, command: { name } }) => ({
        message: `reads and writes of ${table} wait until ${name} is computed again for every row`,
        relation: table,
      })),
  ],
}

const requiredColumn: Rule = {
  id: 'required-column',
  severity: 'error',
  danger:
    'A NOT NULL column without a default is refused as soon as the table has a row, and breaks each INSERT of a running application that does not know it.',
  safeWay:
    'Give it a constant default; or add it without NOT NULL, fill it, and make it NOT NULL the safe way.',
  check: (input) =>
    newColumns(input)
      .filter((one) => one.has('CONSTR_NOTNULL', 'CONSTR_PRIMARY') && !fillsItself(one))
      .map(({ table, column: { colname } }) => ({
        message: `fails when ${table} has rows, and breaks inserts that leave ${colname} out`,
      })),
}

const typeRewrites: Rule = {
  id: 'column-type-rewrites',
  severity: 'error',
  danger:
    'The new type has another form on disk: every row is written again and every index built again, while reads and writes wait.',
  safeWay:
    'A new column of the new type, kept by a trigger and filled in batches; then swap the names in one short transaction.',
  grows: true,
  check: (input) =>
    liveCommands(input, 'AT_AlterColumnType')
      .filter(({ table }) => rewrote(input, table))
      .map(({ table, command: { name } }) => ({
        message: isMeasured(input.facts)
          ? `reads and writes of ${table} wait until every row is written again with the new ${name}`
          : `unless the new type of ${name} has the form of the old one, every row of ${table} is written again while reads and writes wait`,
        relation: table,
      })),
}

const typeChecks: Rule = {
  id: 'column-type-checks',
  severity: 'error',
  danger:
    'The rows keep their form, but each is checked, or indexes are built again, while reads and writes wait.',
  safeWay: 'A type without a constraint, then the constraint as NOT VALID and VALIDATE.',
  grows: true,
  check: (input) =>
    liveCommands(input, 'AT_AlterColumnType')
      .filter(
        ({ table }) =>
          !rewrote(input, table) && (scansTable(input, table, false) || rebuildsIndex(input, table)),
      )
      .map(({ table }) => ({
        message: rebuildsIndex(input, table)
          ? `reads and writes of ${table} wait until its indexes are built again`
          : `reads and writes of ${table} wait until every row is checked`,
        relation: table,
      })),
}

function rebuildsIndex({ facts: { rewrites, before } }: RuleInput, table: string): boolean {
  const oid = before.byName.get(table)?.oid
  return rewrites.some((name) => before.byName.get(name)?.table === oid && oid !== undefined)
}

const typeChanges: Rule = {
  id: 'column-type-changes',
  severity: 'info',
  danger:
    'Nothing is written again, but prepared statements of running sessions fail once with "cached plan must not change result type", and an older application may not know the new values.',
  safeWay: 'Deploy what can read both first; let sessions prepare again.',
  check: (input) =>
    liveCommands(input, 'AT_AlterColumnType')
      .filter(
        ({ table }) =>
          !rewrote(input, table) && !scansTable(input, table, false) && !rebuildsIndex(input, table),
      )
      .map(({ table, command: { name } }) => ({
        message: `${name} of ${table} changes its type; no row is read or written for it`,
      })),
}

const notNullDropped: Rule = {
  id: 'not-null-dropped',
  severity: 'warning',
  danger:
    'An application that was promised a value meets NULL. NULL escapes a unique index, a foreign key and a CHECK, and changes what a view or a function gives: those that rely on the column are named.',
  safeWay: 'Deploy what can read NULL first.',
  check: (input) =>
    liveCommands(input, 'AT_DropNotNull').map(({ table, command: { name } }) => {
      const by = input.facts.relied?.find(({ column }) => column === name)?.by ?? []
      const message = `${name} of ${table} may be NULL from then on`
      return { message: by.length === 0 ? message : `${message}, and what relies on it: ${by.join(', ')}` }
    }),
}

const defaultLost: Rule = {
  id: 'default-lost',
  severity: 'warning',
  danger:
    'A NOT NULL column loses its default, its identity or the sequence behind it: the next INSERT that leaves the column out fails.',
  safeWay: 'Keep it until every running version of the application names the column in its inserts.',
  check: (input) =>
    lostDefaults(input).map(({ table, column }) => ({
      message: `inserts that leave ${column} of ${table} out fail from then on: it is NOT NULL`,
    })),
}

/** NOT NULL columns of live tables that no longer fill themselves. */
function lostDefaults({ facts, base }: RuleInput): { table: string; column: string }[] {
  return (facts.unfilled ?? []).flatMap(({ oid, column }) => {
    const table = facts.before.byOid.get(oid)
    return table !== undefined && base.has(oid) ? [{ table: table.name, column }] : []
  })
}

const defaultChanged: Rule = {
  id: 'default-changed',
  severity: 'info',
  danger: 'Inserts of a running application that leave the column out mean something else from then on.',
  safeWay: 'Be sure that old and new versions of the application can live with either value.',
  check: (input) =>
    liveCommands(input, 'AT_ColumnDefault')
      .filter(({ command: { name } }) => !lostDefaults(input).some(({ column }) => column === name))
      .map(({ table, command: { name, def } }) => ({
        message:
          def === undefined
            ? `inserts that leave ${name} of ${table} out give NULL from then on`
            : `inserts that leave ${name} of ${table} out give another value from then on`,
      })),
}

/** Rules about columns. */
export const COLUMN_RULES: readonly Rule[] = [
  volatileDefaultRewrites,
  serialRewrites,
  generatedRewrites,
  requiredColumn,
  typeRewrites,
  typeChecks,
  typeChanges,
  notNullDropped,
  defaultLost,
  defaultChanged,
]
