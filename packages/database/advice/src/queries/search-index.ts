import type { Node } from '@pgsql/types'
import { onTargetPath, type ReadOnlySession } from '@esa/database-catalog/sql'
import { relationsNamed } from '@esa/database-catalog'
import { candidatesOf } from '../advise/candidates.ts'
import { buildSteps, createSql } from '../advise/candidate.ts'
import { readShape, tableNames } from '../advise/statements/read-shape.ts'
import { readTables } from '../advise/statements/table-catalog.ts'
import type { WastefulScan } from '../measure/plan.ts'

/** An index that is not a plain B-tree, as a fix says it and as a copy builds it. */
export interface SearchIndex {
  ddl: string
  steps: string[]
}

/**
 * The index that serves what a scan asks by an operator of its own kind: what a document or an array contains, what a range
 * overlaps, which words a text has. Patterns and wrapped columns are findings of their own. Undefined when one is there.
 */
export async function proposeSearchIndex(
  session: ReadOnlySession,
  scan: WastefulScan,
  node: Node,
): Promise<SearchIndex | undefined> {
  const named = await onTargetPath(session, () => relationsNamed(session, tableNames(node)))
  const tables = await readTables(session, named)
  const uses = readShape('statement', node, { tables, views: new Map() })
    .filter(({ table }) => table.schema === scan.schema && table.name === scan.relation)
    .map((use) => ({
      ...use,
      predicates: use.predicates.filter((predicate) => predicate.use === 'operator'),
      alternatives: [],
      sort: [],
    }))
  const candidate = candidatesOf(uses).find(({ method }) => method !== 'btree')
  if (candidate === undefined) return undefined
  const extension =
    candidate.extension === undefined ? [] : [`CREATE EXTENSION IF NOT EXISTS ${candidate.extension}`]
  return {
    ddl: [...extension, ...buildSteps(candidate)].join('; '),
    steps: [...extension, createSql(candidate, 'plainly')],
  }
}
