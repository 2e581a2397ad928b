/** A column of values as whole numbers: equal values have equal codes, and NULL has the code 0. */
export interface EncodedColumn {
  name: string
  codes: Int32Array
  /** The value of each code, as text; `values[0]` is NULL, whether it occurs or not. */
  values: readonly (string | null)[]
}

/** Rows of a table, column by column. */
export interface EncodedTable {
  rows: number
  columns: EncodedColumn[]
}

/** The code of NULL in every column. */
export const NULL_CODE = 0

/** Encodes a column as its values come in; `size` is how many rows are expected, and it grows when there are more. */
export class ColumnEncoder {
  readonly #name: string
  readonly #seen = new Map<string, number>()
  readonly #values: (string | null)[] = [null]
  #codes: Int32Array
  #rows = 0

  constructor(name: string, size: number) {
    this.#name = name
    this.#codes = new Int32Array(Math.max(size, 16))
  }

  /** Takes the value of the next row. */
  add(value: string | null): void {
    if (this.#rows === this.#codes.length) {
      const larger = new Int32Array(this.#codes.length * 2)
      larger.set(this.#codes)
      this.#codes = larger
    }
    this.#codes[this.#rows++] = value === null ? NULL_CODE : this.#codeOf(value)
  }

  /** The column of all values taken so far. */
  finish(): EncodedColumn {
    return { name: this.#name, codes: this.#codes.subarray(0, this.#rows), values: this.#values }
  }

  #codeOf(value: string): number {
    const known = this.#seen.get(value)
    if (known !== undefined) return known
    this.#seen.set(value, this.#values.length)
    this.#values.push(value)
    return this.#values.length - 1
  }
}

/** The given rows of a table, in that order, with the same codes. */
export function pickRows({ columns }: EncodedTable, rows: Int32Array): EncodedTable {
  return {
    rows: rows.length,
    columns: columns.map((column) => ({ ...column, codes: rows.map((row) => column.codes[row]!) })),
  }
}

/** How many different values a column has, NULL left out. */
export function distinctValues({ values }: EncodedColumn): number {
  return values.length - 1
}
