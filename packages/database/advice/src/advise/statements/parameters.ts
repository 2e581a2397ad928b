import type { A_Expr, Node, RangeVar } from '@pgsql/types'
import { deparseSync } from 'pgsql-deparser'
import { tokenize, columnPath, operatorOf, walk } from '@esa/database-catalog/sql'
import { nameOfTable } from './read-shape.ts'

/** What a parameter `$n` is compared with, which gives its possible values. */
export interface Parameter {
  number: number
  /** `limit` and `offset` are counts; `compared` has a column or an expression of one table on the other side. */
  role: 'limit' | 'offset' | 'compared' | 'unknown'
  operator: string
  /** The other side and its table, as SQL: `shop.orders`, `shop.orders as o`, `lower(o.email)`. */
  table?: string
  from?: string
  expression?: string
  /** The list that the other side is one of: `= any($1)`. */
  array: boolean
}

/** Operators whose sides are alike, so that a stored value may stand on the other one; arithmetic is not among them. */
const COMPARING = /^(?:BETWEEN|=|<>|<=?|>=?|!?~~\*?|!?~\*?|@>|<@|&&|@@|%)$/

interface Named {
  from: string
  alias: string
}

function parameterOf(node: Node | undefined): number | undefined {
  if (node === undefined) return undefined
  if ('ParamRef' in node) return node.ParamRef.number ?? 0
  return 'TypeCast' in node ? parameterOf(node.TypeCast.arg) : undefined
}

const listOf = (node: Node | undefined): (Node | undefined)[] =>
  node && 'List' in node ? (node.List.items ?? []) : [node]

function tablesIn(tree: Node): Named[] {
  const found: Named[] = []
  walk(tree, (kind, body) => {
    if (kind !== 'RangeVar') return
    const range = body as RangeVar
    const alias = range.alias?.aliasname ?? range.relname ?? ''
    found.push({ from: nameOfTable(range), alias })
  })
  return found
}

/** The only table that an expression names; an unqualified column belongs to the only table there is. */
function tableOf(expression: Node, tables: Named[]): Named | undefined {
  const aliases = new Set<string | undefined>()
  let known = true
  walk(expression, (kind, body) => {
    if (kind === 'ParamRef' || kind === 'SubLink') known = false
    if (kind === 'ColumnRef') aliases.add(columnPath(body)?.at(-2))
  })
  const [alias] = aliases
  if (!known || aliases.size !== 1) return undefined
  const named = tables.filter((table) => alias === undefined || table.alias === alias)
  return named.length === 1 ? named[0] : undefined
}

function compared(number: number, other: Node | undefined, expr: A_Expr, tables: Named[]): Parameter {
  const operator = operatorOf(expr.name)
  const array = expr.kind === 'AEXPR_OP_ANY'
  const table = other && COMPARING.test(operator) ? tableOf(other, tables) : undefined
  if (!other || !table) return { number, role: 'unknown', operator, array }
  const from = `${table.from} as "${table.alias.replaceAll('"', '""')}"`
  return {
    number,
    role: 'compared',
    operator,
    table: table.from,
    from,
    expression: deparseSync(other),
    array,
  }
}

/** The parameters of a normalised statement, in order, each once. */
export function parametersOf(tree: Node): Parameter[] {
  const tables = tablesIn(tree)
  const found = new Map<number, Parameter>()
  const keep = (parameter: Parameter): void => {
    if (found.get(parameter.number)?.role !== 'compared') found.set(parameter.number, parameter)
  }
  walk(tree, (kind, body) => {
    if (kind === 'ParamRef') {
      const number = Number(body['number'] ?? 0)
      if (!found.has(number)) keep({ number, role: 'unknown', operator: '', array: false })
    }
    for (const [member, role] of [
      ['limitCount', 'limit'],
      ['limitOffset', 'offset'],
    ] as const) {
      const number = parameterOf(body[member] as Node | undefined)
      if (number !== undefined) keep({ number, role, operator: '', array: false })
    }
    if (kind !== 'A_Expr') return
    const expr = body as A_Expr
    for (const [side, other] of [
      [expr.rexpr, expr.lexpr],
      [expr.lexpr, expr.rexpr],
    ]) {
      for (const [nth, item] of listOf(side).entries()) {
        const number = parameterOf(item)
        const operator = expr.kind === 'AEXPR_BETWEEN' ? (nth === 0 ? '>=' : '<=') : undefined
        if (number !== undefined)
          keep({ ...compared(number, other, expr, tables), ...(operator ? { operator } : {}) })
      }
    }
  })
  return [...found.values()].toSorted((a, b) => a.number - b.number)
}

/** The statement with each `$n` replaced by the n-th value, which is SQL. */
export function withValues(sql: string, values: ReadonlyMap<number, string>): string {
  let bound = ''
  let at = 0
  for (const token of tokenize(sql)) {
    const value = /^\$\d+$/.test(token.text) ? values.get(Number(token.text.slice(1))) : undefined
    bound += sql.slice(at, token.at) + (value ?? token.text)
    at = token.at + token.text.length
  }
  return bound + sql.slice(at)
}
