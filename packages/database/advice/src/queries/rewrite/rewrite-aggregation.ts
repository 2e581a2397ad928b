import type { Node, ResTarget, SelectStmt } from '@pgsql/types'
import { walk } from '@esa/database-catalog/sql'
import { AGGREGATES, copyOf, isOwn, isPlain, linkOf } from './rewrite-structure.ts'
import {
  allOf,
  callOf,
  columnInScope,
  conditionsOf,
  expressionOf,
  outputName,
  type ScopeTable,
  sqlOf,
  tablesInScope,
  wholeNumber,
} from './scope.ts'
import type { TableFacts } from './table-facts.ts'

/** The two sides of a join: rows of `many` are summed up for each row of `one`. */
interface Sides {
  one: ScopeTable
  many: ScopeTable
  /** The columns by which they are joined. */
  oneKey: Node
  manyKey: Node
  /** Conditions on each side alone. */
  oneConditions: Node[]
  manyConditions: Node[]
}

function innerConditions({ fromClause = [], whereClause }: SelectStmt): Node[] | undefined {
  const [first, second] = fromClause
  if (first && !second && 'JoinExpr' in first) {
    const { jointype, quals, isNatural, usingClause } = first.JoinExpr
    if ((jointype ?? 'JOIN_INNER') !== 'JOIN_INNER' || isNatural || usingClause || !quals) return undefined
    return [...conditionsOf(quals), ...conditionsOf(whereClause)]
  }
  return fromClause.length === 2 ? conditionsOf(whereClause) : undefined
}

function sidesOf(select: SelectStmt, [one, many]: [ScopeTable, ScopeTable]): Sides | undefined {
  const conditions = innerConditions(select)
  const link = conditions?.find((condition) => linkOf(condition, [many], [one]))
  const keys = link && linkOf(link, [many], [one])
  if (!conditions || !keys) return undefined
  const rest = conditions.filter((condition) => condition !== link)
  const oneConditions = rest.filter((condition) => isOwn(condition, [one]))
  const manyConditions = rest.filter(
    (condition) => !oneConditions.includes(condition) && isOwn(condition, [many]),
  )
  if (oneConditions.length + manyConditions.length < rest.length) return undefined
  return { one, many, oneKey: keys.outer, manyKey: keys.inner, oneConditions, manyConditions }
}

/** True when rows with equal group columns are one row of the table: a unique key of it is among them. */
function groupsAreRows(select: SelectStmt, one: ScopeTable): boolean {
  const names = new Set<string>()
  for (const item of select.groupClause ?? []) {
    const at = wholeNumber(item)
    const target = at === undefined ? undefined : select.targetList?.[at - 1]
    const node = target && 'ResTarget' in target ? target.ResTarget.val : item
    const column = node && 'ColumnRef' in node ? columnInScope(node.ColumnRef, [one]) : undefined
    if (!column) return false
    names.add(column.column.name)
  }
  return one.facts.indexes.some(
    ({ unique, valid, partial, columns }) =>
      unique &&
      valid &&
      !partial &&
      columns.every((name) => name !== null && names.has(name) && isNotNull(one, name)),
  )
}

function isNotNull({ facts }: ScopeTable, name: string): boolean {
  return facts.columns.some((column) => column.name === name && column.neverNull)
}

/** Takes the aggregates out of a tree and leaves references to their results; undefined when one is not of `many`. */
function takeAggregates(tree: unknown, many: ScopeTable, taken: string[]): boolean {
  let fine = true
  const visit = (holder: unknown): void => {
    if (Array.isArray(holder)) for (const item of holder) visit(item)
    if (holder === null || typeof holder !== 'object' || Array.isArray(holder)) return
    const members = holder as Record<string, unknown>
    const call = 'FuncCall' in members ? callOf(members as unknown as Node) : undefined
    if (!call || !AGGREGATES.has(call.name)) {
      for (const member of Object.values(members)) visit(member)
      return
    }
    const node = { FuncCall: members['FuncCall'] } as Node
    const parts = [...call.args, (members['FuncCall'] as { agg_filter?: Node }).agg_filter].filter(
      (part) => part !== undefined,
    )
    if ('over' in (members['FuncCall'] as object) || !parts.every((part) => isOwn(part, [many]))) fine = false
    const sql = sqlOf(node)
    if (!taken.includes(sql)) taken.push(sql)
    delete members['FuncCall']
    const name = `esa_value_${taken.indexOf(sql) + 1}`
    members['ColumnRef'] = { fields: [{ String: { sval: 'esa_sums' } }, { String: { sval: name } }] }
  }
  visit(tree)
  return fine
}

/** Every column that is left is one of `one`, or a result. */
function isOfOne(tree: unknown, one: ScopeTable): boolean {
  let fine = true
  walk(tree, (kind, body) => {
    if (kind === 'SubLink') fine = false
    const own = kind !== 'ColumnRef' || sqlOf({ ColumnRef: body }).startsWith('esa_sums.')
    if (!own && !columnInScope(body, [one])) fine = false
  })
  return fine
}

/** A target under the name that it had: the replacement of an aggregate has another. */
function named(target: Node): Node {
  const name = 'ResTarget' in target ? outputName(target.ResTarget) : undefined
  if (!('ResTarget' in target) || name === undefined) return target
  return { ResTarget: { ...target.ResTarget, name } satisfies ResTarget }
}

/**
 * A join that is grouped by a key of one side, as a join with the other side summed up before: what is joined and grouped
 * then is one row for each key. Undefined unless each group is one row of the first side and each aggregate is of the other.
 */
export async function aggregatedBeforeJoin(
  node: Node,
  known: readonly TableFacts[],
): Promise<string | undefined> {
  const scope = tablesInScope((node as { SelectStmt: SelectStmt }).SelectStmt, known)
  if (scope?.length !== 2) return undefined
  const [a, b] = scope as [ScopeTable, ScopeTable]
  return (await summedUp(node, [a, b])) ?? (await summedUp(node, [b, a]))
}

async function summedUp(node: Node, order: [ScopeTable, ScopeTable]): Promise<string | undefined> {
  const { node: copy, select } = copyOf(node)
  const { groupClause = [], ...ungrouped } = select
  if (groupClause.length === 0 || !isPlain(ungrouped) || select.withClause) return undefined
  const sides = sidesOf(select, order)
  if (!sides || !groupsAreRows(select, sides.one)) return undefined
  const { one, many, oneKey, manyKey, oneConditions, manyConditions } = sides
  select.targetList = (select.targetList ?? []).map(named)
  const taken: string[] = []
  const fine = takeAggregates([select.targetList, select.sortClause], many, taken)
  if (!fine || taken.length === 0 || !isOfOne(select.targetList, one)) return undefined
  const where = allOf(manyConditions)
  const values = taken.map((sql, at) => `${sql} AS esa_value_${at + 1}`).join(', ')
  const summed =
    `SELECT ${sqlOf(manyKey)} AS esa_key, ${values} FROM ${fromOf(many)}` +
    `${where ? ` WHERE ${sqlOf(where)}` : ''} GROUP BY ${sqlOf(manyKey)}`
  delete select.groupClause
  select.fromClause = [{ RangeVar: { relname: 'esa_from', inh: true, relpersistence: 'p' } }]
  const link = await expressionOf(`esa_sums.esa_key = ${sqlOf(oneKey)}`)
  const conditions = allOf([link, ...oneConditions])
  if (conditions) select.whereClause = conditions
  return sqlOf(copy).replace('esa_from', () => `${fromOf(one)} CROSS JOIN (${summed}) esa_sums`)
}

function fromOf({ alias, facts: { schema, name } }: ScopeTable): string {
  return sqlOf({
    RangeVar: {
      schemaname: schema,
      relname: name,
      inh: true,
      relpersistence: 'p',
      alias: { aliasname: alias },
    },
  })
}
