import { distinctValues, type EncodedTable } from './encoded-table.ts'
import { evidence } from './evidence.ts'
import { determinedBy, type Partition, refine, repeats, wholeTable, withoutNulls } from './partition.ts'

/** Most columns of a determinant: natural keys of four columns are rare, and each column more costs a factor of the table's width. */
const DETERMINANT_COLUMNS_MAX = 3

/** Rows that must repeat a determinant's values before it can determine anything: below, it is nearly a key. */
const REPEATS_MIN = 10
const REPEATS_SHARE_MIN = 0.05

/** Chance of one accidental dependency in a whole table that is put up with. */
const ACCIDENT_CHANCE = 1e-6

/** `determinant` determines `dependent` in every row, and no part of it does; columns by their place in the table. */
export interface Dependency {
  determinant: number[]
  dependent: number
  /** Different values of the determinant. */
  groups: number
  /** Surprise of it, ln of a chance; see `evidence`. */
  evidence: number
}

/** What is searched, and when to stop. */
export interface Search {
  /** Columns that may determine others, the best name for a thing first: of several that stand for each other the first speaks. */
  determinants: readonly number[]
  /** Columns that may be determined. */
  dependents: readonly number[]
  /** Unique together, as declared: whatever contains one of these determines everything by right. */
  keys: readonly (readonly number[])[]
  /** Called now and then, and a moment to let others run: false ends the search. */
  goOn: () => Promise<boolean>
}

/** What a search found; `holding` has also what may be an accident. */
export interface Found {
  /** Dependencies that an accident does not explain. */
  dependencies: Dependency[]
  holding: Dependency[]
  /** ln of the chance below which a dependency is not an accident, for as many as were tried. */
  threshold: number
  /** Columns of a determinant up to which the search was completed. */
  completed: number
  /** The columns that may determine, the best name for a thing first. */
  speakers: readonly number[]
}

/**
 * The minimal functional dependencies that hold in all rows, level by level: exact, NULL being a value like any other.
 * Determinants that nearly identify a row are left out, and so are dependencies that chance would explain.
 * Source: Huhtala et al., "TANE" (1999), with a
 * direct check of each candidate, which in unrelated data ends after a few rows, in place of one more level of partitions.
 */
export async function findDependencies(table: EncodedTable, search: Search): Promise<Found> {
  const walk = new Walk(table, search)
  const completed = await walk.levels()
  const threshold = Math.log(ACCIDENT_CHANCE / Math.max(walk.tried, 1))
  return {
    holding: walk.holding,
    dependencies: walk.holding.filter((dependency) => dependency.evidence < threshold),
    threshold,
    completed,
    speakers: search.determinants,
  }
}

/** True when columns determine another, by what is known to hold. */
export function determines(
  holding: readonly Dependency[],
  columns: readonly number[],
  dependent: number,
): boolean {
  if (columns.includes(dependent)) return true
  return holding.some(
    (known) => known.dependent === dependent && known.determinant.every((column) => columns.includes(column)),
  )
}

class Walk {
  readonly holding: Dependency[] = []
  tried = 0
  readonly #table: EncodedTable
  readonly #search: Search
  readonly #dependents: number[]

  constructor(table: EncodedTable, search: Search) {
    this.#table = table
    this.#search = search
    this.#dependents = search.dependents.filter((place) => distinctValues(table.columns[place]!) > 0)
  }

  /** Walks the levels; gives the last one that was walked to its end. */
  async levels(): Promise<number> {
    const whole = wholeTable(this.#table.rows)
    const singles = new Map<number, Partition>()
    for (const place of this.#search.determinants) {
      const partition = refine(whole, this.#table.columns[place]!)
      if (this.#isSupported([place], partition)) singles.set(place, partition)
    }
    for (const place of singles.keys()) {
      this.#try([place], whole)
      if (!(await this.#search.goOn())) return 0
    }
    const speakers = this.#speakers([...singles.keys()])
    for (let size = 2; size <= DETERMINANT_COLUMNS_MAX; size++) {
      for (const [at, place] of speakers.entries()) {
        if (!(await this.#grow([place], singles.get(place)!, speakers.slice(at + 1), size))) return size - 1
      }
    }
    return DETERMINANT_COLUMNS_MAX
  }

  /** Tries every determinant of `size` columns that begins with these; false when the search was ended. */
  async #grow(
    columns: readonly number[],
    partition: Partition,
    further: readonly number[],
    size: number,
  ): Promise<boolean> {
    for (const [at, place] of further.entries()) {
      const grown = [...columns, place]
      if (this.#isRedundant(grown)) continue
      if (grown.length === size) this.#try(grown, partition)
      else {
        const refined = refine(partition, this.#table.columns[place]!)
        if (!this.#isSupported(grown, refined)) continue
        if (!(await this.#grow(grown, refined, further.slice(at + 1), size))) return false
      }
      if (!(await this.#search.goOn())) return false
    }
    return true
  }

  /** Looks what the columns determine; `known` are the groups of all but the last of them. */
  #try(determinant: number[], known: Partition): void {
    const open = this.#dependents.filter((place) => !determines(this.holding, determinant, place))
    this.tried += open.length
    const last = this.#table.columns[determinant.at(-1)!]!
    const left = determinedBy(
      known,
      last,
      open.map((place) => ({ ...this.#table.columns[place]!, place })),
    )
    if (left.length === 0) return
    const partition = refine(known, last)
    if (!this.#isSupported(determinant, partition)) return
    const groups = this.#table.rows - repeats(partition)
    for (const { place: dependent } of left) {
      const surprise = evidence(this.#table, determinant, dependent)
      this.holding.push({ determinant, dependent, groups, evidence: surprise })
    }
  }

  /** Of columns that determine each other, only the first is a determinant: the others say the same. */
  #speakers(places: number[]): number[] {
    const speakers: number[] = []
    for (const place of places) {
      const twin = speakers.find(
        (other) => determines(this.holding, [other], place) && determines(this.holding, [place], other),
      )
      if (twin === undefined) speakers.push(place)
      else this.#silence(place)
    }
    return speakers
  }

  #silence(place: number): void {
    for (let at = this.holding.length - 1; at >= 0; at--) {
      if (this.holding[at]!.determinant[0] === place) this.holding.splice(at, 1)
    }
  }

  /** True when a part of the columns determines another of them, or all: nothing minimal can begin there. */
  #isRedundant(columns: readonly number[]): boolean {
    const within = (key: readonly number[]): boolean => key.every((place) => columns.includes(place))
    if (this.#search.keys.some(within)) return true
    return columns.some((place) =>
      determines(
        this.holding,
        columns.filter((other) => other !== place),
        place,
      ),
    )
  }

  #isSupported(columns: readonly number[], partition: Partition): boolean {
    if (this.#search.keys.some((key) => key.every((place) => columns.includes(place)))) return false
    const known = withoutNulls(
      partition,
      columns.map((place) => this.#table.columns[place]!),
    )
    return repeats(known) >= Math.max(REPEATS_MIN, REPEATS_SHARE_MIN * this.#table.rows)
  }
}
