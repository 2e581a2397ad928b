import type { Node } from '@pgsql/types'
import { executionOf } from '@esa/database-catalog/sql'
import type { Script } from './read-script.ts'

/**
 * The part of a script that makes a schema, with blanks for what a dump holds beyond it and the rehearsal's server has
 * not: rows, owners, privileges, what is about the whole server.
 */
export function schemaOf({ sql, statements }: Script): string {
  let kept = sql
  for (const { node, offset, text } of statements) {
    if (executionOf(node) !== 'never' && !isAboutRoles(node)) continue
    kept = kept.slice(0, offset) + text.replaceAll(/[^\n]/g, ' ') + kept.slice(offset + text.length)
  }
  return kept
}

function isAboutRoles(node: Node): boolean {
  if (/^(?:AlterOwner|Grant|AlterDefaultPrivileges)/.test(Object.keys(node)[0] ?? '')) return true
  return (
    'AlterTableStmt' in node &&
    (node.AlterTableStmt.cmds ?? []).every(
      (cmd) => 'AlterTableCmd' in cmd && cmd.AlterTableCmd.subtype === 'AT_ChangeOwner',
    )
  )
}
