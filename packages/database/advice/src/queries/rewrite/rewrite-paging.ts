import type { Node, SelectStmt } from '@pgsql/types'
import { columnPath, quoteRelation, OWN_MARK } from '@esa/database-catalog/sql'
import type { JudgingSession } from '@esa/database-catalog/guard'
import { copyOf, isPlain } from './rewrite-structure.ts'
import {
  allOf,
  callOf,
  columnInScope,
  conditionsOf,
  expressionOf,
  outputName,
  type ScopeColumn,
  type ScopeTable,
  sqlOf,
  tablesInScope,
  wholeNumber,
} from './scope.ts'
import type { TableFacts } from './table-facts.ts'

/** A page by its keys: `sql` is this very page, `template` what the application sends for any. */
export interface KeysetPage {
  sql: string
  template: string
  /** The statement whose rows it gives: the one that was given, its order made unique. */
  of: string
}

interface Key {
  sql: string
  type: string
  descending: boolean
}

/** The order of a statement when rows can be found behind one: columns that are never null, all in one direction. */
function orderKeys(
  select: SelectStmt,
  known: readonly TableFacts[],
): { keys: Key[]; facts: TableFacts; alias: string } | undefined {
  const scope = tablesInScope(select, known)
  if (scope?.length !== 1) return undefined
  const [{ facts, alias }] = scope as [(typeof scope)[0]]
  const keys = (select.sortClause ?? []).map((key) => {
    const node = 'SortBy' in key ? key.SortBy.node : undefined
    if (!('SortBy' in key) || !node || !('ColumnRef' in node)) return undefined
    const found = columnInScope(node.ColumnRef, scope)
    if (!found?.column.neverNull) return undefined
    if (node.ColumnRef.fields?.length === 1 && isHidden(found, select, scope)) return undefined
    return { sql: sqlOf(node), type: found.column.type, descending: key.SortBy.sortby_dir === 'SORTBY_DESC' }
  })
  if (keys.length === 0 || keys.some((key) => key === undefined || key.descending !== keys[0]?.descending))
    return undefined
  return { keys: keys as Key[], facts, alias }
}

/** True when the answer calls something else by the name of this column: a bare name in ORDER BY means that. */
function isHidden(
  { column: { name } }: ScopeColumn,
  { targetList = [] }: SelectStmt,
  scope: ScopeTable[],
): boolean {
  return targetList.some((target) => {
    if (!('ResTarget' in target) || outputName(target.ResTarget) !== name) return false
    const { val } = target.ResTarget
    const column = val && 'ColumnRef' in val ? columnInScope(val.ColumnRef, scope) : undefined
    return column?.column.name !== name
  })
}

/** Columns of the smallest unique index over columns that are never null. */
function uniqueColumns(facts: TableFacts): string[] | undefined {
  const neverNull = (name: string | null): boolean =>
    facts.columns.some((one) => one.name === name && one.neverNull)
  const found = facts.indexes.filter(
    (index) => index.unique && index.valid && !index.partial && index.columns.every(neverNull),
  )
  return found.toSorted((a, b) => a.columns.length - b.columns.length)[0]?.columns.map(String)
}

function withOrder(select: SelectStmt, added: Node[], descending: boolean): void {
  select.sortClause = [
    ...(select.sortClause ?? []),
    ...added.map((node): Node => ({
      SortBy: {
        node,
        sortby_dir: descending ? 'SORTBY_DESC' : 'SORTBY_DEFAULT',
        sortby_nulls: 'SORTBY_NULLS_DEFAULT',
      },
    })),
  ]
}

/**
 * `OFFSET n` as a condition behind the last row of the page before, read here to make the very same page. Undefined when
 * the order may hold NULLs, runs in two directions, is not of one table, or no unique key can complete it.
 */
export async function offsetAsKeyset(
  session: JudgingSession,
  node: Node,
  known: readonly TableFacts[],
): Promise<KeysetPage | undefined> {
  const { node: of, select } = copyOf(node)
  const skipped = wholeNumber(select.limitOffset)
  if (!isPlain(select) || select.withClause || !select.limitCount || skipped === undefined || skipped < 1)
    return undefined
  // How many rows tie depends on the order that was given, which is not unique.
  if (select.limitOption === 'LIMIT_OPTION_WITH_TIES') return undefined
  const order = orderKeys(select, known)
  const unique = order && uniqueColumns(order.facts)
  if (!order || !unique) return undefined
  const { keys, facts, alias } = order
  const [{ descending }] = keys as [Key]
  const has = (name: string): boolean => (select.sortClause ?? []).some((key) => nameOfKey(key) === name)
  const missing = unique.filter((name) => !has(name))
  const added = missing.map((name): Node => ({
    ColumnRef: { fields: [{ String: { sval: alias } }, { String: { sval: name } }] },
  }))
  withOrder(select, added, descending)
  for (const [at, name] of missing.entries()) {
    keys.push({
      sql: sqlOf(added[at]!),
      type: facts.columns.find((one) => one.name === name)!.type,
      descending,
    })
  }
  const last = await boundary(session, of, keys, skipped)
  if (!last) return undefined
  const page = async (values: string[]): Promise<string> => {
    const { node: copy, select: changed } = copyOf(of)
    const behind = `(${keys.map((key) => key.sql).join(', ')}) ${descending ? '<' : '>'} (${values.join(', ')})`
    changed.whereClause = allOf([...conditionsOf(changed.whereClause), await expressionOf(behind)])!
    delete changed.limitOffset
    return sqlOf(copy)
  }
  const literals = last.map((value, at) => `'${value.replaceAll("'", "''")}'::${keys[at]!.type}`)
  return { sql: await page(literals), template: await page(keys.map((_, at) => `$${at + 1}`)), of: sqlOf(of) }
}

function nameOfKey(key: Node): string | undefined {
  const node = 'SortBy' in key ? key.SortBy.node : undefined
  return node && 'ColumnRef' in node ? columnPath(node.ColumnRef)?.at(-1) : undefined
}

/** The keys of the last row before the page. */
async function boundary(
  session: JudgingSession,
  of: Node,
  keys: Key[],
  skipped: number,
): Promise<string[] | undefined> {
  const { node, select } = copyOf(of)
  const target = keys.map((key) => expressionOf(`${key.sql}::text`))
  select.targetList = (await Promise.all(target)).map((val, at): Node => ({
    ResTarget: { name: `esa_key_${at}`, val },
  }))
  select.limitOffset = await expressionOf(String(skipped - 1))
  select.limitCount = await expressionOf('1')
  const text = sqlOf(node).replace('SELECT', `SELECT ${OWN_MARK}`)
  const { rows } = await session.run(await session.judge({ text }))
  return rows[0] && keys.map((_, at) => String(rows[0]![`esa_key_${at}`]))
}

/** `SELECT count(*) FROM t` as the server's own estimate: another answer, and a fast one. */
export function countAsEstimate(node: Node, known: readonly TableFacts[]): string | undefined {
  const { SelectStmt: select } = node as { SelectStmt: SelectStmt }
  const scope = tablesInScope(select, known)
  const [target, ...others] = select.targetList ?? []
  const call = target && 'ResTarget' in target ? callOf(target.ResTarget.val) : undefined
  if (scope?.length !== 1 || others.length > 0 || call?.name !== 'count' || call.args.length > 0)
    return undefined
  if (select.whereClause || !isPlain(select)) return undefined
  const { schema, name } = scope[0]!.facts
  return `select reltuples::bigint as count from pg_class where oid = '${quoteRelation(schema, name).replaceAll("'", "''")}'::regclass`
}
