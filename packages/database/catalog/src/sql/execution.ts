import type { DefElem, Node } from '@pgsql/types'

/**
 * How a statement can be tried: `inside` a transaction; `alone`, because PostgreSQL refuses it in one; `control`, as it
 * begins or ends one; `bare`, as it must be the first of one; `block`, because outside one PostgreSQL refuses it or it has
 * no effect; `never`, because it reaches beyond the database.
 */
export type Execution = 'inside' | 'alone' | 'control' | 'bare' | 'block' | 'never'

/** What lives in the whole server, or in the files beneath it, would outlive the rehearsal. */
const BEYOND = new Set([
  'CreatedbStmt',
  'DropdbStmt',
  'AlterDatabaseStmt',
  'AlterDatabaseSetStmt',
  'AlterDatabaseRefreshCollStmt',
  'AlterSystemStmt',
  'CreateTableSpaceStmt',
  'DropTableSpaceStmt',
  'AlterTableSpaceOptionsStmt',
  'CreateRoleStmt',
  'AlterRoleStmt',
  'AlterRoleSetStmt',
  'DropRoleStmt',
  'GrantRoleStmt',
  'DropOwnedStmt',
  'ReassignOwnedStmt',
  'CreateSubscriptionStmt',
  'AlterSubscriptionStmt',
  'DropSubscriptionStmt',
  'LoadStmt',
  'CheckPointStmt',
])

/** How a statement can be tried. Source: the reference pages of the PostgreSQL 18 manual, "cannot be executed inside a transaction block". */
export function executionOf(node: Node): Execution {
  if (BEYOND.has(Object.keys(node)[0] ?? '')) return 'never'
  if ('TransactionStmt' in node) {
    return /PREPARE/.test(node.TransactionStmt.kind ?? '') ? 'never' : 'control'
  }
  if ('VariableSetStmt' in node && node.VariableSetStmt.kind === 'VAR_SET_MULTI') return 'bare'
  if (needsBlock(node)) return 'block'
  if (isAboutDatabase(node)) return 'never'
  if ('CopyStmt' in node) {
    const { filename, is_program: program, is_from: from } = node.CopyStmt
    return filename !== undefined || program === true || from === true ? 'never' : 'inside'
  }
  return refusesTransaction(node) ? 'alone' : 'inside'
}

/** Bit of the options of DECLARE that WITH HOLD sets. Source: CURSOR_OPT_HOLD of PostgreSQL's parsenodes.h. */
const CURSOR_HOLD = 0x20

/** Source: the pages of LOCK, DECLARE and SET in the PostgreSQL 18 manual. */
function needsBlock(node: Node): boolean {
  if ('LockStmt' in node) return true
  if ('VariableSetStmt' in node) return node.VariableSetStmt.is_local === true
  return 'DeclareCursorStmt' in node && ((node.DeclareCursorStmt.options ?? 0) & CURSOR_HOLD) === 0
}

/** ALTER DATABASE in its other forms. */
function isAboutDatabase(node: Node): boolean {
  if ('RenameStmt' in node) return node.RenameStmt.renameType === 'OBJECT_DATABASE'
  return 'AlterOwnerStmt' in node && node.AlterOwnerStmt.objectType === 'OBJECT_DATABASE'
}

function refusesTransaction(node: Node): boolean {
  if (isConcurrent(node)) return true
  if ('VacuumStmt' in node) return node.VacuumStmt.is_vacuumcmd === true
  if ('ClusterStmt' in node) return node.ClusterStmt.relation === undefined
  if ('ReindexStmt' in node) return node.ReindexStmt.relation === undefined
  return 'DiscardStmt' in node && node.DiscardStmt.target === 'DISCARD_ALL'
}

/** True for the forms with CONCURRENTLY that PostgreSQL runs in several transactions. */
export function isConcurrent(node: Node): boolean {
  if ('IndexStmt' in node) return node.IndexStmt.concurrent === true
  if ('DropStmt' in node) return node.DropStmt.concurrent === true
  if ('ReindexStmt' in node) return hasOption(node.ReindexStmt.params, 'concurrently')
  if (!('AlterTableStmt' in node)) return false
  return (node.AlterTableStmt.cmds ?? []).some((cmd) => {
    const def = 'AlterTableCmd' in cmd ? cmd.AlterTableCmd.def : undefined
    return def !== undefined && 'PartitionCmd' in def && def.PartitionCmd.concurrent === true
  })
}

/** True when an option of a list like `(FULL, VERBOSE)` is there and not switched off. */
export function hasOption(options: Node[] | undefined, name: string): boolean {
  return (options ?? []).some((option) => {
    const { defname, arg }: DefElem = 'DefElem' in option ? option.DefElem : {}
    if (defname !== name) return false
    if (arg === undefined) return true
    if ('Integer' in arg) return arg.Integer.ival !== undefined && arg.Integer.ival !== 0
    return !('String' in arg && /^(?:off|false|no|0)$/i.test(arg.String.sval ?? ''))
  })
}
