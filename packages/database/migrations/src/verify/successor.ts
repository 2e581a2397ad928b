import { plainReading, type Reading } from './compare-rows.ts'
import { type KeptTable, own } from './keep-before.ts'
import type { ScriptFacts } from './script-facts.ts'
import type { ColumnShape, RenamedLabels, TableShape } from './table-shape.ts'

/** What is known of a migration when a table is compared. */
export interface Comparison {
  before: KeptTable[]
  after: readonly TableShape[]
  facts: ScriptFacts
  renamed: RenamedLabels
  /** Columns, `schema.relation.column`, whose NULLs a plan fills on request. */
  fills: ReadonlySet<string>
}

/** The table that took the place of one that is gone: of its name, or with most of its columns; new, or filled by the script. */
export function successor(
  kept: KeptTable,
  comparison: Comparison,
): { table: TableShape; reading: Reading } | undefined {
  const { before, after, facts, renamed } = comparison
  const old = new Set(before.map(({ oid }) => oid))
  const [best] = after
    .filter(({ oid, root, name }) => root === null && (!old.has(oid) || facts.filled.has(name)))
    .map((table) => ({ table, columns: matching(kept, table, facts) }))
    .filter(({ columns }) => columns.length > 0)
    .toSorted((a, b) => score(b, kept) - score(a, kept))
  return best && { table: best.table, reading: plainReading(best.columns, renamed) }
}

function score({ table, columns }: { table: TableShape; columns: unknown[] }, kept: KeptTable): number {
  return columns.length + (table.schema === kept.schema && table.name === kept.name ? kept.columns.length : 0)
}

/** Columns of another table that bear the name of a column of the kept one, or that the script fills from it, under the old number. */
export function matching(kept: KeptTable, table: TableShape, { pairs }: ScriptFacts): ColumnShape[] {
  return own(kept).flatMap(({ nth, name }) => {
    const same = table.columns.find((one) => one.name === name)
    const filled = table.columns.find((one) =>
      pairs.some(([into, from]) => into === one.name && from === name),
    )
    const found = same ?? filled
    return found === undefined ? [] : [{ ...found, nth }]
  })
}
