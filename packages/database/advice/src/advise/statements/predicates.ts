import type { A_Expr, Node } from '@pgsql/types'
import { operatorOf, stringConstant } from '@esa/database-catalog/sql'
import type { Predicate, TableUse } from './statement-shape.ts'
import type { Owned, Scope } from './scope.ts'

/** A condition and the table that it is on. */
export interface PlacedPredicate {
  use: TableUse
  predicate: Predicate
}

const RANGE = new Set(['<', '<=', '>', '>='])
const PATTERN = new Set(['~~', '~~*', '~', '~*'])

/** Operators that GIN or GiST serve; whether a type has them is for the candidates to know. */
const SEARCH = new Set(['@>', '<@', '&&', '?', '?|', '?&', '@?', '@@', '-|-', '<<', '>>', '&<', '&>', '%'])

/** The same condition read from the other side. */
const MIRROR: Record<string, string> = {
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
  '@>': '<@',
  '<@': '@>',
  '<<': '>>',
  '>>': '<<',
}

/** The parts of a condition that all must hold. */
export function conjuncts(condition: Node | undefined): Node[] {
  if (condition === undefined) return []
  if ('BoolExpr' in condition && condition.BoolExpr.boolop === 'AND_EXPR') {
    return (condition.BoolExpr.args ?? []).flatMap(conjuncts)
  }
  return [condition]
}

/** The arms of an OR; undefined for anything else. */
export function arms(condition: Node): Node[] | undefined {
  return 'BoolExpr' in condition && condition.BoolExpr.boolop === 'OR_EXPR'
    ? condition.BoolExpr.args
    : undefined
}

function useOf(operator: string): Predicate['use'] | undefined {
  if (operator === '=') return 'equality'
  if (RANGE.has(operator)) return 'range'
  if (PATTERN.has(operator)) return 'pattern'
  return SEARCH.has(operator) ? 'operator' : undefined
}

function place(
  owned: Owned,
  operator: string,
  other: Node | undefined,
  whole: Node,
  scope: Scope,
): PlacedPredicate[] {
  const use = useOf(operator)
  if (use === undefined || owned.operand.columns.length === 0) return []
  const constant = other !== undefined && scope.isConstant(other)
  const joins = use === 'equality' && other !== undefined && scope.namesColumns(other)
  const pattern = use === 'pattern' ? stringConstant(other) : undefined
  const predicate: Predicate = { use: joins ? 'join' : use, operand: owned.operand, operator }
  if (constant) predicate.sql = scope.sqlOf(whole)
  if (pattern !== undefined) predicate.pattern = pattern
  return [{ use: owned.use, predicate }]
}

function comparison({ lexpr, rexpr, name }: A_Expr, whole: Node, scope: Scope): PlacedPredicate[] {
  const operator = operatorOf(name)
  const [left, right] = [lexpr && scope.ownerOf(lexpr), rexpr && scope.ownerOf(rexpr)]
  // Both sides of one table compare its columns with each other: nothing is known before the row is read.
  if (left && right && left.use === right.use) return []
  if (left && right) {
    return [
      ...place(left, operator, rexpr, whole, scope),
      ...place(right, MIRROR[operator] ?? operator, lexpr, whole, scope),
    ]
  }
  if (left && rexpr && !scope.isMixed(rexpr)) return place(left, operator, rexpr, whole, scope)
  if (right && lexpr && !scope.isMixed(lexpr))
    return place(right, MIRROR[operator] ?? operator, lexpr, whole, scope)
  return []
}

function expression(expr: A_Expr, whole: Node, scope: Scope): PlacedPredicate[] {
  const owned = expr.lexpr && scope.ownerOf(expr.lexpr)
  switch (expr.kind) {
    case 'AEXPR_OP':
      return comparison(expr, whole, scope)
    case 'AEXPR_IN':
    case 'AEXPR_OP_ANY':
      return owned && operatorOf(expr.name) === '=' ? place(owned, '=', expr.rexpr, whole, scope) : []
    case 'AEXPR_BETWEEN':
      return owned ? place(owned, '>=', expr.rexpr, whole, scope) : []
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
      return owned ? place(owned, operatorOf(expr.name), expr.rexpr, whole, scope) : []
    default:
      return []
  }
}

/** A bare boolean, its negation, or a test for NULL: true or false by itself. */
function state(condition: Node, scope: Scope): PlacedPredicate[] {
  const inner =
    'NullTest' in condition
      ? condition.NullTest.arg
      : 'BooleanTest' in condition
        ? condition.BooleanTest.arg
        : 'BoolExpr' in condition && condition.BoolExpr.boolop === 'NOT_EXPR'
          ? condition.BoolExpr.args?.[0]
          : condition
  const bare = inner && 'ColumnRef' in inner ? scope.ownerOf(inner) : undefined
  if (bare === undefined) return []
  const operator = 'NullTest' in condition ? condition.NullTest.nulltesttype! : 'state'
  return [
    {
      use: bare.use,
      predicate: { use: 'state', operand: bare.operand, operator, sql: scope.sqlOf(condition) },
    },
  ]
}

/** The condition as something that an index of one table, or of either joined table, could serve; empty when none could. */
export function placedPredicates(condition: Node, scope: Scope): PlacedPredicate[] {
  if ('A_Expr' in condition) return expression(condition.A_Expr, condition, scope)
  if ('SubLink' in condition) {
    const { subLinkType, testexpr } = condition.SubLink
    const owned = subLinkType === 'ANY_SUBLINK' && testexpr ? scope.ownerOf(testexpr) : undefined
    return owned
      ? [{ use: owned.use, predicate: { use: 'join', operand: owned.operand, operator: '=' } }]
      : []
  }
  return state(condition, scope)
}
