import { type EncodedColumn, type EncodedTable, NULL_CODE, pickRows } from './encoded-table.ts'
import { partitionBy, refine, type Partition } from './partition.ts'

/**
 * How surprising it is that `determinant` determines `dependent`, as the natural logarithm of a probability: that each
 * group would agree if the last of the determinant's columns added nothing to the others. It is the weakest of
 * what its columns say, each against the rest, and the group that speaks loudest is left out: one default value that
 * is in a thousand rows is not a rule. Rows with a NULL in the determinant say nothing: they have no thing to be about.
 */
export function evidence(table: EncodedTable, determinant: readonly number[], dependent: number): number {
  const columns = determinant.map((place) => table.columns[place]!)
  const told = rowsOfThings({ rows: table.rows, columns: [...columns, table.columns[dependent]!] }, columns)
  const places = determinant.map((_, place) => place)
  return Math.max(
    ...places.map((added) => {
      const others = partitionBy(
        told,
        places.filter((other) => other !== added),
      )
      return chanceOfAgreement(others, told.columns[added]!, told.columns.at(-1)!)
    }),
  )
}

/** The table without rows in which one of the columns is NULL. */
function rowsOfThings(table: EncodedTable, columns: readonly EncodedColumn[]): EncodedTable {
  const rows = Int32Array.from({ length: table.rows }, (_, row) => row)
  const kept = rows.filter((row) => columns.every(({ codes }) => codes[row] !== NULL_CODE))
  return kept.length === table.rows ? table : pickRows(table, kept)
}

/** The logarithm of the chance that the groups of `known`, split by `added`, agree on `dependent` throughout. */
function chanceOfAgreement(known: Partition, added: EncodedColumn, dependent: EncodedColumn): number {
  const split = refine(known, added)
  const groupOf = new Int32Array(dependent.codes.length).fill(-1)
  for (let group = 0; group + 1 < known.starts.length; group++) {
    for (let at = known.starts[group]!; at < known.starts[group + 1]!; at++) groupOf[known.rows[at]!] = group
  }
  const counts = new Int32Array(dependent.values.length)
  let [total, loudest, at] = [0, 0, 0]
  for (let group = 0; group + 1 < known.starts.length; group++) {
    const shares = sharesOf(known, group, dependent, counts)
    const chances = new Map<number, number>()
    // Refining keeps the order of the groups, so that those of one group follow each other.
    for (; at + 1 < split.starts.length && groupOf[split.rows[split.starts[at]!]!] === group; at++) {
      const size = split.starts[at + 1]! - split.starts[at]!
      const chance = chances.get(size) ?? agreement(shares, size)
      chances.set(size, chance)
      total += chance
      loudest = Math.min(loudest, chance)
    }
  }
  return total - loudest
}

/** Values of a group by how often they come: share of the rows, and how many values have that share. */
type Shares = [share: number, values: number][]

function sharesOf(
  { rows, starts }: Partition,
  group: number,
  { codes }: EncodedColumn,
  counts: Int32Array,
): Shares {
  const [from, to] = [starts[group]!, starts[group + 1]!]
  for (let at = from; at < to; at++) counts[codes[rows[at]!]!]!++
  const values = new Map<number, number>()
  for (let at = from; at < to; at++) {
    const code = codes[rows[at]!]!
    const count = counts[code]!
    if (count > 0) values.set(count, (values.get(count) ?? 0) + 1)
    counts[code] = 0
  }
  return [...values].map(([count, many]) => [count / (to - from), many])
}

/** ln of the chance that `size` rows drawn at these shares have one value; from the largest share up, as powers of small shares vanish. */
function agreement(shares: Shares, size: number): number {
  const largest = shares.reduce((most, [share]) => Math.max(most, share), 0)
  const rest = shares.reduce((sum, [share, values]) => sum + values * (share / largest) ** size, 0)
  return size * Math.log(largest) + Math.log(rest)
}
