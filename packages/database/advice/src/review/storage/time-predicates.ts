import { parseScript } from '@esa/database-catalog/sql'

/** How often statements ask for a range of a column, and how many of them delete by it. */
export interface RangeUse {
  /** Last part of the relation's name, and the column's. */
  relation: string
  column: string
  calls: number
  deletes: number
}

/** A statement and how often it came. */
export interface CountedStatement {
  sql: string
  calls: number
}

const RANGE_OPERATORS = new Set(['<', '>', '<=', '>='])

type Tree = Record<string, unknown>

/**
 * Which columns statements compare as ranges, by PostgreSQL's own parser; a statement that it does not take is passed
 * over. A column is given with every relation of its statement: only the one that has it counts.
 */
export async function rangeUses(statements: readonly CountedStatement[]): Promise<RangeUse[]> {
  const uses = new Map<string, RangeUse>()
  for (const { sql, calls } of statements) {
    const parsed = await parseScript(sql).catch(() => [])
    for (const { node, kind } of parsed) {
      const [relations, columns] = [new Set<string>(), new Set<string>()]
      collect(node, relations, columns)
      for (const relation of relations) {
        for (const column of columns) {
          const key = `${relation} ${column}`
          const use = uses.get(key) ?? { relation, column, calls: 0, deletes: 0 }
          use.calls += calls
          if (kind === 'DeleteStmt') use.deletes += calls
          uses.set(key, use)
        }
      }
    }
  }
  return [...uses.values()]
}

function collect(node: unknown, relations: Set<string>, columns: Set<string>): void {
  if (Array.isArray(node)) {
    for (const item of node) collect(item, relations, columns)
    return
  }
  if (typeof node !== 'object' || node === null) return
  for (const [key, value] of Object.entries(node as Tree)) {
    const inner = value as Tree
    if (key === 'RangeVar' || key === 'relation') {
      const name = (inner ?? {})['relname']
      if (typeof name === 'string') relations.add(name)
    }
    if (key === 'A_Expr' && isRange(inner)) {
      for (const side of [inner['lexpr'], inner['rexpr']]) {
        const name = columnOf(side)
        if (name !== undefined) columns.add(name)
      }
    }
    collect(value, relations, columns)
  }
}

function isRange({ kind, name }: Tree): boolean {
  if (kind === 'AEXPR_BETWEEN') return true
  const operator = (name as { String?: { sval?: string } }[] | undefined)?.at(-1)?.String?.sval
  return kind === 'AEXPR_OP' && operator !== undefined && RANGE_OPERATORS.has(operator)
}

function columnOf(side: unknown): string | undefined {
  const fields = (side as { ColumnRef?: { fields?: { String?: { sval?: string } }[] } } | undefined)
    ?.ColumnRef?.fields
  return fields?.at(-1)?.String?.sval
}
