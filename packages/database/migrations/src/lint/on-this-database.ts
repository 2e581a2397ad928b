import type { Node } from '@pgsql/types'
import { deparseSync } from 'pgsql-deparser'
import type { ParsedStatement } from '@esa/database-catalog/sql'

/**
 * A statement that names its own database, as it is for the copy, which has another name; `beyond` for one about another
 * database; null for all others. `target`: the name of the database that the script is for; null where it is not known.
 */
export function onThisDatabase(
  { node }: ParsedStatement,
  { target, copy }: { target: string | null; copy: string },
): { sql: string } | 'beyond' | null {
  const names = databasesIn(node)
  if (names.length === 0) return null
  if (target === null || names.every((name) => name === target))
    return { sql: deparseSync(renamed(node, copy)) }
  // PostgreSQL refuses REINDEX of another database, and so does the copy.
  return 'ReindexStmt' in node ? null : 'beyond'
}

function databasesIn(node: Node): string[] {
  if ('ReindexStmt' in node) {
    const { kind, name } = node.ReindexStmt
    return /DATABASE|SYSTEM/.test(kind ?? '') && name !== undefined ? [name] : []
  }
  if ('GrantStmt' in node && node.GrantStmt.objtype === 'OBJECT_DATABASE') {
    return (node.GrantStmt.objects ?? []).flatMap(nameIn)
  }
  const one =
    'CommentStmt' in node ? node.CommentStmt : 'SecLabelStmt' in node ? node.SecLabelStmt : undefined
  return one?.objtype === 'OBJECT_DATABASE' && one.object !== undefined ? nameIn(one.object) : []
}

function nameIn(object: Node): string[] {
  return 'String' in object ? [object.String.sval ?? ''] : []
}

function renamed(node: Node, copy: string): Node {
  const object: Node = { String: { sval: copy } }
  if ('ReindexStmt' in node) return { ReindexStmt: { ...node.ReindexStmt, name: copy } }
  if ('GrantStmt' in node) return { GrantStmt: { ...node.GrantStmt, objects: [object] } }
  if ('CommentStmt' in node) return { CommentStmt: { ...node.CommentStmt, object } }
  return 'SecLabelStmt' in node ? { SecLabelStmt: { ...node.SecLabelStmt, object } } : node
}
