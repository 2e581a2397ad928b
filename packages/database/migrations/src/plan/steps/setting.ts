import type { Node } from '@pgsql/types'

/** What a call of set_config that does nothing else is made of. */
const CALL_PARTS = new Set(['funcname', 'args', 'funcformat', 'location'])

/** What `select a, b` is made of, without anything that brings in rows, sorts them or puts them anywhere. */
const BARE_PARTS = new Set(['targetList', 'limitOption', 'op'])

/**
 * How long a statement that only sets something is in force: SET, RESET, or the `select set_config(...)` of constants that
 * dumps begin with. null: it is none, as something else may happen in it.
 */
export function settingOf(node: Node): 'session' | 'transaction' | null {
  if ('VariableSetStmt' in node) return node.VariableSetStmt.is_local === true ? 'transaction' : 'session'
  if (!('SelectStmt' in node) || !Object.keys(node.SelectStmt).every((part) => BARE_PARTS.has(part)))
    return null
  const calls = (node.SelectStmt.targetList ?? []).map(localOf)
  if (calls.length === 0 || calls.includes(null)) return null
  return calls.includes(false) ? 'session' : 'transaction'
}

/** The third argument of a call of set_config with three constants; null for anything else. */
function localOf(target: Node): boolean | null {
  const value = 'ResTarget' in target ? target.ResTarget.val : undefined
  if (value === undefined || !('FuncCall' in value)) return null
  const { funcname = [], args = [] } = value.FuncCall
  const name = funcname.map((part) => ('String' in part ? part.String.sval : '')).join('.')
  if (name !== 'set_config' && name !== 'pg_catalog.set_config') return null
  if (!Object.keys(value.FuncCall).every((part) => CALL_PARTS.has(part))) return null
  const constants = args.flatMap((arg) => ('A_Const' in arg ? [arg.A_Const] : []))
  const [, , local] = constants
  if (args.length !== 3 || constants.length !== 3 || local?.boolval === undefined) return null
  return local.boolval.boolval === true
}

/** Settings by which a name without a schema finds what it means. */
const OF_NAMES = new Set(['search_path', 'role', 'session_authorization'])

/** True when a name without a schema may mean something else from this statement on. */
export function movesNames(node: Node): boolean {
  if (!('VariableSetStmt' in node)) return settingOf(node) !== null
  const { kind, name = '' } = node.VariableSetStmt
  return kind === 'VAR_RESET_ALL' || OF_NAMES.has(name)
}
