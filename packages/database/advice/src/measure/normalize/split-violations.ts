import { distinctValues, type EncodedTable, pickRows } from './encoded-table.ts'
import { evidence } from './evidence.ts'
import { type Dependency, determines, type Found } from './find-dependencies.ts'
import { oneOfEach, partitionBy, repeatedCells } from './partition.ts'

/** Finer determinants on whose things a dependency must prove itself: the nearest few decide. */
const FINER_MAX = 3

/** How much finer a determinant may be and still be the same thing, now and then written in another way. */
const SAME_THING = 1.05

/** From how many values on a column tells about a thing; with two it only sorts things into two kinds. */
const TELLING_VALUES = 3

/** Columns that state facts about something else than the table's key; columns by their place in the table. */
export interface Violation {
  determinant: number[]
  dependents: number[]
  /** Cells of the dependents that repeat what another row with the same determinant says. */
  redundantCells: Map<number, number>
}

/**
 * The dependencies that violate BCNF, each column under the nearest thing that it is a fact of: what follows through
 * another column is left to that column, and nothing is said twice. A dependency counts only if it still surprises when
 * each thing between it and the key is one row: a city of 30 customers with 10,000 orders was seen 30 times, not 10,000.
 * Only columns of `outside`, those that are not part of the key, are facts.
 */
export function splitViolations(
  table: EncodedTable,
  found: Found,
  outside: readonly number[],
): { violations: Violation[]; minor: Violation[] } {
  const proven = found.dependencies.filter(
    (dependency) => outside.includes(dependency.dependent) && isLaw(table, dependency, found),
  )
  const chosen = new Map<number, Dependency>()
  const byColumn = Map.groupBy(proven, ({ dependent }) => dependent)
  const widest = [...byColumn].toSorted(([, a], [, b]) => fewest(b) - fewest(a))
  for (const [dependent, candidates] of widest) {
    const things = distinctValues(table.columns[dependent]!)
    const nearest = candidates
      .filter(
        ({ determinant, groups }) =>
          groups > SAME_THING * things ||
          !found.speakers.includes(dependent) ||
          !isBetterName([dependent], determinant, found),
      )
      .filter(
        ({ determinant }) => !determinant.every((place) => determines(found.holding, [dependent], place)),
      )
      .toSorted((a, b) => a.groups - b.groups || a.determinant.length - b.determinant.length)
      .find(({ determinant }) => !reaches(chosen, determinant, dependent))
    if (nearest !== undefined) chosen.set(dependent, nearest)
  }
  const all = [...Map.groupBy(chosen.values(), ({ determinant }) => determinant.join()).values()].map(
    (group) => toViolation(table, group),
  )
  const tells = ({ dependents }: Violation): boolean =>
    dependents.some((place) => distinctValues(table.columns[place]!) >= TELLING_VALUES)
  return { violations: all.filter(tells), minor: all.filter((violation) => !tells(violation)) }
}

function fewest(candidates: readonly Dependency[]): number {
  return Math.min(...candidates.map(({ groups }) => groups))
}

/** True when the dependency still surprises among the things that lie between it and the rows. */
function isLaw(table: EncodedTable, { determinant, dependent, groups }: Dependency, found: Found): boolean {
  const finer = found.holding
    .filter((other) => other.dependent === dependent && other.groups > groups)
    .filter((other) => determinant.every((place) => determines(found.holding, other.determinant, place)))
    .filter(
      (other) => other.groups > SAME_THING * groups || !isBetterName(determinant, other.determinant, found),
    )
    .toSorted((a, b) => a.groups - b.groups)
    .slice(0, FINER_MAX)
  return finer.every((other) => {
    const things = pickRows(table, oneOfEach(partitionBy(table, other.determinant), table.rows))
    return evidence(things, determinant, dependent) < found.threshold
  })
}

/** True when the first names things by a column that is better for it: customer_no, spelled out by a customer_name. */
function isBetterName(columns: readonly number[], than: readonly number[], { speakers }: Found): boolean {
  const place = (of: readonly number[]): number => Math.max(...of.map((column) => speakers.indexOf(column)))
  return place(columns) < place(than)
}

/** True when one of the columns is itself determined by `goal`, directly or through others: splitting both ways would lose both. */
function reaches(chosen: ReadonlyMap<number, Dependency>, columns: readonly number[], goal: number): boolean {
  return columns.some((place) => {
    const next = chosen.get(place)
    return place === goal || (next !== undefined && reaches(chosen, next.determinant, goal))
  })
}

function toViolation(table: EncodedTable, group: readonly Dependency[]): Violation {
  const { determinant } = group[0]!
  const partition = partitionBy(table, determinant)
  const dependents = group.map(({ dependent }) => dependent).toSorted((a, b) => a - b)
  const redundantCells = new Map(
    dependents.map((place) => [place, repeatedCells(partition, table.columns[place]!)]),
  )
  return { determinant, dependents, redundantCells }
}
