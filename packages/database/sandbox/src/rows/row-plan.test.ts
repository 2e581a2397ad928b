import { describe, expect, it } from 'vitest'
import { lineOf, shareBytes, type SourceTable } from './row-plan.ts'

const table = (relation: string, bytes: number): SourceTable => ({ relation, bytes, columns: [] })
const percents = (tables: SourceTable[], maxBytes: number) =>
  Object.fromEntries(
    shareBytes(tables, maxBytes).map(({ table: { relation }, percent }) => [relation, percent]),
  )

describe('shares of a sample', () => {
  it('take small tables whole, and give what they leave to the large ones', () => {
    const tables = [table('large', 1_000), table('small', 10), table('larger', 2_000), table('empty', 0)]
    // 10 of 610 are taken whole; 300 each are left for the other two.
    expect(percents(tables, 610)).toEqual({ empty: 100, small: 100, large: 30, larger: 15 })
  })

  it('take everything that fits, and never more than there is', () => {
    const tables = [table('a', 40), table('b', 60)]
    expect(percents(tables, 100)).toEqual({ a: 100, b: 100 })
    expect(percents(tables, 1_000)).toEqual({ a: 100, b: 100 })
    expect(percents([], 1_000)).toEqual({})
  })

  it('take nothing where nothing may be taken', () => {
    expect(percents([table('a', 40)], 0)).toEqual({ a: 0 })
  })
})

describe('a line of COPY', () => {
  it('escapes the text of what may need it, and writes NULL as COPY does', () => {
    const columns = [
      { name: 'id', escape: false },
      { name: '"my note"', escape: true },
    ]
    const line = lineOf({ ...table('t', 0), columns })
    expect(line).toMatch(
      /^coalesce\(id::text, '\\N'\) \|\| chr\(9\) \|\| coalesce\(replace\(.*"my note"::text/,
    )
    // The backslash goes first: it is what the others are written with.
    expect(line.indexOf(String.raw`'\', '\\'`)).toBeLessThan(line.indexOf('chr(10)'))
  })

  it('of a table without columns is empty', () => expect(lineOf(table('t', 0))).toBe(`''`))
})
