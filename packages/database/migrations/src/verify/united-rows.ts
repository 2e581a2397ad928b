import type { Queryable } from '@esa/database-catalog/sql'
import type { Mismatch } from './compare-table.ts'
import { own } from './keep-before.ts'
import { type Comparison, matching, successor } from './successor.ts'
import { nameOf, rowsOf } from './table-shape.ts'

/**
 * Rows of tables without a key that became one table: each is found there by itself, and rows that were equal in two of
 * them (UNION without ALL) may be there once. Reported only where all tables that may hold them have fewer rows together.
 * @throws the server's error.
 */
export async function unitedRows(session: Queryable, comparison: Comparison): Promise<Mismatch[]> {
  const { before, after, facts } = comparison
  const gone = before.filter(({ oid, key }) => key === null && !after.some((table) => table.oid === oid))
  const united = Map.groupBy(gone, (kept) => successor(kept, comparison)?.table.oid)
  const mismatches: Mismatch[] = []
  for (const [to, tables] of united) {
    const [first] = tables
    if (to === undefined || first === undefined || tables.length < 2) continue
    const there = new Set(before.map(({ oid }) => oid))
    const places = after
      .filter(({ oid, root, name }) => root === null && (!there.has(oid) || facts.filled.has(name)))
      .filter((table) => matching(first, table, facts).length === own(first).length)
    const counts = places.map((table) => `(select count(*) from ${rowsOf(table)})`)
    const { rows } = await session.query(`select (${['0', ...counts].join(' + ')})::float8 as rows`)
    const holders = before.filter(({ oid }) => places.some((table) => table.oid === oid))
    const all = [...tables, ...holders].reduce((sum, table) => sum + table.rows, 0)
    const lacking = all - Number(rows[0]?.['rows'])
    if (lacking <= 0 || places.length === 0) continue
    const names = tables.map(nameOf).join(', ')
    const why = `${lacking} rows of ${names} are gone: rows that were equal in several of them are there once`
    mismatches.push({ relation: nameOf(first), why })
  }
  return mismatches
}
