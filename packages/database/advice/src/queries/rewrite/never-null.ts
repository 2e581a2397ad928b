import type { Node, SelectStmt } from '@pgsql/types'
import { operatorOf, walk } from '@esa/database-catalog/sql'
import { columnInScope, conditionsOf, type ScopeColumn, type ScopeTable, tablesInScope } from './scope.ts'
import type { TableFacts } from './table-facts.ts'

/** Comparisons that are not true where one side is NULL. */
const COMPARISONS = new Set(['=', '<>', '<', '<=', '>', '>='])

/** True when an expression has a value in every row that a SELECT keeps, whatever its tables will hold. */
export function isNeverNull(node: Node, select: SelectStmt, known: readonly TableFacts[]): boolean {
  if ('A_Const' in node) return node.A_Const.isnull !== true
  const scope = tablesInScope(select, known)
  const column = scope && 'ColumnRef' in node ? columnInScope(node.ColumnRef, scope) : undefined
  if (!scope || !column) return false
  if (column.column.neverNull && !hasOuterJoin(select)) return true
  return conditionsOf(select.whereClause).some((condition) => rulesOutNull(condition, column, scope))
}

/** True when a subquery of one column gives no NULL, whatever its tables will hold. */
export function givesNoNull(subquery: Node, known: readonly TableFacts[]): boolean {
  if (!('SelectStmt' in subquery)) return false
  const { SelectStmt: select } = subquery
  const [target, ...others] = select.targetList ?? []
  const isPlain = (select.op ?? 'SETOP_NONE') === 'SETOP_NONE' && others.length === 0
  // ROLLUP and its like give rows in which a grouped column is NULL.
  const isGrouped = (select.groupClause ?? []).some((item) => 'GroupingSet' in item)
  const value = target && 'ResTarget' in target ? target.ResTarget.val : undefined
  return isPlain && !isGrouped && value !== undefined && isNeverNull(value, select, known)
}

function hasOuterJoin({ fromClause }: SelectStmt): boolean {
  let found = false
  walk(fromClause, (kind, body) => {
    if (kind === 'JoinExpr' && (body['jointype'] ?? 'JOIN_INNER') !== 'JOIN_INNER') found = true
  })
  return found
}

/** `c IS NOT NULL`, or a comparison of `c`. */
function rulesOutNull(condition: Node, { alias, column }: ScopeColumn, scope: ScopeTable[]): boolean {
  const isIt = (side: Node | undefined): boolean => {
    const found = side && 'ColumnRef' in side ? columnInScope(side.ColumnRef, scope) : undefined
    return found?.alias === alias && found.column.name === column.name
  }
  if ('NullTest' in condition)
    return condition.NullTest.nulltesttype === 'IS_NOT_NULL' && isIt(condition.NullTest.arg)
  if (!('A_Expr' in condition) || condition.A_Expr.kind !== 'AEXPR_OP') return false
  const { name, lexpr, rexpr } = condition.A_Expr
  return COMPARISONS.has(operatorOf(name)) && (isIt(lexpr) || isIt(rexpr))
}
