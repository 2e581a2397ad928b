import type { ColumnRef, Node } from '@pgsql/types'
import { deparseSync } from 'pgsql-deparser'

type Visit = (kind: string, body: Record<string, unknown>) => boolean | void

/** Visits every node below `tree`, parents first; a visit that returns false keeps out of that node. */
export function walk(tree: unknown, visit: Visit): void {
  if (Array.isArray(tree)) {
    for (const item of tree) walk(item, visit)
  } else if (tree !== null && typeof tree === 'object') {
    for (const [key, value] of Object.entries(tree)) {
      // A node is an object of one key in capitals, its kind; other keys are members of the node above.
      const isNode = /^[A-Z]/.test(key) && value !== null && typeof value === 'object'
      if (isNode && visit(key, value as Record<string, unknown>) === false) continue
      walk(value, visit)
    }
  }
}

/** The names of a column reference, `['o', 'id']`; undefined for `*` and the like. */
export function columnPath({ fields = [] }: ColumnRef): string[] | undefined {
  const names = fields.map((field) => ('String' in field ? field.String.sval : undefined))
  return names.every((name) => name !== undefined) ? names : undefined
}

/** An expression as SQL, its columns without their table, under the name that `stored` gives where it gives one. */
export function unqualifiedSql(node: Node, stored?: (ref: ColumnRef) => string | undefined): string {
  const copy = structuredClone(node)
  walk(copy, (kind, body) => {
    if (kind !== 'ColumnRef') return
    const fields = body['fields'] as Node[]
    const name = stored?.(body)
    body['fields'] = name === undefined ? fields.slice(-1) : [{ String: { sval: name } }]
  })
  return deparseSync(copy).replaceAll(/\s*\n\s*/g, ' ')
}

/** The text of a string constant, a cast around it left out; undefined for anything else. */
export function stringConstant(node: Node | undefined): string | undefined {
  if (node === undefined) return undefined
  if ('TypeCast' in node) return stringConstant(node.TypeCast.arg)
  return 'A_Const' in node ? node.A_Const.sval?.sval : undefined
}

/** The operator's sign, its schema left out. */
export function operatorOf(name: readonly Node[] | undefined): string {
  const last = name?.at(-1)
  return last && 'String' in last ? (last.String.sval ?? '') : ''
}
