import { quoteIdentifier, quoteRelation, type Queryable, OWN_MARK } from '@esa/database-catalog/sql'
import { textOf } from '../../review/schema/column-text.ts'
import { type Table, keysOf } from '@esa/database-catalog'
import { columnRoles } from './column-roles.ts'
import { findDerived } from './derived-columns.ts'
import { distinctValues, type EncodedTable } from './encoded-table.ts'
import { findDependencies } from './find-dependencies.ts'
import type { NamedViolation } from './propose-split.ts'
import { readRows } from './read-rows.ts'
import { splitViolations, type Violation } from './split-violations.ts'

/** What the data of one table says about its design. */
export interface TableFacts {
  /** Rows looked at, and rows there are: counted, or estimated where `sampled`. */
  rows: number
  total: number
  sampled: boolean
  /** Columns outside the key with at least two values, computed ones left out: what can be stated in the wrong place. */
  facts: number
  /** Facts lost to redundancy: for each fact its redundant cells by its rows. */
  lost: number
  violations: NamedViolation[]
  /** Dependencies that only sort things into two kinds. */
  minor: NamedViolation[]
  derived: { column: string; formula: string }[]
  /** Columns whose type has nothing to compare. */
  notCompared: string[]
  /** Columns of a determinant up to which the search was completed within its time. */
  completed: number
}

/** How a table is looked at. */
export interface Look {
  /** Most cells that are read; a larger table is sampled. */
  cellsMax: number
  /** Called now and then: false ends the search with what it has. */
  goOn: () => Promise<boolean>
}

/** Finds what a table's rows say twice. @throws the server's error. */
export async function normalizeTable(session: Queryable, table: Table, look: Look): Promise<TableFacts> {
  const roles = columnRoles(table)
  const rowsMax = Math.max(1, Math.floor(look.cellsMax / Math.max(roles.compared.length, 1)))
  const { table: encoded, total, sampled } = await readRows(session, table, roles.compared, rowsMax)
  const placeOf = new Map(roles.compared.map(({ name }, place) => [name, place]))
  const places = (names: readonly string[]): number[] => names.map((name) => placeOf.get(name)!)
  const nameOf = (place: number): string => roles.compared[place]!.name
  const derived = findDerived(encoded, {
    measures: places(roles.measures),
    moments: places(roles.moments),
    texts: places(roles.texts),
    quote: (place) => quoteIdentifier(nameOf(place)),
  })
  const stated = encoded.columns.flatMap((column, place) =>
    varies(column.codes) && !derived.some((known) => known.column === place) ? [place] : [],
  )
  const outside = stated.filter((place) => !roles.key.includes(nameOf(place)))
  const found = await findDependencies(encoded, {
    determinants: places(roles.determinants).filter((place) => stated.includes(place)),
    dependents: stated,
    keys: keysOf(table).map(({ columns }) => columns.flatMap((name) => placeOf.get(name) ?? -1)),
    goOn: look.goOn,
  })
  const { violations, minor } = splitViolations(encoded, found, outside)
  const confirmed = sampled ? await confirm(session, table, encoded, violations, nameOf) : violations
  return {
    rows: encoded.rows,
    total,
    sampled,
    facts: outside.length,
    lost: lostFacts(confirmed, encoded.rows),
    violations: confirmed.map((violation) => named(violation, nameOf)),
    minor: minor.map((violation) => named(violation, nameOf)),
    derived: derived.map(({ column, formula }) => ({ column: nameOf(column), formula })),
    notCompared: table.columns
      .filter(({ name, generated }) => !generated && !placeOf.has(name))
      .map(({ name }) => name),
    completed: found.completed,
  }
}

function varies(codes: Int32Array): boolean {
  return codes.some((code) => code !== codes[0])
}

function lostFacts(violations: readonly Violation[], rows: number): number {
  const cells = violations.flatMap(({ redundantCells }) => [...redundantCells.values()])
  return cells.reduce((sum, redundant) => sum + redundant / rows, 0)
}

function named(
  { determinant, dependents, redundantCells }: Violation,
  nameOf: (place: number) => string,
): NamedViolation {
  return {
    determinant: determinant.map(nameOf),
    dependents: dependents.map(nameOf),
    redundantCells: [...redundantCells.values()].reduce((sum, cells) => sum + cells, 0),
  }
}

/** What holds in a sample may not hold in the table: each column is searched for a counterexample among all rows. */
async function confirm(
  session: Queryable,
  table: Table,
  encoded: EncodedTable,
  violations: readonly Violation[],
  nameOf: (place: number) => string,
): Promise<Violation[]> {
  const confirmed: Violation[] = []
  for (const violation of violations) {
    const by = violation.determinant.map((place) => quoteIdentifier(nameOf(place)))
    const seen = violation.dependents.map((place, at) => {
      const column = table.columns.find(({ name }) => name === nameOf(place))!
      const text = `${textOf(column)} collate "C"`
      return `min(${text}) as low${at}, max(${text}) as high${at}, count(${text}) as known${at}`
    })
    const broken = violation.dependents.map(
      (_, at) => `bool_or(low${at} <> high${at} or known${at} not in (0, n)) as c${at}`,
    )
    const { rows } = await session.query(
      `select ${OWN_MARK} ${broken.join(', ')} from (
         select count(*) as n, ${seen.join(', ')} from ${quoteRelation(table.schema, table.name)}
         where ${by.map((column) => `${column} is not null`).join(' and ')} group by ${by.join(', ')}) g`,
    )
    const dependents = violation.dependents.filter((_, at) => rows[0]![`c${at}`] !== true)
    if (dependents.length > 0)
      confirmed.push({ ...violation, dependents, redundantCells: pick(violation, dependents) })
  }
  return confirmed.filter(({ dependents }) =>
    dependents.some((place) => distinctValues(encoded.columns[place]!) > 2),
  )
}

function pick({ redundantCells }: Violation, dependents: readonly number[]): Map<number, number> {
  return new Map([...redundantCells].filter(([place]) => dependents.includes(place)))
}
