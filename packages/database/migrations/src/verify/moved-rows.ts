import type { Queryable } from '@esa/database-catalog/sql'
import { type Difference, keyOf, plainReading, readRows, type Reading } from './compare-rows.ts'
import { type KeptTable, keptColumn, own } from './keep-before.ts'
import { type Comparison, matching } from './successor.ts'
import type { TableShape } from './table-shape.ts'

/** Tables that are searched for rows that left their own: each is one more join over all rows. */
const PLACES_MAX = 6

interface Place {
  table: TableShape
  reading: Reading
}

/**
 * What is still missing when the rows that other tables took over are counted as well: new ones, and those that the
 * script fills. A row counts as found there only when all its columns that the table has are equal. Undefined: there is no such table.
 */
export async function elsewhere(
  session: Queryable,
  own: {
    kept: KeptTable
    table: TableShape
    reading: Reading
    comparison: Comparison
    /** Columns that the table itself does not give back; the others are looked for of rows alone that have left it. */
    open: ReadonlySet<number>
  },
): Promise<Difference | undefined> {
  const { kept, table, reading, comparison, open } = own
  const places = placesOf(kept, table, comparison)
  if (places.length === 0) return undefined
  const key = keyOf(kept, reading)
  if (key === null) return await unkeyed(session, kept, { table, reading }, places)
  const keyed = places.filter((place) => key.every((nth) => place.reading.has(nth))).slice(0, PLACES_MAX)
  return keyed.length === 0 ? undefined : await byKey(session, kept, { table, reading }, keyed, key, open)
}

function placesOf(
  kept: KeptTable,
  table: TableShape,
  { before, after, facts, renamed }: Comparison,
): Place[] {
  const old = new Set(before.map(({ oid }) => oid))
  return after
    .filter(
      ({ oid, name }) => oid !== table.oid && oid !== kept.oid && (!old.has(oid) || facts.filled.has(name)),
    )
    .map((other) => ({ table: other, reading: plainReading(matching(kept, other, facts), renamed) }))
    .filter(({ reading }) => reading.size > 0)
    .toSorted((a, b) => b.reading.size - a.reading.size)
}

async function byKey(
  session: Queryable,
  kept: KeptTable,
  home: Place,
  places: Place[],
  key: number[],
  open: ReadonlySet<number>,
): Promise<Difference> {
  const all = [home, ...places]
  const names = key.map((nth) => `v${nth}`)
  const joins = all.map(({ table, reading }, n) => {
    const rows = `select distinct on (${names.join(', ')}) *, true as here from ${readRows(table, reading)} r${n}`
    const on = key.map((nth) => `p${n}.v${nth} = b.c${nth}`)
    // The table itself is searched value by value, the others for rows that are the same throughout.
    const equal =
      n === 0 ? [] : [...reading.keys()].map((nth) => `p${n}.v${nth} is not distinct from b.c${nth}`)
    return `left join (${rows}) p${n} on ${[...on, ...equal].join(' and ')}`
  })
  const here = all.map((_, n) => `p${n}.here`)
  const columns = own(kept)
  const counts = columns.map((column) => {
    const held = all.flatMap(({ reading }, n) =>
      reading.has(column.nth)
        ? [`(p${n}.here is not null and b.${keptColumn(column)} is not distinct from p${n}.v${column.nth})`]
        : [],
    )
    const nowhere = held.length === 0 ? `b.${keptColumn(column)} is not null` : `not (${held.join(' or ')})`
    const whose = open.has(column.nth) ? '' : `p0.here is null and b.${keptColumn(column)} is not null and `
    return `count(*) filter (where ${whose}coalesce(${here.join(', ')}) and ${nowhere})::float8 as d${column.nth}`
  })
  const { rows } = await session.query(
    `select count(*) filter (where coalesce(${here.join(', ')}) is null)::float8 as missing, ${counts.join(', ')}
     from ${kept.kept} b ${joins.join(' ')}`,
  )
  const row = rows[0]!
  const found = columns.map(({ nth }): [number, number] => [nth, Number(row[`d${nth}`])])
  return { missing: Number(row['missing']), columns: new Map(found.filter(([, count]) => count > 0)) }
}

/** Without a key only whole rows can be found again. */
async function unkeyed(
  session: Queryable,
  kept: KeptTable,
  home: Place,
  places: Place[],
): Promise<Difference | undefined> {
  const columns = own(kept).map(({ nth }) => nth)
  const whole = [home, ...places].filter(({ reading }) => columns.every((nth) => reading.has(nth)))
  if (whole.length === 0) return undefined
  const after = whole.map(
    ({ table, reading }, n) =>
      `select ${columns.map((nth) => `v${nth}`).join(', ')} from ${readRows(table, reading)} r${n}`,
  )
  const { rows } = await session.query(
    `select count(*)::float8 as rows from (select ${columns.map((nth) => `c${nth}`).join(', ')} from ${kept.kept}
     except all (${after.join(' union all ')})) d`,
  )
  return { missing: Number(rows[0]?.['rows']), columns: new Map() }
}
