import { describe, expect, it } from 'vitest'
import { findDerived } from './derived-columns.ts'
import { ColumnEncoder, type EncodedTable } from './encoded-table.ts'

type Cells = Record<string, (row: number) => string | null>

/** 60 rows of columns given as functions of the row; every column that is a number may be part of a formula. */
function formulasOf(cells: Cells, kinds: { moments?: string[]; texts?: string[] } = {}): string[] {
  const names = Object.keys(cells)
  const columns = names.map((name) => {
    const encoder = new ColumnEncoder(name, 60)
    for (let row = 0; row < 60; row++) encoder.add(cells[name]!(row))
    return encoder.finish()
  })
  const table: EncodedTable = { rows: 60, columns }
  const { moments = [], texts = [] } = kinds
  const places = (of: string[]): number[] => of.map((name) => names.indexOf(name))
  const measures = names.filter((name) => !moments.includes(name) && !texts.includes(name))
  return findDerived(table, {
    measures: places(measures),
    moments: places(moments),
    texts: places(texts),
    quote: (place) => names[place]!,
  }).map(({ column, formula }) => `${names[column]} = ${formula}`)
}

const quantity = (row: number): string => String(1 + (row % 7))
const price = (row: number): string => (((row * 13) % 50) + 0.99).toFixed(2)
const rate = (row: number): string => ['0', '0.05', '0.1'][row % 3]!

describe('columns that others compute', () => {
  it('are found with their formula, rounded as the column is', () => {
    const product = (row: number): string => (Number(quantity(row)) * Number(price(row))).toFixed(2)
    expect(formulasOf({ quantity, price, total: product })).toEqual(['total = quantity * price'])
    const lessened = (row: number): string => (Number(product(row)) * (1 - Number(rate(row)))).toFixed(2)
    expect(formulasOf({ quantity, price, rate, total: lessened })).toEqual([
      'total = quantity * price * (1 - rate)',
    ])
    const tax = (row: number): string => ((row * 7) % 31).toFixed(2)
    const gross = (row: number): string => (Number(price(row)) + Number(tax(row))).toFixed(2)
    expect(formulasOf({ price, tax, gross })).toEqual(['gross = price + tax'])
  })

  it('are parts of dates, other cases and joined texts too', () => {
    const day = (row: number): string => `202${row % 4}-0${1 + (row % 9)}-11`
    const year = (row: number): string => `202${row % 4}`
    expect(formulasOf({ day, year }, { moments: ['day'] })).toEqual(['year = extract(year from day)'])
    const first = (row: number): string => `Ada${row % 5}`
    const last = (row: number): string => `Lovelace${row % 11}`
    const whole = (row: number): string => `${first(row)} ${last(row)}`
    const small = (row: number): string => first(row).toLowerCase()
    const texts = ['first', 'last', 'whole', 'small']
    expect(formulasOf({ first, last, whole, small }, { texts })).toEqual([
      "whole = first || ' ' || last",
      'small = lower(first)',
    ])
  })

  it('are not what agrees in some rows, or only where nothing is known', () => {
    const nearly = (row: number): string =>
      (Number(quantity(row)) * Number(price(row)) + (row === 59 ? 1 : 0)).toFixed(2)
    expect(formulasOf({ quantity, price, nearly })).toEqual([])
    const unknown = (row: number): string | null =>
      row < 55 ? null : (Number(quantity(row)) * Number(price(row))).toFixed(2)
    expect(formulasOf({ quantity, price, unknown })).toEqual([])
  })
})
