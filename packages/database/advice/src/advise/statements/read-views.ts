import type { Node } from '@pgsql/types'
import { type Queryable, OWN_MARK, parseScript } from '@esa/database-catalog/sql'
import { tableNames } from './read-shape.ts'

/** Views upon views that are followed: deeper ones are not what an index is sought for first. */
const DEPTH_MAX = 5

const VIEWS = `select ${OWN_MARK} asked.name, pg_get_viewdef(c.oid) as query
  from unnest($1::text[]) asked(name) join pg_class c on c.oid = to_regclass(asked.name) where c.relkind = 'v'`

/** The queries of the views among these names, and of those that they name, by the name that each is requested by. */
export async function readViews(session: Queryable, names: readonly string[]): Promise<Map<string, Node>> {
  const views = new Map<string, Node>()
  let open = [...new Set(names)]
  for (let depth = 0; depth < DEPTH_MAX && open.length > 0; depth += 1) {
    const { rows } = await session.query(VIEWS, [open])
    open = []
    for (const row of rows) {
      const [statement] = await parseScript(String(row['query']))
      if (!statement || views.has(String(row['name']))) continue
      views.set(String(row['name']), statement.node)
      open.push(...tableNames(statement.node))
    }
  }
  return views
}
