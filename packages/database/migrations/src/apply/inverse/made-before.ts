import type { Node, RangeVar, RenameStmt } from '@pgsql/types'
import { schemasOfPath, type CalledName } from '@esa/database-catalog/guard'
import { type Queryable, parseScript } from '@esa/database-catalog/sql'
import { isTemporary, written } from '../opaque/full-names.ts'
import { notHarmless } from '../opaque/not-harmless.ts'
import { movesNames } from '../../plan/steps/setting.ts'

/** What is made of a table, by its name as it is written: all of it, or columns. It goes with them when they are undone. */
export type Made = Map<string, 'all' | Set<string>>

/** What several scripts make. What is temporary is of the script that made it, and elsewhere its name means another table. */
export async function madeBy(scripts: string[]): Promise<Made> {
  const made: Made = new Map()
  for (const { node } of await parseScript(scripts.join('\n;\n')))
    if (!('CreateStmt' in node && isTemporary(node.CreateStmt.relation))) noteMade(node, made)
  return made
}

/** Adds what a statement makes, and leaves out what its name may no longer mean. */
export function noteMade(node: Node, made: Made): void {
  if (movesNames(node)) for (const key of made.keys()) if (key.startsWith(keyOf())) made.delete(key)
  if ('CreateStmt' in node && !node.CreateStmt.if_not_exists) made.set(keyOf(node.CreateStmt.relation), 'all')
  if ('RenameStmt' in node) renameMade(node.RenameStmt, made)
  if (!('AlterTableStmt' in node)) return
  const { relation, cmds = [] } = node.AlterTableStmt
  const known = made.get(keyOf(relation)) ?? []
  if (known !== 'all') made.set(keyOf(relation), new Set([...known, ...cmds.flatMap(addedColumn)]))
}

/** Without a schema it begins as the key of no relation does. */
function keyOf({ schemaname = '', relname = '' }: RangeVar = {}): string {
  return `${JSON.stringify(schemaname)}.${relname}`
}

/** What was made keeps that under its new name, and what had the new name before does not come by it. */
function renameMade({ renameType, relation, subname = '', newname = '' }: RenameStmt, made: Made): void {
  const known = made.get(keyOf(relation))
  if (renameType === 'OBJECT_COLUMN') {
    if (known === undefined || known === 'all') return
    const wasMade = known.delete(subname)
    known.delete(newname)
    if (wasMade) known.add(newname)
  } else if (renameType === 'OBJECT_TABLE') {
    made.delete(keyOf(relation))
    made.delete(keyOf({ ...relation, relname: newname }))
    if (known !== undefined) made.set(keyOf({ ...relation, relname: newname }), known)
  }
}

function addedColumn(cmd: Node): string[] {
  if (!('AlterTableCmd' in cmd) || cmd.AlterTableCmd.subtype !== 'AT_AddColumn') return []
  const { def, missing_ok: perhaps } = cmd.AlterTableCmd
  return def && 'ColumnDef' in def && !perhaps ? [def.ColumnDef.colname ?? ''] : []
}

/** True for an INSERT into, or an UPDATE of, nothing but what was made, and that does no more: undone is what holds it. */
export async function fillsOnly(session: Queryable, node: Node, made: Made): Promise<boolean> {
  if (!('InsertStmt' in node) && !('UpdateStmt' in node)) return false
  const { relation, ...rest } = 'InsertStmt' in node ? node.InsertStmt : node.UpdateStmt
  const known = made.get(keyOf(relation))
  if (known === undefined) return false
  if (known !== 'all') {
    if ('InsertStmt' in node) return false
    const targets = (node.UpdateStmt.targetList ?? []).map((target) =>
      'ResTarget' in target ? (target.ResTarget.name ?? '') : '',
    )
    if (!targets.every((column) => known.has(column))) return false
  }
  const within: Within = { writes: false, calls: [] }
  visit(rest, within)
  if (within.writes || (await isHeard(session, relation, 'InsertStmt' in node))) return false
  return (
    within.calls.length === 0 ||
    (await notHarmless(session, within.calls, await schemasOfPath(session))).length === 0
  )
}

/** What is inside a statement. */
interface Within {
  writes: boolean
  calls: CalledName[]
}

/** Statements that write, wherever in another one they stand. */
const WRITING = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'])

function visit(value: unknown, within: Within): void {
  if (Array.isArray(value)) for (const one of value) visit(one, within)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return
  for (const [kind, inner] of Object.entries(value)) {
    if (WRITING.has(kind)) within.writes = true
    if (kind === 'FuncCall') {
      const parts = (inner as { funcname?: { String?: { sval?: string } }[] }).funcname ?? []
      const [name = '', schema = null] = parts.map((part) => part.String?.sval ?? '').toReversed()
      within.calls.push({ schema, name })
    }
    visit(inner, within)
  }
}

/** Of pg_trigger.tgtype. An INSERT may become an UPDATE by ON CONFLICT. */
const ON_INSERT = 4
const ON_UPDATE = 16

/** True where a trigger or a rule of the table hears of what is written, and may do something that stays. */
async function isHeard(
  session: Queryable,
  relation: RangeVar | undefined,
  inserts: boolean,
): Promise<boolean> {
  const { rows } = await session.query(
    `select c.relhasrules or exists (select from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal
       and t.tgenabled <> 'D' and t.tgtype & $2 <> 0) as heard from pg_class c where c.oid = to_regclass($1)`,
    [written(relation), inserts ? ON_INSERT + ON_UPDATE : ON_UPDATE],
  )
  return rows[0]?.['heard'] === true
}
