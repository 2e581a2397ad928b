import type { Finding, Queryable } from '@esa/database-catalog/sql'
import { candidatesFor, type Search } from './candidates.ts'
import {
  compareRows,
  type Difference,
  givesBack,
  heldNothing,
  heldOne,
  keyOf,
  notFound,
  plainReading,
  type Reading,
  sharesKeys,
} from './compare-rows.ts'
import { describeLoss } from './describe-loss.ts'
import { type KeptTable, own } from './keep-before.ts'
import { elsewhere } from './moved-rows.ts'
import { type Comparison, successor } from './successor.ts'
import { type ColumnShape, nameOf, type TableShape } from './table-shape.ts'

/** Something that is not there any more: rows of a relation, or values of one of its columns. */
export interface Mismatch {
  relation: string
  column?: string
  why: string
}

/** Losses of one table, and what was found to be kept in another place or form. */
export interface TableVerdict {
  mismatches: Mismatch[]
  findings: Finding[]
}

/** Looks for every row and value of a table before in the database after. */
export async function compareTable(
  session: Queryable,
  before: KeptTable,
  comparison: Comparison,
): Promise<TableVerdict> {
  let kept = before
  const self = comparison.after.find(({ oid }) => oid === kept.oid)
  const home =
    self === undefined
      ? successor(kept, comparison)
      : { table: self, reading: plainReading(stillThere(kept, self), comparison.renamed) }
  if (home === undefined) return gone(kept)
  const { table, reading } = home
  const search: Search = {
    self: table,
    old: new Set(self === undefined ? [] : kept.columns.map(({ nth }) => nth)),
    after: comparison.after,
    before: new Set(comparison.before.map(({ oid }) => oid)),
    facts: comparison.facts,
  }
  const findings: Finding[] = self === undefined ? [movedTo(kept, nameOf(table))] : []
  await findKey(session, kept, search, reading)
  if (self === undefined && (await sharesKeys(session, kept, table, reading))) kept = { ...kept, key: null }
  const filled = own(kept).filter(({ name }) => comparison.fills.has(`${nameOf(kept)}.${name}`))
  const fillable = new Set(filled.map(({ nth }) => nth))
  const difference = await compareRows(session, kept, table, reading, fillable)
  const lost = await lostColumns(session, kept, reading, difference)
  const plain = new Map(reading)
  // Without a key rows are found by all their columns together, none may be wrong.
  if (keyOf(kept, reading) === null) for (const [{ nth }] of lost) reading.delete(nth)
  const still: [ColumnShape, number][] = []
  for (const [column, count] of lost) {
    const found = await findColumn(session, kept, column, search, reading)
    if (found === undefined) still.push([column, count])
    else findings.push(proven(kept, column, found))
  }
  for (const [{ nth }] of still) if (plain.has(nth)) reading.set(nth, plain.get(nth)!)
  const missing =
    still.length === 0 && reading.size > 0
      ? (await compareRows(session, kept, table, reading, fillable)).missing
      : difference.missing
  const mismatches = await verdict(session, { kept, table, reading, still, missing, comparison })
  return { mismatches, findings }
}

interface Open {
  kept: KeptTable
  table: TableShape
  reading: Reading
  still: [ColumnShape, number][]
  missing: number
  comparison: Comparison
}

/** What stays lost after the other tables have been searched for whole rows. */
async function verdict(
  session: Queryable,
  { kept, table, reading, still, missing, comparison }: Open,
): Promise<Mismatch[]> {
  if (still.length === 0 && missing === 0) return []
  const open = new Set(still.map(([{ nth }]) => nth))
  const others = await elsewhere(session, { kept, table, reading, comparison, open })
  const relation = nameOf(kept)
  const mismatches: Mismatch[] = []
  const gone = others === undefined ? missing : others.missing
  if (gone > 0) mismatches.push({ relation, why: `${gone} of ${kept.rows} rows are gone` })
  for (const [column, count] of still) {
    const rows = others === undefined ? count : (others.columns.get(column.nth) ?? 0)
    if (rows === 0) continue
    const why = reading.has(column.nth)
      ? await describeLoss(session, kept, table, reading, column, rows)
      : `the column is gone, and its ${rows} values are found nowhere else`
    mismatches.push({ relation, column: column.name, why })
  }
  for (const { nth, name } of own(kept)) {
    const left = open.has(nth) ? 0 : (others?.columns.get(nth) ?? 0)
    if (left === 0) continue
    const why = `${left} of ${kept.rows} values did not go along with their rows, which another table took over`
    mismatches.push({ relation, column: name, why })
  }
  return mismatches
}

/** Columns whose values differ or that are not there, with how many values that is. */
async function lostColumns(
  session: Queryable,
  kept: KeptTable,
  reading: Reading,
  { columns }: Difference,
): Promise<[ColumnShape, number][]> {
  const lost: [ColumnShape, number][] = []
  for (const column of own(kept)) {
    const differing = columns.get(column.nth)
    if (differing !== undefined) lost.push([column, differing])
    else if (!reading.has(column.nth) && !(await heldNothing(session, kept, column)))
      lost.push([column, kept.rows])
  }
  return lost
}

/** A key whose column was replaced by another one of its name: by that its rows are found again. */
async function findKey(
  session: Queryable,
  kept: KeptTable,
  { self, old }: Search,
  reading: Reading,
): Promise<void> {
  const missing = (kept.key ?? []).filter((nth) => !reading.has(nth))
  const found = missing.flatMap((nth) => {
    const name = kept.columns.find((column) => column.nth === nth)?.name
    return self.columns
      .filter((now) => now.name === name && !old.has(now.nth))
      .map((now) => ({ ...now, nth }))
  })
  if (missing.length === 0 || found.length < missing.length) return
  const key: Reading = new Map([...reading, ...plainReading(found, new Map())])
  if ((await notFound(session, kept, self, key, kept.key ?? [])) > 0) return
  for (const nth of missing) reading.set(nth, key.get(nth)!)
}

/** The first place that gives a column back in every row; the reading keeps it. */
async function findColumn(
  session: Queryable,
  kept: KeptTable,
  column: ColumnShape,
  search: Search,
  reading: Reading,
): Promise<string | undefined> {
  const one = await heldOne(session, kept, column)
  for (const candidate of candidatesFor(column, search)) {
    if (one && candidate.unsaid === true) continue
    if (!(await givesBack(session, kept, search.self, reading, column, candidate))) continue
    reading.set(column.nth, candidate)
    return candidate.about
  }
  return undefined
}

function stillThere(kept: KeptTable, now: TableShape): ColumnShape[] {
  return own(kept).flatMap((column) => now.columns.filter(({ nth }) => nth === column.nth))
}

function gone(kept: KeptTable): TableVerdict {
  const why = `the table is gone, and its ${kept.rows} rows are found nowhere else`
  return { mismatches: [{ relation: nameOf(kept), why }], findings: [] }
}

function movedTo(kept: KeptTable, to: string): Finding {
  const relation = nameOf(kept)
  const message = `its place was taken by ${to}, whose rows were compared`
  return { kind: 'table-replaced', severity: 'info', relation, message, evidence: { by: to } }
}

function proven(kept: KeptTable, column: ColumnShape, by: string): Finding {
  return {
    kind: 'values-kept',
    severity: 'info',
    relation: nameOf(kept),
    message: `every value of ${column.name} is given back by ${by}`,
    evidence: { column: column.name, by, rows: kept.rows },
  }
}
