import { distinctValues, type EncodedColumn, type EncodedTable, NULL_CODE } from './encoded-table.ts'

/** Rows with all values known that must agree before a formula is believed, and values the result must take. */
const ROWS_MIN = 10
const VALUES_MIN = 3

/** A column that others compute; `formula` is SQL over the quoted names it was given. */
export interface DerivedColumn {
  column: number
  formula: string
}

/** What may be part of a formula; columns by their place in the table. */
export interface FormulaColumns {
  /** Amounts, prices, quantities: numbers that are not identifiers. */
  measures: readonly number[]
  /** Days and moments. */
  moments: readonly number[]
  texts: readonly number[]
  /** A column's name as the formula writes it. */
  quote: (place: number) => string
}

type Numbers = Float64Array
type Formula = [text: string, of: (row: number) => number]

/**
 * Columns that are computed from others in every row: products and sums of measures (with a rate taken off), the parts
 * of a date, another case of a text, two texts in one. Each is stated once: an operand of one formula is not a result of the next.
 */
export function findDerived(table: EncodedTable, columns: FormulaColumns): DerivedColumn[] {
  const numbers = new Map(columns.measures.map((place) => [place, numbersOf(table.columns[place]!)]))
  const found: DerivedColumn[] = []
  const used = new Set<number>()
  const isFree = (place: number): boolean => !used.has(place) && !found.some(({ column }) => column === place)
  for (const build of [products, sums]) {
    for (const column of columns.measures) {
      if (!isFree(column) || distinctValues(table.columns[column]!) < VALUES_MIN) continue
      const others = columns.measures.filter(
        (place) =>
          place !== column &&
          distinctValues(table.columns[place]!) > 1 &&
          !found.some((known) => known.column === place),
      )
      const wanted = numbers.get(column)!
      const tolerance = 0.5 * 10 ** -decimalsOf(table.columns[column]!)
      const match = build(others, numbers, columns.quote).find(({ formula }) =>
        agrees(wanted, tolerance, formula[1]),
      )
      if (match === undefined) continue
      found.push({ column, formula: match.formula[0] })
      for (const place of match.operands) used.add(place)
    }
  }
  return [...found, ...dateParts(table, columns), ...textForms(table, columns)]
}

interface Candidate {
  formula: Formula
  operands: number[]
}

type Build = (
  others: readonly number[],
  numbers: ReadonlyMap<number, Numbers>,
  quote: FormulaColumns['quote'],
) => Candidate[]

const products: Build = (others, numbers, quote) =>
  pairs(others).flatMap(([a, b]) => {
    const [x, y] = [numbers.get(a)!, numbers.get(b)!]
    const text = `${quote(a)} * ${quote(b)}`
    const plain: Candidate = { formula: [text, (row) => x[row]! * y[row]!], operands: [a, b] }
    const lessened = others
      .filter((c) => c !== a && c !== b)
      .flatMap((c): Candidate[] => {
        const z = numbers.get(c)!
        return [
          {
            formula: [`${text} * (1 - ${quote(c)})`, (row) => x[row]! * y[row]! * (1 - z[row]!)],
            operands: [a, b, c],
          },
          { formula: [`${text} - ${quote(c)}`, (row) => x[row]! * y[row]! - z[row]!], operands: [a, b, c] },
        ]
      })
    return [plain, ...lessened]
  })

const sums: Build = (others, numbers, quote) =>
  pairs(others).flatMap(([a, b]) => {
    const [x, y] = [numbers.get(a)!, numbers.get(b)!]
    const text = `${quote(a)} + ${quote(b)}`
    const plain: Candidate = { formula: [text, (row) => x[row]! + y[row]!], operands: [a, b] }
    const further = others
      .filter((c) => c !== a && c !== b)
      .flatMap((c): Candidate[] => {
        const z = numbers.get(c)!
        return [
          { formula: [`${text} + ${quote(c)}`, (row) => x[row]! + y[row]! + z[row]!], operands: [a, b, c] },
          { formula: [`${text} - ${quote(c)}`, (row) => x[row]! + y[row]! - z[row]!], operands: [a, b, c] },
        ]
      })
    return [plain, ...further]
  })

function pairs(places: readonly number[]): [number, number][] {
  return places.flatMap((a, at) => places.slice(at + 1).map((b): [number, number] => [a, b]))
}

function numbersOf({ codes, values }: EncodedColumn): Numbers {
  const parsed = values.map((value) => (value === null ? Number.NaN : Number(value)))
  return Float64Array.from(codes, (code) => parsed[code]!)
}

/** True when the formula gives the wanted number, to the decimals that its column shows, wherever all is known. */
function agrees(wanted: Numbers, tolerance: number, of: (row: number) => number): boolean {
  let known = 0
  for (let row = 0; row < wanted.length; row++) {
    const is = of(row)
    const should = wanted[row]!
    if (Number.isNaN(is) || Number.isNaN(should)) continue
    // A sum of doubles is off by its own rounding, beside that of the stored decimal.
    if (Math.abs(is - should) > tolerance + Math.abs(should) * 1e-12) return false
    if (should !== 0) known++
  }
  return known >= ROWS_MIN
}

/** Most decimals of a column's values, 15 at most: what a double can show. */
function decimalsOf({ values }: EncodedColumn): number {
  let most = 0
  for (const value of values) {
    const dot = value?.indexOf('.') ?? -1
    if (dot >= 0) most = Math.max(most, value!.length - dot - 1)
  }
  return Math.min(most, 15)
}

const PARTS: [part: string, of: (date: string) => string][] = [
  ['year', (date) => String(Number(date.slice(0, 4)))],
  ['month', (date) => String(Number(date.slice(5, 7)))],
  ['quarter', (date) => String(Math.ceil(Number(date.slice(5, 7)) / 3))],
  ['day', (date) => String(Number(date.slice(8, 10)))],
]

function dateParts(table: EncodedTable, { moments, measures, quote }: FormulaColumns): DerivedColumn[] {
  return measures.flatMap((column) => {
    for (const moment of moments) {
      const part = PARTS.find(([, of]) => maps(table, [moment], column, ([date]) => of(date!)))
      if (part !== undefined) return [{ column, formula: `extract(${part[0]} from ${quote(moment)})` }]
    }
    return []
  })
}

function textForms(table: EncodedTable, { texts, quote }: FormulaColumns): DerivedColumn[] {
  return texts.flatMap((column) => {
    const others = texts.filter((place) => place !== column)
    for (const a of others) {
      if (maps(table, [a], column, ([text]) => text!.toLowerCase()) && hasUpperCase(table.columns[a]!)) {
        return [{ column, formula: `lower(${quote(a)})` }]
      }
      const b = others.find((b) => b !== a && maps(table, [a, b], column, ([x, y]) => `${x} ${y}`))
      if (b !== undefined) return [{ column, formula: `${quote(a)} || ' ' || ${quote(b)}` }]
    }
    return []
  })
}

/** Two lower-case columns that are equal are two facts, or one too many, but neither is computed. */
function hasUpperCase({ values }: EncodedColumn): boolean {
  return values.some((value) => value !== null && value !== value.toLowerCase())
}

function maps(
  table: EncodedTable,
  operands: readonly number[],
  result: number,
  of: (values: string[]) => string,
): boolean {
  const wanted = table.columns[result]!
  if (distinctValues(wanted) < 2) return false
  const from = operands.map((place) => table.columns[place]!)
  let known = 0
  for (let row = 0; row < table.rows; row++) {
    const code = wanted.codes[row]!
    if (code === NULL_CODE || from.some(({ codes }) => codes[row] === NULL_CODE)) continue
    if (of(from.map(({ codes, values }) => values[codes[row]!]!)) !== wanted.values[code]) return false
    known++
  }
  return known >= ROWS_MIN
}
