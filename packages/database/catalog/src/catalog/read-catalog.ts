import type { Queryable } from '../sql/queryable.ts'
import { FACETS, RELATIONS } from './facet-queries.ts'
import { isToolTable } from './migration-tool-tables.ts'
import type { Catalog, Facet, Relation, RelationKind, RelationWith, Table } from './model.ts'

/** What is read, and from what relations. */
export interface CatalogScope<F extends Facet> {
  /** null, or left out: all that are the application's. What extensions brought is not among them. */
  schemas?: readonly string[] | null
  /** These relations, wherever they are, instead of those of schemas. */
  oids?: readonly number[]
  /** Tables and partitioned tables by default. */
  kinds?: readonly RelationKind[]
  facets: readonly F[]
}

const TABLES: readonly RelationKind[] = ['r', 'p']

/** Facets with one value for each relation, not a list. */
const SINGLE: ReadonlySet<Facet> = new Set(['activity', 'attachments'])

type Row = Record<string, unknown> & { relation: number }

/**
 * Reads what a database is made of, by schema and name: one query for the relations and one for each facet, however many
 * relations there are. Names without a schema of what a user made are shown by the session's path: read it on our own.
 * @throws the server's error; a table without rights is among the answer.
 */
export async function readCatalog<F extends Facet>(
  session: Queryable,
  { schemas = null, oids, kinds = TABLES, facets }: CatalogScope<F>,
): Promise<Catalog<F>> {
  const scope = [schemas, oids ?? null, kinds]
  const relations = (await session.query(RELATIONS, scope)).rows as unknown as Relation[]
  const read: [F, Map<number, unknown[]>][] = []
  for (const facet of facets) {
    const rows = (await session.query(FACETS[facet], scope)).rows as Row[]
    const byRelation = Map.groupBy(rows, (row) => row.relation)
    read.push([facet, byRelation])
  }
  const withFacets = relations.map((relation) => {
    const facetsOf = read.map(([facet, rows]) => {
      const found = rows.get(relation.oid) ?? []
      return [facet, SINGLE.has(facet) ? found[0] : found]
    })
    return { ...relation, ...Object.fromEntries(facetsOf) } as RelationWith<F>
  })
  return { relations: withFacets }
}

/** Every table of the application with its design, without the records of migration tools. @throws the server's error. */
export async function applicationTables(session: Queryable): Promise<Table[]> {
  const { relations } = await readCatalog(session, {
    facets: ['columns', 'constraints', 'indexes', 'predicates'],
  })
  return relations.filter(({ name }) => !isToolTable(name))
}
