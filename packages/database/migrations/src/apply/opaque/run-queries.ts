import type { AlterTableCmd, ColumnDef, Constraint, Node, RangeVar, TypeName } from '@pgsql/types'
import { deparseSync } from 'pgsql-deparser'
import { quoteIdentifier, type ParsedStatement } from '@esa/database-catalog/sql'
import { written } from './full-names.ts'

/** Statements that a server analyses as they are. */
const QUERIES = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'])

/** Names of columns' types that stand for a type and a sequence. */
const SERIAL = /^(?:small|big)?serial[248]?$/

/**
 * The queries in which a statement's expressions run, so that the server resolves them: the statement itself where it is
 * one, and for others what they compute, read from their table. Null for kinds that say it by their names alone.
 */
export function queriesOf({ kind, node, text }: ParsedStatement): string[] | null {
  if (QUERIES.has(kind)) return [text]
  if ('SelectStmt' in node) {
    const { intoClause, ...select } = node.SelectStmt
    return [intoClause === undefined ? text : deparseSync({ SelectStmt: select })]
  }
  const inner =
    'CreateTableAsStmt' in node
      ? node.CreateTableAsStmt.query
      : 'ExplainStmt' in node
        ? node.ExplainStmt.query
        : 'DeclareCursorStmt' in node
          ? node.DeclareCursorStmt.query
          : undefined
  if (inner !== undefined) return 'ExecuteStmt' in inner ? null : [deparseSync(inner)]
  if ('IndexStmt' in node) return [ofIndex(node.IndexStmt)]
  if (!('AlterTableStmt' in node) || node.AlterTableStmt.objtype !== 'OBJECT_TABLE') return null
  const { relation, cmds = [] } = node.AlterTableStmt
  return ofAlterTable(
    relation,
    cmds.flatMap((cmd) => ('AlterTableCmd' in cmd ? [cmd.AlterTableCmd] : [])),
  )
}

function ofIndex({
  relation,
  indexParams = [],
  whereClause,
}: {
  relation?: RangeVar
  indexParams?: Node[]
  whereClause?: Node
}): string {
  const parts = indexParams.map((part) => {
    const { expr, name = '' } = 'IndexElem' in part ? part.IndexElem : {}
    return expr === undefined ? quoteIdentifier(name) : `(${deparseSync(expr)})`
  })
  const where = whereClause === undefined ? '' : ` where ${deparseSync(whereClause)}`
  return `select ${parts.join(', ')} from ${written(relation)}${where}`
}

/** What the parts of an ALTER TABLE compute of its rows: with columns that it adds itself, which are NULL. */
function ofAlterTable(relation: RangeVar | undefined, cmds: AlterTableCmd[]): string[] {
  const added = cmds.flatMap(({ subtype, def }) =>
    subtype === 'AT_AddColumn' && def !== undefined && 'ColumnDef' in def ? [def.ColumnDef] : [],
  )
  const columns = added.map(
    ({ colname = '', typeName }) => `null::${typeText(typeName)} as ${quoteIdentifier(colname)}`,
  )
  const name = quoteIdentifier(relation?.relname ?? '')
  const from =
    columns.length === 0
      ? written(relation)
      : `(select *, ${columns.join(', ')} from ${written(relation)}) as ${name}`
  return cmds.flatMap((cmd) => expressionsOf(cmd)).map((expression) => `select ${expression} from ${from}`)
}

function expressionsOf({ subtype, name = '', def }: AlterTableCmd): string[] {
  const column = def !== undefined && 'ColumnDef' in def ? def.ColumnDef : undefined
  if (subtype === 'AT_AlterColumnType' && column !== undefined) {
    const using = column.raw_default === undefined ? quoteIdentifier(name) : deparseSync(column.raw_default)
    return [`(${using})::${typeText(column.typeName)}`]
  }
  if (subtype === 'AT_AddColumn' && column !== undefined) return ofNewColumn(column)
  if (subtype !== 'AT_AddConstraint' || def === undefined || !('Constraint' in def)) return []
  return ofConstraint(def.Constraint, undefined)
}

function ofNewColumn({ colname = '', typeName, constraints = [] }: ColumnDef): string[] {
  return [
    quoteIdentifier(colname),
    ...constraints.flatMap((one) => ('Constraint' in one ? ofConstraint(one.Constraint, typeName) : [])),
  ]
}

/** Keys compare the values of their columns. What an exclusion compares with is not read here: it is not resolved. */
function ofConstraint(
  { contype, raw_expr: expression, keys = [], exclusions = [] }: Constraint,
  type?: TypeName,
): string[] {
  if (exclusions.length > 0) return [UNRESOLVED]
  if (expression === undefined)
    return keys.flatMap((key) => ('String' in key ? [quoteIdentifier(key.String.sval ?? '')] : []))
  const text = `(${deparseSync(expression)})`
  return [contype === 'CONSTR_CHECK' ? text : `${text}::${typeText(type)}`]
}

/** What no server resolves. */
const UNRESOLVED = 'esa_unresolved()'

function typeText(type: TypeName | undefined): string {
  const last = type?.names?.at(-1)
  const name = last !== undefined && 'String' in last ? (last.String.sval ?? '') : ''
  return SERIAL.test(name) || type === undefined ? 'bigint' : deparseSync({ TypeName: type })
}
