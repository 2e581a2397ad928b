import type { ColumnRef, Node, ResTarget, SelectStmt } from '@pgsql/types'
import { columnPath, operatorOf, walk } from '@esa/database-catalog/sql'
import { givesNoNull, isNeverNull } from './never-null.ts'
import {
  allOf,
  callOf,
  columnInScope,
  conditionsOf,
  expressionOf,
  isKnown,
  outputName,
  type ScopeTable,
  sqlOf,
  tablesInScope,
} from './scope.ts'
import type { TableFacts } from './table-facts.ts'

/** Statements are changed in copies: the one that was given stays as it is. */
export function copyOf(node: Node): { node: Node; select: SelectStmt } {
  const copy = structuredClone(node)
  return { node: copy, select: (copy as { SelectStmt: SelectStmt }).SelectStmt }
}

export function isPlain(select: SelectStmt): boolean {
  const { op, groupClause, havingClause, distinctClause, windowClause, valuesLists } = select
  return (
    (op ?? 'SETOP_NONE') === 'SETOP_NONE' &&
    [groupClause, distinctClause, windowClause, valuesLists].every((list) => (list ?? []).length === 0) &&
    havingClause === undefined
  )
}

/** Aggregates whose result does not depend on the order of rows. */
export const AGGREGATES = new Set(['count', 'sum', 'min', 'max', 'avg', 'bool_and', 'bool_or'])

function calls(list: unknown, names: (name: string) => boolean): boolean {
  let found = false
  walk(list, (kind, body) => {
    if (kind === 'SubLink') return false
    const call = kind === 'FuncCall' ? callOf({ FuncCall: body }) : undefined
    if (call && (names(call.name) || body['over'] !== undefined)) found = true
    return true
  })
  return found
}

/** `x NOT IN (SELECT ...)` as NOT EXISTS, which may be an anti join. The same where no NULL can come on either side. */
export async function notInAsNotExists(
  condition: Node,
  select: SelectStmt,
  known: readonly TableFacts[],
): Promise<Node | undefined> {
  if (!('BoolExpr' in condition) || condition.BoolExpr.boolop !== 'NOT_EXPR') return undefined
  const [inner] = condition.BoolExpr.args ?? []
  if (!inner || !('SubLink' in inner) || inner.SubLink.subLinkType !== 'ANY_SUBLINK') return undefined
  const { testexpr, subselect, operName } = inner.SubLink
  if (!testexpr || !subselect || operName !== undefined || 'RowExpr' in testexpr) return undefined
  // Its absence so far proves nothing: the first would empty the one answer and not the other.
  if (!isNeverNull(testexpr, select, known) || !givesNoNull(subselect, known)) return undefined
  return expressionOf(
    `not exists (select from (${sqlOf(subselect)}) as esa_in(esa_value) where esa_in.esa_value = ${sqlOf(testexpr)})`,
  )
}

/** One branch for each side of an OR, without the rows of the branches before it: each may use an index of its own. */
export async function orAsUnion(node: Node, known: readonly TableFacts[]): Promise<string | undefined> {
  const { select } = copyOf(node)
  if (!isPlain(select) || select.withClause || calls(select.targetList, (name) => AGGREGATES.has(name)))
    return undefined
  const conditions = conditionsOf(select.whereClause)
  const or = conditions.find((one) => 'BoolExpr' in one && one.BoolExpr.boolop === 'OR_EXPR')
  if (!or || !('BoolExpr' in or) || columnsOf(or).size < 2) return undefined
  const order = outerOrder(select, known)
  if (order === undefined) return undefined
  const branches = (or.BoolExpr.args ?? []).map((branch, at, all) => {
    const before = all
      .slice(0, at)
      .map((one): Node => ({ BooleanTest: { arg: one, booltesttype: 'IS_NOT_TRUE' } }))
    const where = allOf([...conditions.filter((one) => one !== or), branch, ...before])
    const alone: SelectStmt = {
      ...select,
      limitOption: 'LIMIT_OPTION_DEFAULT',
      ...(where ? { whereClause: where } : {}),
    }
    for (const outer of ['sortClause', 'limitCount', 'limitOffset'] as const) delete alone[outer]
    return sqlOf({ SelectStmt: alone })
  })
  const union = branches.join(' UNION ALL ')
  return order === '' ? union : `SELECT * FROM (${union}) esa_union ${order}`
}

function columnsOf(node: Node): Set<string> {
  const found = new Set<string>()
  walk(node, (kind, body) => {
    const path = kind === 'ColumnRef' ? columnPath(body) : undefined
    if (path) found.add(path.at(-1)!)
  })
  return found
}

/** ORDER BY and LIMIT for around a union: by names that the target list gives; undefined when that cannot be said. */
function outerOrder(select: SelectStmt, known: readonly TableFacts[]): string | undefined {
  const { sortClause = [], limitCount, limitOffset, limitOption } = select
  if (limitOption === 'LIMIT_OPTION_WITH_TIES') return undefined
  const keys: string[] = []
  for (const key of sortClause) {
    if (!('SortBy' in key) || !key.SortBy.node || !('ColumnRef' in key.SortBy.node)) return undefined
    const name = outputOf(key.SortBy.node.ColumnRef, select, known)
    if (name === undefined) return undefined
    const bare: Node = { ColumnRef: { fields: [{ String: { sval: name } }] } }
    keys.push(sqlOf({ SortBy: { ...key.SortBy, node: bare } }))
  }
  const limit = limitCount ? `LIMIT ${sqlOf(limitCount)}` : ''
  const offset = limitOffset ? `OFFSET ${sqlOf(limitOffset)}` : ''
  return [keys.length > 0 ? `ORDER BY ${keys.join(', ')}` : '', limit, offset]
    .filter((part) => part !== '')
    .join(' ')
}

/**
 * The name under which the target list gives what a sort key means: a bare name means what the answer calls so, `t.c` the
 * column of a table, whatever the answer calls so. Of two with one name the server says that it cannot tell them apart.
 */
function outputOf(key: ColumnRef, select: SelectStmt, known: readonly TableFacts[]): string | undefined {
  const path = columnPath(key)
  const [table, name] = [path?.at(-2), path?.at(-1)]
  const scope = tablesInScope(select, known) ?? []
  const wanted = columnInScope(key, scope)
  const gives = (ref: ColumnRef): boolean => {
    const given = columnPath(ref)
    if (given === undefined) return table === undefined || isStarOver(ref, table, select)
    if (table === undefined) return false
    const column = columnInScope(ref, scope)
    const isSame = column && wanted?.alias === column.alias && wanted.column.name === column.column.name
    return given.join('.') === path?.join('.') || isSame === true
  }
  for (const target of select.targetList ?? []) {
    if (!('ResTarget' in target)) continue
    const { val } = target.ResTarget
    const given = outputName(target.ResTarget)
    const isCalledSo = table === undefined && name !== undefined && given === name
    if (isCalledSo || (val && 'ColumnRef' in val && gives(val.ColumnRef))) return given ?? name
  }
  return undefined
}

/** `*` or `t.*` that gives every column of a table under its name: joins by USING make one of two. */
function isStarOver({ fields = [] }: ColumnRef, table: string, { fromClause }: SelectStmt): boolean {
  const [first] = fields
  if (fields.length === 2 && first && 'String' in first) return first.String.sval === table
  let merged = false
  walk(fromClause, (kind, body) => {
    if (kind === 'JoinExpr' && (body['usingClause'] !== undefined || body['isNatural'] === true))
      merged = true
  })
  return fields.length === 1 && !merged
}

interface PreAggregated {
  join: string
  value: string
  name: string
}

/** A subquery in the target list that aggregates another table by one column that it shares with the row. */
function preAggregated(
  target: ResTarget,
  at: number,
  scope: ScopeTable[],
  known: readonly TableFacts[],
): PreAggregated | undefined {
  const { val } = target
  if (!val || !('SubLink' in val) || val.SubLink.subLinkType !== 'EXPR_SUBLINK') return undefined
  const inner = (val.SubLink.subselect as { SelectStmt?: SelectStmt } | undefined)?.SelectStmt
  const innerScope = inner && tablesInScope(inner, known)
  if (!inner || !innerScope || !isPlain(inner) || inner.limitCount || inner.sortClause || inner.withClause)
    return undefined
  const [only, ...others] = inner.targetList ?? []
  const call = only && 'ResTarget' in only ? callOf(only.ResTarget.val) : undefined
  if (!only || !('ResTarget' in only) || others.length > 0 || !call || !AGGREGATES.has(call.name))
    return undefined
  const conditions = conditionsOf(inner.whereClause)
  const link = conditions.find((one) => linkOf(one, innerScope, scope))
  const sides = link && linkOf(link, innerScope, scope)
  const rest = conditions.filter((one) => one !== link)
  // What else it names must be its own: a second look outwards cannot be done once for all rows.
  if (!sides || ![...rest, only].every((part) => isOwn(part, innerScope))) return undefined
  const where = allOf(rest)
  const alias = `esa_sum_${at}`
  const from = (inner.fromClause ?? []).map(sqlOf).join(', ')
  const grouped =
    `SELECT ${sqlOf(sides.inner)} AS esa_key, ${sqlOf(only.ResTarget.val!)} AS esa_value FROM ${from}` +
    `${where ? ` WHERE ${sqlOf(where)}` : ''} GROUP BY ${sqlOf(sides.inner)}`
  return {
    join: ` LEFT JOIN (${grouped}) ${alias} ON ${alias}.esa_key = ${sqlOf(sides.outer)}`,
    value: call.name === 'count' ? `coalesce(${alias}.esa_value, 0)` : `${alias}.esa_value`,
    name: target.name ?? only.ResTarget.name ?? call.name,
  }
}

/** A condition that an inner column equals an outer one. */
export function linkOf(
  condition: Node,
  inner: ScopeTable[],
  outer: ScopeTable[],
): { inner: Node; outer: Node } | undefined {
  if (
    !('A_Expr' in condition) ||
    condition.A_Expr.kind !== 'AEXPR_OP' ||
    operatorOf(condition.A_Expr.name) !== '='
  )
    return undefined
  const { lexpr, rexpr } = condition.A_Expr
  if (!lexpr || !rexpr || !('ColumnRef' in lexpr) || !('ColumnRef' in rexpr)) return undefined
  const mine = (ref: Node & { ColumnRef: object }): boolean =>
    columnInScope(ref.ColumnRef, inner) !== undefined
  const theirs = (ref: Node & { ColumnRef: object }): boolean =>
    !mine(ref) && columnInScope(ref.ColumnRef, outer) !== undefined
  if (mine(lexpr) && theirs(rexpr)) return { inner: lexpr, outer: rexpr }
  return mine(rexpr) && theirs(lexpr) ? { inner: rexpr, outer: lexpr } : undefined
}

/** True when an expression names columns of these tables only. */
export function isOwn(node: Node, scope: ScopeTable[]): boolean {
  let own = true
  walk(node, (kind, body) => {
    if (kind === 'SubLink') own = false
    if (kind === 'ColumnRef' && columnPath(body) !== undefined && !columnInScope(body, scope)) own = false
  })
  return own || isKnown(node)
}

/** Correlated aggregates of the target list as joins with what was aggregated once. */
export function subqueriesPreAggregated(node: Node, known: readonly TableFacts[]): string | undefined {
  const { node: copy, select } = copyOf(node)
  const scope = tablesInScope(select, known)
  if (
    !scope ||
    !isPlain(select) ||
    select.withClause ||
    calls(select.targetList, (name) => AGGREGATES.has(name))
  )
    return undefined
  const joins: string[] = []
  const targets = (select.targetList ?? []).flatMap((target, at): Node[] => {
    if (!('ResTarget' in target)) return [target]
    const done = preAggregated(target.ResTarget, at, scope, known)
    if (done) {
      joins.push(done.join)
      return [
        {
          ResTarget: {
            name: done.name,
            val: { ColumnRef: { fields: [{ String: { sval: `esa_placeholder_${joins.length}` } }] } },
          },
        },
      ]
    }
    const star =
      target.ResTarget.val && 'ColumnRef' in target.ResTarget.val && target.ResTarget.val.ColumnRef.fields
    // A bare star would take the joined columns too.
    if (!star || star.length !== 1 || !('A_Star' in star[0]!)) return [target]
    return scope.map(({ alias }): Node => ({
      ResTarget: { val: { ColumnRef: { fields: [{ String: { sval: alias } }, { A_Star: {} }] } } },
    }))
  })
  if (joins.length === 0 || (select.fromClause ?? []).length !== 1) return undefined
  return assembled(copy, select, targets, joins, scope, known, node)
}

function assembled(
  copy: Node,
  select: SelectStmt,
  targets: Node[],
  joins: string[],
  scope: ScopeTable[],
  known: readonly TableFacts[],
  original: Node,
): string {
  const values = ((original as { SelectStmt: SelectStmt }).SelectStmt.targetList ?? []).flatMap(
    (target, at) =>
      'ResTarget' in target ? (preAggregated(target.ResTarget, at, scope, known)?.value ?? []) : [],
  )
  select.targetList = targets
  const from = sqlOf(select.fromClause![0]!)
  select.fromClause = [{ RangeVar: { relname: 'esa_from', inh: true, relpersistence: 'p' } }]
  let sql = sqlOf(copy).replace('esa_from', () => from + joins.join(''))
  for (const [at, value] of values.entries()) sql = sql.replace(`esa_placeholder_${at + 1}`, () => value)
  return sql
}
