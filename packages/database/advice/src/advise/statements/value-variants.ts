import type { A_Expr, ColumnRef, Node } from '@pgsql/types'
import { deparseSync } from 'pgsql-deparser'
import { columnPath, operatorOf, walk } from '@esa/database-catalog/sql'
import type { ReadingForm } from './as-reading.ts'
import { STATES_MAX, type TableFacts } from './table-catalog.ts'

function isConstant(node: Node | undefined): boolean {
  if (node === undefined) return false
  return 'A_Const' in node || ('TypeCast' in node && isConstant(node.TypeCast.arg))
}

/** True for a column with so many values that one in a statement is only an example. */
function hasManyValues(ref: ColumnRef, tables: readonly TableFacts[]): boolean {
  const column = columnPath(ref)?.at(-1)
  const facts = tables.flatMap((table) => (column === undefined ? [] : (table.columns.get(column) ?? [])))
  return facts.length === 1 && facts[0]!.distinct > STATES_MAX
}

/**
 * The statement with a parameter in place of each constant that a column of many values is compared with for equality:
 * who is looked up changes from call to call. Undefined when there is none.
 */
export function withExamplesOpen(form: ReadingForm, tables: readonly TableFacts[]): ReadingForm | undefined {
  const node = structuredClone(form.node)
  let opened = 0
  walk(node, (kind, body) => {
    const expr = body as A_Expr
    if (kind !== 'A_Expr' || expr.kind !== 'AEXPR_OP' || operatorOf(expr.name) !== '=') return
    for (const [side, other] of [
      ['rexpr', 'lexpr'],
      ['lexpr', 'rexpr'],
    ] as const) {
      const column = expr[other]
      if (!isConstant(expr[side]) || !column || !('ColumnRef' in column)) continue
      if (!hasManyValues(column.ColumnRef, tables)) continue
      opened += 1
      expr[side] = { ParamRef: { number: opened } }
    }
  })
  return opened === 0 ? undefined : { sql: deparseSync(node), node }
}
