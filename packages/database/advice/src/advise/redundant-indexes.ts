import { quoteRelation } from '@esa/database-catalog/sql'
import { isToolTable } from '@esa/database-catalog'
import type { DropAdvice } from './advice.ts'
import type { BuiltCandidate } from './built-indexes.ts'
import type { StandingIndex, TableFacts } from './statements/table-catalog.ts'

const plain = (key: string): string => key.replaceAll('"', '')

/** The chosen index that begins with all that a standing one has. */
function heir(
  standing: StandingIndex,
  table: TableFacts,
  chosen: readonly BuiltCandidate[],
): BuiltCandidate | undefined {
  if (
    standing.needed ||
    standing.method !== 'btree' ||
    standing.where !== null ||
    standing.include.length > 0
  )
    return undefined
  return chosen.find(
    (one) =>
      one.table === table &&
      one.method === 'btree' &&
      one.where === undefined &&
      standing.keys.every((key, nth) => {
        const own = one.keys[nth]
        return (
          own !== undefined &&
          own.opclass === undefined &&
          !own.descending &&
          plain(own.operand.sql) === plain(key)
        )
      }),
  )
}

/**
 * Indexes that are there and that a recommended one makes needless: it begins with the same keys, in the same order.
 * Never one that a constraint, a primary key or the replica identity rests on, nor a partial one.
 */
export function redundantIndexes(
  tables: readonly TableFacts[],
  chosen: readonly BuiltCandidate[],
): DropAdvice[] {
  const own = tables.filter(({ name }) => !isToolTable(name))
  return own.flatMap((table) =>
    table.indexes.flatMap((standing) => {
      const by = heir(standing, table, chosen)
      if (!by) return []
      const ddl = `DROP INDEX CONCURRENTLY ${quoteRelation(table.schema, standing.name)}`
      const because = `${by.name} begins with the same keys: drop it once that one is built`
      return [{ index: `${table.schema}.${standing.name}`, ddl, sizeBytes: standing.sizeBytes, because }]
    }),
  )
}
