import { type EncodedColumn, type EncodedTable, NULL_CODE } from './encoded-table.ts'

/**
 * Rows grouped by equal values of some columns; groups of one row are left out, as nothing can contradict them.
 * Group g holds `rows[starts[g]] .. rows[starts[g + 1] - 1]`. Source: Huhtala et al., "TANE" (1999), stripped partitions.
 */
export interface Partition {
  rows: Int32Array
  starts: Int32Array
}

/** All rows as one group: the partition of no column at all. */
export function wholeTable(rows: number): Partition {
  return rows < 2
    ? { rows: new Int32Array(0), starts: new Int32Array(1) }
    : { rows: Int32Array.from({ length: rows }, (_, row) => row), starts: Int32Array.of(0, rows) }
}

/** How many groups of two or more rows there are. */
function groupCount({ starts }: Partition): number {
  return starts.length - 1
}

/** Rows that repeat an earlier row of their group: what a dependency would make redundant. */
export function repeats(partition: Partition): number {
  return partition.rows.length - groupCount(partition)
}

/** The same groups, split further by a column. Linear in the rows of the partition. */
export function refine({ rows, starts }: Partition, { codes, values }: EncodedColumn): Partition {
  const counts = new Int32Array(values.length)
  const keptRows = new Int32Array(rows.length)
  const keptStarts = new Int32Array((rows.length >> 1) + 1)
  let [filled, groups] = [0, 0]
  for (let group = 0; group + 1 < starts.length; group++) {
    const [from, to] = [starts[group]!, starts[group + 1]!]
    for (let at = from; at < to; at++) counts[codes[rows[at]!]!]!++
    // A count becomes the place of its group's next row, negative so that a place is never taken for a count.
    for (let at = from; at < to; at++) {
      const code = codes[rows[at]!]!
      const count = counts[code]!
      if (count === 1) counts[code] = 0
      if (count > 1) {
        counts[code] = -filled - 1
        filled += count
        keptStarts[++groups] = filled
      }
      const place = counts[code]!
      if (place < 0) {
        keptRows[-place - 1] = rows[at]!
        counts[code] = place - 1
      }
    }
    for (let at = from; at < to; at++) counts[codes[rows[at]!]!] = 0
  }
  return { rows: keptRows.subarray(0, filled), starts: keptStarts.subarray(0, groups + 1) }
}

/** The partition of a table by some of its columns, given by place. */
export function partitionBy(table: EncodedTable, columns: readonly number[]): Partition {
  return columns.reduce(
    (partition, column) => refine(partition, table.columns[column]!),
    wholeTable(table.rows),
  )
}

/**
 * Which of the columns have one value in every group, were the groups split further by `added`: those that the split
 * determines. Ends at the row that contradicts the last of them, which in unrelated data is one of the first.
 */
export function determinedBy<T extends EncodedColumn>(
  { rows, starts }: Partition,
  { codes: added, values }: EncodedColumn,
  columns: readonly T[],
): T[] {
  // The first row of each value in the group at hand, counted from 1; 0: not met yet.
  const first = new Int32Array(values.length)
  let left = [...columns]
  for (let group = 0; group + 1 < starts.length && left.length > 0; group++) {
    for (let at = starts[group]!; at < starts[group + 1]!; at++) {
      const row = rows[at]!
      const before = first[added[row]!]! - 1
      if (before < 0) first[added[row]!] = row + 1
      else if (left.some(({ codes }) => codes[row] !== codes[before])) {
        left = left.filter(({ codes }) => codes[row] === codes[before])
        if (left.length === 0) return left
      }
    }
    for (let at = starts[group]!; at < starts[group + 1]!; at++) first[added[rows[at]!]!] = 0
  }
  return left
}

/** Cells of a column that repeat an earlier cell of their group; NULLs are not facts and are not counted. */
export function repeatedCells({ rows, starts }: Partition, { codes }: EncodedColumn): number {
  let cells = 0
  for (let group = 0; group + 1 < starts.length; group++) {
    if (codes[rows[starts[group]!]!] !== NULL_CODE) cells += starts[group + 1]! - starts[group]! - 1
  }
  return cells
}

/** The groups in which none of the given columns is NULL: an unknown value identifies nothing. */
export function withoutNulls({ rows, starts }: Partition, columns: readonly EncodedColumn[]): Partition {
  const keptRows = new Int32Array(rows.length)
  const keptStarts = new Int32Array(starts.length)
  let [filled, groups] = [0, 0]
  for (let group = 0; group + 1 < starts.length; group++) {
    const first = rows[starts[group]!]!
    if (columns.some(({ codes }) => codes[first] === NULL_CODE)) continue
    keptRows.set(rows.subarray(starts[group], starts[group + 1]), filled)
    filled += starts[group + 1]! - starts[group]!
    keptStarts[++groups] = filled
  }
  return { rows: keptRows.subarray(0, filled), starts: keptStarts.subarray(0, groups + 1) }
}

/** One row of each group, and every row that is alone: the table as it would be, were the groups things of their own. */
export function oneOfEach({ rows, starts }: Partition, count: number): Int32Array {
  const dropped = new Uint8Array(count)
  for (let group = 0; group + 1 < starts.length; group++) {
    for (let at = starts[group]! + 1; at < starts[group + 1]!; at++) dropped[rows[at]!] = 1
  }
  return Int32Array.from({ length: count }, (_, row) => row).filter((row) => dropped[row] === 0)
}
