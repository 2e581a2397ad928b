import type { Node, SelectStmt } from '@pgsql/types'
import {
  columnPath,
  operatorOf,
  stringConstant,
  unqualifiedSql,
  walk,
  quoteRelation,
  parseScript,
} from '@esa/database-catalog/sql'
import { figures } from '../measure/plan.ts'
import { nodeName, type PlacedNode, relationOf } from './plan-tree.ts'
import { suspect, type Suspicion } from './suspicion.ts'
import { leadsAnIndex, type TableFacts } from './rewrite/table-facts.ts'

/** Rows that a filter must have thrown away before its form matters. */
const REMOVED_MIN = 1_000

/** What EXPLAIN writes for a subquery, which is not SQL. */
const SUBPLAN = /\(?(?:hashed )?(?:SubPlan|InitPlan) \d+(?: \([^)]*\))?\)?(?:\.col\d+)?/g

const COMPARING = new Set(['=', '<', '<=', '>', '>=', '~~', '~~*', '@>', '&&', '<@'])

/** The conditions of a filter that must all hold; none when it cannot be read. */
export async function conjuncts(filter: string): Promise<Node[]> {
  try {
    const [statement] = await parseScript(`select where ${filter.replaceAll(SUBPLAN, '$1')}`)
    const select = statement?.node as { SelectStmt: SelectStmt } | undefined
    const where = select?.SelectStmt.whereClause
    return where === undefined ? [] : flattened(where)
  } catch {
    return []
  }
}

function flattened(where: Node): Node[] {
  if (!('BoolExpr' in where) || where.BoolExpr.boolop !== 'AND_EXPR') return [where]
  return (where.BoolExpr.args ?? []).flatMap(flattened)
}

/** The only column of relation `alias` in an expression that is more than the column itself. */
function wrappedColumn(side: Node | undefined, alias: string): string | undefined {
  if (side === undefined || 'ColumnRef' in side || 'RowExpr' in side) return undefined
  const names = new Set<string>()
  walk(side, (kind, body) => {
    const path = kind === 'ColumnRef' ? columnPath(body) : undefined
    if (path) names.add(path.length === 1 || path.at(-2) === alias ? path.at(-1)! : '')
  })
  const [name, ...others] = names
  return others.length === 0 && name !== '' ? name : undefined
}

function isTextRelabel(side: Node, type: string): boolean {
  if (!('TypeCast' in side) || !side.TypeCast.arg || !('ColumnRef' in side.TypeCast.arg)) return false
  const name = side.TypeCast.typeName?.names?.at(-1)
  const to = name && 'String' in name ? name.String.sval : ''
  return to === 'text' && type.startsWith('character varying')
}

interface Wrapped {
  column: string
  expression: Node
  facts: TableFacts
}

function finding({ node }: PlacedNode, { column, expression, facts }: Wrapped, written: boolean): Suspicion {
  const { rows, removed } = figures(node)
  const sql = unqualifiedSql(expression)
  const relation = `${facts.schema}.${facts.name}`
  const type = facts.columns.find(({ name }) => name === column)?.type ?? ''
  const cast = 'TypeCast' in expression && !written
  const indexed = leadsAnIndex(facts, column)
  const seen = {
    node: nodeName(node),
    column,
    type,
    expression: sql,
    rows,
    removed,
    columnIsIndexed: indexed,
  }
  const why = indexed ? `, so that an index on ${column} cannot be used` : ''
  const ddl = `CREATE INDEX ON ${quoteRelation(facts.schema, facts.name)} ((${sql}))`
  if (cast)
    return suspect('implicit-cast', {
      relation,
      message: `${relation}.${column} is ${type} and was converted for each row (${sql})${why}`,
      evidence: seen,
      fix: `give the value as ${type}: a parameter or literal of the column's own type`,
    })
  return suspect('function-on-column', {
    relation,
    message: `the condition is on ${sql}, not on ${relation}.${column} itself${why}`,
    evidence: seen,
    fix: `${ddl.replace('CREATE INDEX', 'CREATE INDEX CONCURRENTLY')}, or a condition on ${column} itself`,
    trial: { kind: 'ddl', statements: [ddl] },
  })
}

/** LIKE patterns that a plain B-tree does not serve: those that begin with a wildcard, and all but in the C collation. */
function patternFinding({ node }: PlacedNode, expr: Node, alias: string, facts: TableFacts): Suspicion[] {
  if (!('A_Expr' in expr) || !expr.A_Expr.lexpr) return []
  const [operator, pattern] = [operatorOf(expr.A_Expr.name), stringConstant(expr.A_Expr.rexpr)]
  if (!['~~', '~~*'].includes(operator) || pattern === undefined) return []
  const { lexpr: side } = expr.A_Expr
  const path = 'ColumnRef' in side ? columnPath(side.ColumnRef) : undefined
  const column = path?.at(-1) ?? wrappedColumn(side, alias)
  if (column === undefined) return []
  const begins = operator === '~~' && !/^[%_]/.test(pattern)
  const [table, sql] = [quoteRelation(facts.schema, facts.name), unqualifiedSql(side)]
  const using = begins ? `((${sql}) text_pattern_ops)` : `USING gin ((${sql}) gin_trgm_ops)`
  const extension = begins ? [] : ['CREATE EXTENSION IF NOT EXISTS pg_trgm']
  const relation = `${facts.schema}.${facts.name}`
  return [
    suspect(begins ? 'prefix-pattern' : 'leading-wildcard', {
      relation,
      message: begins
        ? `'${pattern}' is looked for in every row of ${relation}.${column}: in this collation an index finds prefixes only with text_pattern_ops`
        : `'${pattern}' is looked for in every row of ${relation}.${column}: it has no beginning by which a B-tree could find it`,
      evidence: { node: nodeName(node), column, pattern, removed: figures(node).removed },
      fix: [...extension, `CREATE INDEX CONCURRENTLY ON ${table} ${using}`].join('; '),
      trial: { kind: 'ddl', statements: [...extension, `CREATE INDEX ON ${table} ${using}`] },
    }),
  ]
}

/** Columns that the statement itself converts: that cast is written, not implied. */
function writtenCasts(statement: Node): Set<string> {
  const found = new Set<string>()
  walk(statement, (kind, body) => {
    const arg = kind === 'TypeCast' ? (body['arg'] as Node | undefined) : undefined
    const path = arg && 'ColumnRef' in arg ? columnPath(arg.ColumnRef) : undefined
    if (path) found.add(path.at(-1)!)
  })
  return found
}

/** Conditions in a form that no index on the column serves: functions, casts, patterns. */
export async function filterFindings(
  nodes: PlacedNode[],
  tables: readonly TableFacts[],
  statement: Node,
): Promise<Suspicion[]> {
  const casts = writtenCasts(statement)
  const found: Suspicion[] = []
  for (const placed of nodes) {
    const { node } = placed
    const facts = tables.find(({ schema, name }) => `${schema}.${name}` === relationOf(node))
    if (!facts || node.Filter === undefined || figures(node).removed < REMOVED_MIN) continue
    const alias = node.Alias ?? facts.name
    for (const condition of await conjuncts(node.Filter)) {
      if (!('A_Expr' in condition) || !COMPARING.has(operatorOf(condition.A_Expr.name))) continue
      found.push(...patternFinding(placed, condition, alias, facts))
      for (const expression of [condition.A_Expr.lexpr, condition.A_Expr.rexpr]) {
        const column = wrappedColumn(expression, alias)
        const type = facts.columns.find(({ name }) => name === column)?.type
        if (expression === undefined || column === undefined || type === undefined) continue
        if (isTextRelabel(expression, type)) continue
        found.push(finding(placed, { column, expression, facts }, casts.has(column)))
      }
    }
  }
  return found
}
