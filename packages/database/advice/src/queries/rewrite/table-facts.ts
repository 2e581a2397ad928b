import { onTargetPath, type ReadOnlySession } from '@esa/database-catalog/sql'
import { readCatalog, type RelationWith, relationsNamed } from '@esa/database-catalog'

/** What the catalog and the statistics say of one table. */
export type TableFacts = RelationWith<'columns' | 'indexes' | 'activity'>

/** Facts of relations; names are quoted where they have to be, and along the search path without a schema. */
export async function tableFacts(session: ReadOnlySession, names: string[]): Promise<readonly TableFacts[]> {
  const oids = [...(await onTargetPath(session, () => relationsNamed(session, names))).values()]
  const facets = ['columns', 'indexes', 'activity'] as const
  const { relations } = await readCatalog(session, { oids, kinds: ['r', 'p', 'm', 'v', 'f'], facets })
  return relations
}

/** True when an index of the table begins with the column: it could look the column up. */
export function leadsAnIndex(facts: TableFacts, column: string): boolean {
  return facts.indexes.some(({ columns, partial, valid }) => valid && !partial && columns[0] === column)
}
