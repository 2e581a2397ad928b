import type { DeleteStmt, Node, SelectStmt, UpdateStmt } from '@pgsql/types'
import { deparseSync } from 'pgsql-deparser'
import { parseScript } from '@esa/database-catalog/sql'

/** A statement of the workload as a query: its text and tree, and what was changed to make it one. */
export interface ReadingForm {
  sql: string
  node: Node
  note?: string
}

type Finding = Pick<
  UpdateStmt & DeleteStmt,
  'relation' | 'whereClause' | 'fromClause' | 'usingClause' | 'withClause'
>

function findingSelect({ relation, whereClause, fromClause, usingClause, withClause }: Finding): Node {
  const alias = relation?.alias?.aliasname ?? relation?.relname ?? ''
  const select: SelectStmt = {
    // All columns: a row that is changed is read whole, and no index alone can give it.
    targetList: [
      { ResTarget: { val: { ColumnRef: { fields: [{ String: { sval: alias } }, { A_Star: {} }] } } } },
    ],
    fromClause: [...(relation ? [{ RangeVar: relation }] : []), ...(fromClause ?? usingClause ?? [])],
    limitOption: 'LIMIT_OPTION_DEFAULT',
    op: 'SETOP_NONE',
    ...(whereClause === undefined ? {} : { whereClause }),
    ...(withClause === undefined ? {} : { withClause }),
  }
  return { SelectStmt: select }
}

function rewritten(node: Node, note: string): ReadingForm {
  return { sql: deparseSync(node), node, note }
}

/**
 * What of a statement an index can help, as a query that only reads: an UPDATE or DELETE is the search for its rows, a
 * locking SELECT is one without its locks. Undefined for a statement that searches nothing, such as an INSERT of values.
 * @throws EsaError `sql.syntax` (terminal).
 */
export async function asReading(sql: string): Promise<ReadingForm | undefined> {
  const [statement, ...more] = await parseScript(sql)
  if (!statement || more.length > 0) return undefined
  const { node, text } = statement
  if ('UpdateStmt' in node)
    return rewritten(findingSelect(node.UpdateStmt), 'measured as the search for the rows it updates')
  if ('DeleteStmt' in node)
    return rewritten(findingSelect(node.DeleteStmt), 'measured as the search for the rows it deletes')
  if (!('SelectStmt' in node)) return undefined
  if (node.SelectStmt.lockingClause === undefined) return { sql: text, node }
  const select = { ...node.SelectStmt }
  delete select.lockingClause
  return rewritten({ SelectStmt: select }, 'measured without its row locks')
}
