import type { Node, ObjectType } from '@pgsql/types'
import { nameOf } from '../step-through.ts'
import { droppedByCode, liveCommands, liveName, type Rule, type RuleInput } from './rule.ts'

/** Objects whose disappearance breaks their callers, by the words SQL has for them. */
const OBJECTS: Partial<Record<ObjectType, string>> = {
  OBJECT_AGGREGATE: 'aggregate',
  OBJECT_DOMAIN: 'domain',
  OBJECT_EXTENSION: 'extension',
  OBJECT_FOREIGN_TABLE: 'foreign table',
  OBJECT_FUNCTION: 'function',
  OBJECT_MATVIEW: 'materialized view',
  OBJECT_POLICY: 'policy',
  OBJECT_PROCEDURE: 'procedure',
  OBJECT_ROUTINE: 'routine',
  OBJECT_SEQUENCE: 'sequence',
  OBJECT_TRIGGER: 'trigger',
  OBJECT_TYPE: 'type',
  OBJECT_VIEW: 'view',
}

/** Statements that make an object of a type; of the others any that makes something. */
const MAKERS: Partial<Record<ObjectType, RegExp>> = {
  OBJECT_FUNCTION: /^(?:CreateFunction|Define)/,
  OBJECT_PROCEDURE: /^CreateFunction/,
  OBJECT_TRIGGER: /^CreateTrig/,
  OBJECT_POLICY: /^CreatePolicy/,
  OBJECT_TYPE: /^(?:CreateEnum|CreateRange|Composite|Define)/,
}

/** Those among them that the catalogs list with the tables. */
const RELATIONS: ReadonlySet<ObjectType> = new Set([
  'OBJECT_FOREIGN_TABLE',
  'OBJECT_MATVIEW',
  'OBJECT_SEQUENCE',
  'OBJECT_VIEW',
])

function dropOf({ facts: { statement } }: RuleInput): Extract<Node, { DropStmt: unknown }>['DropStmt'] {
  return 'DropStmt' in statement.node ? statement.node.DropStmt : {}
}

const tableDropped: Rule = {
  id: 'table-dropped',
  severity: 'error',
  danger: 'The rows are gone, and every remaining user of the table fails.',
  safeWay:
    'Stop using it first and make sure of that (pg_stat_user_tables), verify a backup, rename it for a while, then drop it.',
  check: (input) => {
    const { removeType, objects = [] } = dropOf(input)
    const named = removeType === 'OBJECT_TABLE' ? objects : []
    const byCode = droppedByCode(input).filter(({ column }) => column === null)
    return [
      ...named.flatMap((object) => liveName(input, nameOf(object)) ?? []),
      ...byCode.map(({ table }) => table),
    ].map((table) => ({ message: `${table} and its rows are gone` }))
  },
}

const columnDropped: Rule = {
  id: 'column-dropped',
  severity: 'error',
  danger:
    'Its values are gone, and a running application that names the column fails, an ORM’s SELECT list among it.',
  safeWay: 'Deploy an application that does not know the column first, then drop it.',
  check: (input) =>
    [
      ...liveCommands(input, 'AT_DropColumn').map(({ table, command: { name } }) => ({
        table,
        column: name,
      })),
      ...droppedByCode(input).filter(({ column }) => column !== null),
    ].map(({ table, column }) => ({ message: `${column} of ${table} and its values are gone` })),
}

const schemaDropped: Rule = {
  id: 'schema-dropped',
  severity: 'error',
  danger: 'With CASCADE everything in the schema is gone, tables and rows too, whatever there is by then.',
  safeWay: 'Drop its objects by name, then the schema without CASCADE.',
  check: (input) => {
    const { removeType, objects = [], behavior } = dropOf(input)
    if (removeType !== 'OBJECT_SCHEMA') return []
    const made = new Set(
      input.script.facts
        .slice(0, input.at)
        .map(({ statement: { node } }) =>
          'CreateSchemaStmt' in node ? node.CreateSchemaStmt.schemaname : undefined,
        ),
    )
    return objects.flatMap((object) => {
      const name = 'String' in object ? (object.String.sval ?? '') : ''
      if (made.has(name)) return []
      const all = behavior === 'DROP_CASCADE'
      return [{ message: all ? `${name} and all that is in it are gone` : `${name} is gone` }]
    })
  },
}

const databaseDropped: Rule = {
  id: 'database-dropped',
  severity: 'error',
  danger: 'The whole database is gone.',
  safeWay: 'Not in a migration: by hand, by two people, after a backup was restored for a test.',
  check: ({ facts: { statement } }) =>
    'DropdbStmt' in statement.node ? [{ message: `${statement.node.DropdbStmt.dbname} is gone` }] : [],
}

const truncated: Rule = {
  id: 'truncated',
  severity: 'error',
  danger:
    'TRUNCATE empties the table while reads and writes wait; snapshots that are older see it empty. CASCADE empties every table that refers to it.',
  safeWay: 'DELETE in batches; or drop the partition that holds the rows.',
  check: (input) => {
    const { node } = input.facts.statement
    if (!('TruncateStmt' in node)) return []
    const named = (node.TruncateStmt.relations ?? []).flatMap((one) =>
      'RangeVar' in one ? (liveName(input, one.RangeVar) ?? []) : [],
    )
    const others = input.facts.rewrites.filter(
      (name) => !named.includes(name) && /[rp]/.test(input.facts.before.byName.get(name)?.kind ?? ''),
    )
    if (named.length === 0) return []
    const more = others.length === 0 ? '' : `, and those of ${others.join(', ')},`
    return [{ message: `all rows of ${named.join(', ')}${more} are gone` }]
  },
}

const dropCascades: Rule = {
  id: 'drop-cascades',
  severity: 'warning',
  danger:
    'CASCADE drops whatever depends on it: views, foreign keys, functions, columns, also unexpected ones.',
  safeWay: 'Drop what depends on it by name; without CASCADE PostgreSQL names what is in the way.',
  check: (input) => {
    const { behavior, objects = [], removeType } = dropOf(input)
    const names = objects.map(nameOf)
    const live =
      names.some((name) => name !== undefined && liveName(input, name) !== null) ||
      removeType === 'OBJECT_SCHEMA'
    const cascade =
      behavior === 'DROP_CASCADE' && live ? [{ message: 'whatever depends on it is dropped as well' }] : []
    const commands = liveCommands(input, 'AT_DropColumn', 'AT_DropConstraint')
      .filter(({ command }) => command.behavior === 'DROP_CASCADE')
      .map(({ command: { name } }) => ({ message: `whatever depends on ${name} is dropped as well` }))
    return [...cascade, ...commands]
  },
}

const objectDropped: Rule = {
  id: 'object-dropped',
  severity: 'warning',
  danger: 'Remaining users of it fail: a running application, a job, another database by a foreign table.',
  safeWay: 'Deploy what does without it first, then drop it.',
  check: (input) => {
    const { removeType, objects = [] } = dropOf(input)
    const kind = removeType === undefined ? undefined : OBJECTS[removeType]
    if (kind === undefined || input.facts.vacuous === true || madeHere(input, removeType!, objects)) return []
    if (RELATIONS.has(removeType!)) {
      return objects.flatMap((object) => {
        const name = liveName(input, nameOf(object))
        return name === null ? [] : [{ message: `the ${kind} ${name} is gone` }]
      })
    }
    return objects.map((object) => ({ message: `the ${kind} ${written(object)} is gone` }))
  },
}

/** True when this file made all that is dropped, or makes it again: a function in another shape is not a loss. */
function madeHere({ script, at }: RuleInput, type: ObjectType, objects: readonly Node[]): boolean {
  const kinds = MAKERS[type] ?? /./
  const making = script.makers.filter((maker) => kinds.test(maker.kind) && (maker.at > at || !maker.replaces))
  return objects.every((object) => {
    const name = written(object).split('.').at(-1)!
    return making.some(({ words }) => words.has(name))
  })
}

/** A dropped object as it was written, more or less. */
function written(object: Node): string {
  if ('String' in object) return object.String.sval ?? ''
  const names =
    'TypeName' in object
      ? object.TypeName.names
      : 'ObjectWithArgs' in object
        ? object.ObjectWithArgs.objname
        : 'List' in object
          ? object.List.items
          : []
  return (names ?? []).flatMap((name) => ('String' in name ? (name.String.sval ?? '') : [])).join('.')
}

/** True for no WHERE, for WHERE true, and where PostgreSQL plans none. */
function isEverything({ facts }: RuleInput, where: Node | undefined): boolean {
  return (
    facts.allRows === true ||
    where === undefined ||
    ('A_Const' in where && 'boolval' in where.A_Const && where.A_Const.boolval?.boolval === true)
  )
}

const updateWithoutWhere: Rule = {
  id: 'update-without-where',
  severity: 'warning',
  danger:
    'One UPDATE of all rows, also by a WHERE that leaves none out, locks them until it ends, doubles the table’s size, floods the log and the standbys, and starts from nothing when it is interrupted.',
  safeWay: 'Batches of some thousand rows by key, each in a transaction of its own.',
  grows: true,
  rises: true,
  check: (input) => {
    const { node } = input.facts.statement
    if (!('UpdateStmt' in node) || !isEverything(input, node.UpdateStmt.whereClause)) return []
    const table = liveName(input, node.UpdateStmt.relation)
    return table === null
      ? []
      : [{ message: `every row of ${table} is locked until the last one is written`, relation: table }]
  },
}

const deleteWithoutWhere: Rule = {
  id: 'delete-without-where',
  severity: 'error',
  danger:
    'All rows are gone, also by a WHERE that leaves none out, locked until the last one is, and the table keeps its size.',
  safeWay: 'Name the rows in WHERE, and delete them in batches of some thousand by key.',
  rises: true,
  check: (input) => {
    const { node } = input.facts.statement
    if (!('DeleteStmt' in node) || !isEverything(input, node.DeleteStmt.whereClause)) return []
    const table = liveName(input, node.DeleteStmt.relation)
    return table === null ? [] : [{ message: `all rows of ${table} are gone`, relation: table }]
  },
}

const revoked: Rule = {
  id: 'privilege-revoked',
  severity: 'warning',
  danger: 'A running application that used the right fails at once.',
  safeWay: 'Deploy what does without it first.',
  check: ({ facts: { statement } }) =>
    'GrantStmt' in statement.node && statement.node.GrantStmt.is_grant !== true
      ? [{ message: 'users of the right fail from then on' }]
      : [],
}

/** Rules about what is lost. */
export const DATA_RULES: readonly Rule[] = [
  tableDropped,
  columnDropped,
  schemaDropped,
  databaseDropped,
  truncated,
  dropCascades,
  objectDropped,
  updateWithoutWhere,
  deleteWithoutWhere,
  revoked,
]
