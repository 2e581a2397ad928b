import type { Node } from '@pgsql/types'
import { parseScript } from '../sql/parse-script.ts'

/** Tables, and columns as `table.column`, that statements make: what is in them goes with them when they are undone. */
export async function madeBy(scripts: string[]): Promise<Set<string>> {
  const made = new Set<string>()
  for (const { node } of await parseScript(scripts.join('\n;\n'))) {
    if ('CreateStmt' in node && !node.CreateStmt.if_not_exists)
      made.add(node.CreateStmt.relation?.relname ?? '')
    if ('AlterTableStmt' in node) {
      const { relation, cmds = [] } = node.AlterTableStmt
      for (const column of cmds.flatMap(addedColumn)) made.add(`${relation?.relname}.${column}`)
    }
  }
  return made
}

/** True for an INSERT into, or an UPDATE of, nothing but what was made: undone is what holds it. */
export function fillsOnly(node: Node, made: ReadonlySet<string>): boolean {
  if ('InsertStmt' in node) return made.has(node.InsertStmt.relation?.relname ?? '')
  if (!('UpdateStmt' in node)) return false
  const { relation, targetList = [] } = node.UpdateStmt
  const table = relation?.relname ?? ''
  const columns = targetList.map((target) => ('ResTarget' in target ? (target.ResTarget.name ?? '') : ''))
  return made.has(table) || columns.every((column) => made.has(`${table}.${column}`))
}

function addedColumn(cmd: Node): string[] {
  if (!('AlterTableCmd' in cmd) || cmd.AlterTableCmd.subtype !== 'AT_AddColumn') return []
  const { def, missing_ok: perhaps } = cmd.AlterTableCmd
  return def && 'ColumnDef' in def && !perhaps ? [def.ColumnDef.colname ?? ''] : []
}
