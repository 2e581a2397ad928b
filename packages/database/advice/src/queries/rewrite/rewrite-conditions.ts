import type { A_Expr, Node } from '@pgsql/types'
import { operatorOf, stringConstant } from '@esa/database-catalog/sql'
import {
  callOf,
  columnInScope,
  isKnown,
  type ScopeColumn,
  type ScopeTable,
  sqlOf,
  wholeNumber,
} from './scope.ts'

/** A condition in another form, as SQL text, and the rule that made it. */
export interface NewCondition {
  rule: string
  sql: string
}

interface Comparison {
  operator: string
  /** The side that holds the column. */
  expression: Node
  /** The other side, known before a row is read. */
  value: Node
}

const MIRRORED: Record<string, string> = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' }
const TIMES = /^(?:timestamp|date)/
const INTEGERS = new Set(['smallint', 'integer', 'bigint'])
const UNITS: Record<string, string> = {
  second: '1 second',
  minute: '1 minute',
  hour: '1 hour',
  day: '1 day',
  week: '7 days',
  month: '1 month',
  quarter: '3 months',
  year: '1 year',
}

function comparisonOf({ kind, name, lexpr, rexpr }: A_Expr): Comparison | undefined {
  const operator = operatorOf(name)
  const mirrored = MIRRORED[operator]
  if (kind !== 'AEXPR_OP' || mirrored === undefined || !lexpr || !rexpr) return undefined
  if (isKnown(rexpr) && !isKnown(lexpr)) return { operator, expression: lexpr, value: rexpr }
  if (isKnown(lexpr) && !isKnown(rexpr)) return { operator: mirrored, expression: rexpr, value: lexpr }
  return undefined
}

/** Whole days: `from` is the first moment that counts for `=`, the day after it the first that does not. */
function byDay(column: string, operator: string, day: string): string | undefined {
  return {
    '=': `${column} >= ${day} and ${column} < ${day} + 1`,
    '>=': `${column} >= ${day}`,
    '>': `${column} >= ${day} + 1`,
    '<': `${column} < ${day}`,
    '<=': `${column} < ${day} + 1`,
  }[operator]
}

function castTarget(node: Node): { arg: Node; to: string } | undefined {
  if (!('TypeCast' in node) || !node.TypeCast.arg) return undefined
  const name = node.TypeCast.typeName?.names?.at(-1)
  return name && 'String' in name ? { arg: node.TypeCast.arg, to: name.String.sval ?? '' } : undefined
}

interface Subject {
  scope: ScopeTable[]
  comparison: Comparison
}

function find(node: Node | undefined, { scope }: Subject): (ScopeColumn & { sql: string }) | undefined {
  if (node === undefined || !('ColumnRef' in node)) return undefined
  const column = columnInScope(node.ColumnRef, scope)
  return column && { ...column, sql: sqlOf(node) }
}

function dayOfTime(subject: Subject): string | undefined {
  const { operator, expression, value } = subject.comparison
  const cast = castTarget(expression)
  const call = callOf(expression)
  const arg =
    cast?.to === 'date'
      ? cast.arg
      : call?.name === 'date' && call.args.length === 1
        ? call.args[0]
        : undefined
  const column = find(arg, subject)
  if (!column || !column.column.type.startsWith('timestamp')) return undefined
  return byDay(column.sql, operator, `(${sqlOf(value)})::date`)
}

function truncated(subject: Subject): string | undefined {
  const { operator, expression, value } = subject.comparison
  const call = callOf(expression)
  if (call?.name !== 'date_trunc' || call.args.length !== 2 || operator !== '=') return undefined
  const unit = stringConstant(call.args[0]) ?? ''
  const [step, column] = [UNITS[unit], find(call.args[1], subject)]
  if (step === undefined || !column || !column.column.type.startsWith('timestamp')) return undefined
  const from = `(${sqlOf(value)})::${column.column.type}`
  // A value that is itself no beginning of a unit was never equal, and must not become a range.
  return `${column.sql} >= ${from} and ${column.sql} < ${from} + interval '${step}' and date_trunc('${unit}', ${from}) = ${from}`
}

function year(subject: Subject): string | undefined {
  const { operator, expression, value } = subject.comparison
  const call = callOf(expression)
  if (!call || !['extract', 'date_part'].includes(call.name) || stringConstant(call.args[0]) !== 'year')
    return undefined
  const [column, number] = [find(call.args[1], subject), wholeNumber(value)]
  if (!column || !TIMES.test(column.column.type) || number === undefined || number < 1 || number > 9_998)
    return undefined
  const [from, to] = [`make_date(${number}, 1, 1)`, `make_date(${number + 1}, 1, 1)`]
  return {
    '=': `${column.sql} >= ${from} and ${column.sql} < ${to}`,
    '>=': `${column.sql} >= ${from}`,
    '>': `${column.sql} >= ${to}`,
    '<': `${column.sql} < ${from}`,
    '<=': `${column.sql} < ${to}`,
  }[operator]
}

function formatted(subject: Subject): string | undefined {
  const { operator, expression, value } = subject.comparison
  const call = callOf(expression)
  const [column, text] = [find(call?.args[0], subject), stringConstant(value)]
  if (call?.name !== 'to_char' || operator !== '=' || !column || text === undefined) return undefined
  if (!TIMES.test(column.column.type)) return undefined
  const format = stringConstant(call.args[1])?.toUpperCase()
  if (format === 'YYYY-MM-DD' && /^\d{4}-\d\d-\d\d$/.test(text))
    return byDay(column.sql, '=', `date '${text}'`)
  if (format !== 'YYYY-MM' || !/^\d{4}-\d\d$/.test(text)) return undefined
  return `${column.sql} >= date '${text}-01' and ${column.sql} < date '${text}-01' + interval '1 month'`
}

function arithmetic(subject: Subject): string | undefined {
  const { operator, expression, value } = subject.comparison
  if (!('A_Expr' in expression)) return undefined
  const sign = operatorOf(expression.A_Expr.name)
  const [column, by, right] = [
    find(expression.A_Expr.lexpr, subject),
    wholeNumber(expression.A_Expr.rexpr),
    wholeNumber(value),
  ]
  if (!column || by === undefined || right === undefined || !INTEGERS.has(column.column.type))
    return undefined
  if (sign === '+') return `${column.sql} ${operator} ${right - by}`
  return sign === '-' ? `${column.sql} ${operator} ${right + by}` : undefined
}

function coalesced(subject: Subject): string | undefined {
  const { operator, expression, value } = subject.comparison
  if (!('CoalesceExpr' in expression) || operator !== '=' || expression.CoalesceExpr.args?.length !== 2)
    return undefined
  const [first, second] = expression.CoalesceExpr.args
  const column = find(first, subject)
  if (!column || !isKnown(second)) return undefined
  const [otherwise, wanted] = [sqlOf(second!), sqlOf(value)]
  const plain = `${column.sql} = ${wanted}`
  return otherwise === wanted
    ? `(${plain} or ${column.sql} is null)`
    : `(${plain} or ${column.sql} is null and ${otherwise} = ${wanted})`
}

/** `id::text = '42'`, `uid::text = '...'`: the value takes the column's type, when the column writes it just so. */
function castAway(subject: Subject): string | undefined {
  const { operator, expression, value } = subject.comparison
  const cast = castTarget(expression)
  const [column, text] = [find(cast?.arg, subject), stringConstant(value)]
  if (!cast || !column || operator !== '=' || text === undefined) return undefined
  if (!['text', 'varchar', 'bpchar'].includes(cast.to)) return undefined
  const { type } = column.column
  if (INTEGERS.has(type) && /^(?:0|-?[1-9]\d*)$/.test(text)) return `${column.sql} = '${text}'::${type}`
  const isUuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)
  return type === 'uuid' && isUuid ? `${column.sql} = '${text}'::uuid` : undefined
}

/** `id = 42.0`, `code = 'x'::text` on a char(n): the column is converted for each row because of the value's type. */
function ofColumnsType(subject: Subject): string | undefined {
  const { operator, expression, value } = subject.comparison
  const column = find(expression, subject)
  if (!column) return undefined
  const [{ type }, text] = [column.column, stringConstant(value)]
  if (INTEGERS.has(type) && !isPlainInteger(value)) {
    const number = wholeNumber(value)
    return number === undefined ? undefined : `${column.sql} ${operator} ${number}`
  }
  if (!type.startsWith('character(') || castTarget(value)?.to !== 'text') return undefined
  return text === undefined || text.endsWith(' ')
    ? undefined
    : `${column.sql} ${operator} '${text.replaceAll("'", "''")}'`
}

/** An integer, or a quoted text whose type the server chooses: both already have the column's type. */
function isPlainInteger(value: Node): boolean {
  return 'A_Const' in value && value.A_Const.fval === undefined
}

const RULES: [rule: string, rewrite: (subject: Subject) => string | undefined][] = [
  ['function-on-column', dayOfTime],
  ['function-on-column', truncated],
  ['function-on-column', year],
  ['function-on-column', formatted],
  ['function-on-column', arithmetic],
  ['function-on-column', coalesced],
  ['function-on-column', castAway],
  ['implicit-cast', ofColumnsType],
]

/** A comparison with a function, a cast or arithmetic around its column as one on the column itself, where that is the same. */
export function newCondition(condition: Node, scope: ScopeTable[]): NewCondition | undefined {
  const comparison = 'A_Expr' in condition ? comparisonOf(condition.A_Expr) : undefined
  if (!comparison) return undefined
  for (const [rule, rewrite] of RULES) {
    const sql = rewrite({ scope, comparison })
    if (sql !== undefined) return { rule, sql }
  }
  return undefined
}
