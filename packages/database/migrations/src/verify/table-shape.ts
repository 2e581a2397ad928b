import { type Column, keysOf, readCatalog, type RelationWith } from '@esa/database-catalog'
import { quoteRelation, type Queryable } from '@esa/database-catalog/sql'

/** A table by what a rename keeps: its oid, and the numbers of its columns. Partitions are part of their root. */
export type TableShape = RelationWith<'columns' | 'constraints' | 'indexes'>

/** A column, known by its number. */
export type ColumnShape = Column

/** Tables that hold rows of their owner, partitions included: all, or those of these oids. */
export async function tableShapes(
  queryable: Queryable,
  ...oids: readonly number[]
): Promise<readonly TableShape[]> {
  const facets = ['columns', 'constraints', 'indexes'] as const
  const { relations } = await readCatalog(queryable, oids.length === 0 ? { facets } : { oids, facets })
  return relations
}

/** The numbers of columns that tell a table's rows apart, all NOT NULL: the primary key, else another unique one; null without. */
export function keyOf(table: TableShape): number[] | null {
  const filled = new Set(table.columns.filter(({ notNull }) => notNull).map(({ nth }) => nth))
  const keys = keysOf(table).filter(({ numbers }) => numbers.every((nth) => filled.has(nth)))
  const [first] = keys.toSorted(
    (a, b) => Number(b.primary) - Number(a.primary) || a.numbers.length - b.numbers.length,
  )
  return first?.numbers ?? null
}

/** Where a table's rows are read: those of children that merely inherit are the children's own. */
export function rowsOf({
  partitioned,
  schema,
  name,
}: Pick<TableShape, 'partitioned' | 'schema' | 'name'>): string {
  return `${partitioned ? '' : 'only '}${quoteRelation(schema, name)}`
}

/** `schema.name`, as findings have it. */
export function nameOf({ schema, name }: Pick<TableShape, 'schema' | 'name'>): string {
  return `${schema}.${name}`
}

/** Labels of enums that were renamed, by the type's name: `[now, before]`. */
export type RenamedLabels = Map<string, [now: string, before: string][]>
