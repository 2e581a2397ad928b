import type { AlterTableStmt, RenameStmt, UpdateStmt } from '@pgsql/types'
import { deparseSync } from 'pgsql-deparser'
import type { ParsedStatement } from '@esa/database-catalog/sql'
import type { Hints } from './model/hints.ts'
import type { Unplanned } from './model/plan.ts'

/** What a migration says besides the schema that it leads to. */
export interface ScriptMeaning {
  hints: Hints
  /** Statements whose effect no schema shows: rows they change, rights they give. */
  unplanned: Unplanned[]
}

/** Statements that leave no trace in what catalogs are compared by, with what they do. */
const UNSEEN: Record<string, string> = {
  InsertStmt: 'writes rows',
  UpdateStmt: 'writes rows',
  DeleteStmt: 'deletes rows',
  MergeStmt: 'writes rows',
  CopyStmt: 'moves rows',
  TruncateStmt: 'deletes rows',
  DoStmt: 'does what its code says',
  CallStmt: 'does what its code says',
  SelectStmt: 'may call what writes',
  GrantStmt: 'gives or takes rights',
  GrantRoleStmt: 'gives or takes rights',
  AlterOwnerStmt: 'gives away',
  CommentStmt: 'comments',
  CreateExtensionStmt: 'brings an extension',
}

/** Reads renames, conversions and fillings out of a migration, and names what a plan cannot take over from it. */
export function readMeaning(statements: readonly ParsedStatement[]): ScriptMeaning {
  const hints = { rename: {}, using: {}, fill: {} } satisfies Hints
  const meaning: ScriptMeaning = { hints, unplanned: [] }
  for (const statement of statements) readStatement(statement, meaning)
  return meaning
}

function readStatement(statement: ParsedStatement, { hints, unplanned }: ScriptMeaning): void {
  const { node } = statement
  if ('RenameStmt' in node) return readRename(node.RenameStmt, hints)
  if ('AlterTableStmt' in node) return readConversions(node.AlterTableStmt, hints)
  if ('UpdateStmt' in node) {
    const filling = readFilling(node.UpdateStmt)
    if (filling !== undefined) return void (hints.fill![filling.column] = filling.value)
  }
  const does = UNSEEN[statement.kind]
  if (does === undefined) return
  const head = statement.text.replaceAll(/\s+/g, ' ').slice(0, HEAD_CHARS)
  unplanned.push({
    what: `line ${statement.line}: ${head}`,
    why: `it ${does}, which no schema shows`,
    safest: 'run it by itself, between the phases where it belongs',
  })
}

/** Enough of a statement to find it by. */
const HEAD_CHARS = 60

function nameOf({ relation }: RenameStmt | AlterTableStmt | UpdateStmt): string {
  return [relation?.schemaname, relation?.relname].filter(Boolean).join('.')
}

function readRename(rename: RenameStmt, hints: Hints): void {
  const { renameType, subname, newname } = rename
  if (renameType === 'OBJECT_COLUMN') hints.rename![`${nameOf(rename)}.${subname}`] = newname!
  if (renameType === 'OBJECT_TABLE') hints.rename![nameOf(rename)] = newname!
}

/** `ALTER COLUMN c TYPE t USING expression`. */
function readConversions(alter: AlterTableStmt, hints: Hints): void {
  for (const command of alter.cmds ?? []) {
    if (!('AlterTableCmd' in command)) continue
    const { subtype, name, def } = command.AlterTableCmd
    if (subtype !== 'AT_AlterColumnType' || !def || !('ColumnDef' in def)) continue
    const using = def.ColumnDef.raw_default
    if (using !== undefined) hints.using![`${nameOf(alter)}.${name}`] = { to: deparseSync(using) }
  }
}

/** `UPDATE t SET c = expression WHERE c IS NULL`, and without WHERE: what rows get that have no value. */
function readFilling(update: UpdateStmt): { column: string; value: string } | undefined {
  const [target, ...others] = update.targetList ?? []
  if (!target || !('ResTarget' in target) || others.length > 0 || update.fromClause) return undefined
  const { name, val } = target.ResTarget
  const where = update.whereClause
  if (name === undefined || val === undefined) return undefined
  if (where !== undefined) {
    if (!('NullTest' in where) || where.NullTest.nulltesttype !== 'IS_NULL') return undefined
    if (deparseSync(where.NullTest.arg!).replaceAll('"', '') !== name) return undefined
  }
  return { column: `${nameOf(update)}.${name}`, value: deparseSync(val) }
}
