import type { ColumnRef, Node, RangeVar, ResTarget, SelectStmt } from '@pgsql/types'
import { deparseSync } from 'pgsql-deparser'
import { columnPath, walk, parseScript } from '@esa/database-catalog/sql'
import type { Column } from '@esa/database-catalog'
import type { TableFacts } from './table-facts.ts'

/** A table in FROM, by the name that the query calls it. */
export interface ScopeTable {
  alias: string
  facts: TableFacts
}

/** A column of a table in scope. */
export interface ScopeColumn extends ScopeTable {
  column: Column
}

/** The tables of a FROM clause, joins followed; null when it reads anything but known tables. */
export function tablesInScope(
  { fromClause = [] }: SelectStmt,
  known: readonly TableFacts[],
): ScopeTable[] | null {
  const found: ScopeTable[] = []
  const visit = (item: Node | undefined): boolean => {
    if (item === undefined) return false
    if ('JoinExpr' in item) return visit(item.JoinExpr.larg) && visit(item.JoinExpr.rarg)
    // An alias with a list of columns gives them other names.
    if (!('RangeVar' in item) || item.RangeVar.alias?.colnames) return false
    const facts = factsOf(item.RangeVar, known)
    if (facts) found.push({ alias: item.RangeVar.alias?.aliasname ?? facts.name, facts })
    return facts !== undefined
  }
  return fromClause.every(visit) && found.length > 0 ? found : null
}

/** What is known of a relation as a statement names it. */
export function factsOf(
  { schemaname, relname }: RangeVar,
  known: readonly TableFacts[],
): TableFacts | undefined {
  return known.find(({ schema, name }) => name === relname && (schemaname ?? schema) === schema)
}

/** The column that a reference means, when only one table in scope can have it. */
export function columnInScope(ref: ColumnRef, scope: ScopeTable[]): ScopeColumn | undefined {
  const path = columnPath(ref)
  const [name, alias] = [path?.at(-1), path?.at(-2)]
  const found = scope.flatMap((table) => {
    const column = table.facts.columns.find((one) => one.name === name)
    return column && (alias === undefined || alias === table.alias) ? [{ ...table, column }] : []
  })
  return found.length === 1 ? found[0] : undefined
}

/** True when an expression is known before a row is read: no column and no subquery in it. */
export function isKnown(node: Node | undefined): boolean {
  let known = node !== undefined
  walk(node, (kind) => {
    if (kind === 'ColumnRef' || kind === 'SubLink') known = false
  })
  return known
}

/** A node as SQL on one line. */
export function sqlOf(node: Node): string {
  return deparseSync(node, { pretty: false })
}

/** An expression of SQL text as a node. */
export async function expressionOf(sql: string): Promise<Node> {
  const [statement] = await parseScript(`select (${sql})`)
  const { SelectStmt } = statement!.node as { SelectStmt: SelectStmt }
  const [target] = SelectStmt.targetList as [{ ResTarget: { val: Node } }]
  return target.ResTarget.val
}

/** The conditions that must all hold. */
export function conditionsOf(where: Node | undefined): Node[] {
  if (where === undefined) return []
  if (!('BoolExpr' in where) || where.BoolExpr.boolop !== 'AND_EXPR') return [where]
  return (where.BoolExpr.args ?? []).flatMap(conditionsOf)
}

/** Conditions joined by AND. */
export function allOf(conditions: Node[]): Node | undefined {
  if (conditions.length <= 1) return conditions[0]
  return { BoolExpr: { boolop: 'AND_EXPR', args: conditions } }
}

/** Every SELECT of a statement, the outermost first, as members that may be changed. */
export function selectsOf(node: Node): SelectStmt[] {
  const found: SelectStmt[] = []
  walk(node, (kind, body) => {
    if (kind === 'SelectStmt') found.push(body)
  })
  return found
}

/** The name and arguments of a call, in lower case and without its schema. */
export function callOf(node: Node | undefined): { name: string; args: Node[] } | undefined {
  if (node === undefined || !('FuncCall' in node)) return undefined
  const last = node.FuncCall.funcname?.at(-1)
  return last && 'String' in last
    ? { name: last.String.sval ?? '', args: node.FuncCall.args ?? [] }
    : undefined
}

/** What an answer calls one of its columns; undefined for `*` and what has no name of its own. Source: FigureColname. */
export function outputName({ name, val }: ResTarget): string | undefined {
  return name ?? impliedName(val)
}

function impliedName(value: Node | undefined): string | undefined {
  if (value === undefined) return undefined
  if ('ColumnRef' in value) return columnPath(value.ColumnRef)?.at(-1)
  if ('CollateClause' in value) return impliedName(value.CollateClause.arg)
  if ('CaseExpr' in value) return impliedName(value.CaseExpr.defresult)
  if (!('TypeCast' in value)) return callOf(value)?.name
  const type = value.TypeCast.typeName?.names?.at(-1)
  return impliedName(value.TypeCast.arg) ?? (type && 'String' in type ? type.String.sval : undefined)
}

/** A whole number written as such, or one with nothing but zeros behind its point. */
export function wholeNumber(node: Node | undefined): number | undefined {
  if (node !== undefined && 'TypeCast' in node) {
    const name = node.TypeCast.typeName?.names?.at(-1)
    const to = name && 'String' in name ? (name.String.sval ?? '') : ''
    return ['int2', 'int4', 'int8', 'numeric', 'float8', 'float4'].includes(to)
      ? wholeNumber(node.TypeCast.arg)
      : undefined
  }
  if (node === undefined || !('A_Const' in node)) return undefined
  const { ival, fval, sval, boolval, bsval, isnull } = node.A_Const
  if (boolval || bsval || isnull) return undefined
  const text = fval?.fval ?? sval?.sval
  const value =
    text === undefined ? (ival?.ival ?? 0) : /^-?\d+(?:\.0*)?$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(value) ? value : undefined
}
