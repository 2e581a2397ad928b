import { describe, expect, it } from 'vitest'
import { ColumnEncoder, type EncodedTable } from './encoded-table.ts'
import { findDependencies, type Search } from './find-dependencies.ts'
import { splitViolations } from './split-violations.ts'

const forever = async (): Promise<boolean> => true

/** Numbers that look random and are the same in every run. */
function dice(seed: number): (sides: number) => number {
  let state = seed >>> 0
  return (sides) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides
  }
}

function encode(rows: Record<string, string | number | null>[]): EncodedTable {
  const names = Object.keys(rows[0]!)
  const encoders = names.map((name) => new ColumnEncoder(name, rows.length))
  for (const row of rows)
    for (const [at, name] of names.entries()) {
      const value = row[name]!
      encoders[at]!.add(value === null ? null : String(value))
    }
  return { rows: rows.length, columns: encoders.map((encoder) => encoder.finish()) }
}

/** The violations of a table without a declared key, as `a, b -> c, d`. */
async function violationsOf(table: EncodedTable, search: Partial<Search> = {}): Promise<string[]> {
  const all = table.columns.map((_, place) => place)
  const found = await findDependencies(table, {
    determinants: all,
    dependents: all,
    keys: [],
    goOn: forever,
    ...search,
  })
  const name = (place: number): string => table.columns[place]!.name
  return splitViolations(table, found, all).violations.map(
    ({ determinant, dependents }) =>
      `${determinant.map(name).join(', ')} -> ${dependents.map(name).join(', ')}`,
  )
}

const rowsOf = <T>(count: number, make: (row: number) => T): T[] =>
  Array.from({ length: count }, (_, row) => make(row))

describe('dependencies in data', () => {
  it('finds none in random data, however wide, narrow or short', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const roll = dice(seed)
      const sides = rowsOf(10, () => 2 + roll(40))
      const table = encode(
        rowsOf([30, 100, 500, 2_000][seed % 4]!, () =>
          Object.fromEntries(sides.map((n, at) => [`c${at}`, roll(n)])),
        ),
      )
      expect(await violationsOf(table), `seed ${seed}`).toEqual([])
    }
  })

  it('states each column under the nearest thing it is a fact of', async () => {
    const roll = dice(7)
    const cities = rowsOf(20, (n) => ({ city: `city ${n}`, country: `country ${roll(6)}` }))
    const customers = rowsOf(200, (n) => ({ customer: n, name: `name ${n}`, ...cities[roll(20)]! }))
    const table = encode(rowsOf(2_000, (order) => ({ order, ...customers[roll(200)]!, amount: roll(1_000) })))
    expect(await violationsOf(table)).toEqual(['customer -> name, city', 'city -> country'])
  })

  it('counts a thing once: customers whose city has few others prove nothing about it', async () => {
    const roll = dice(3)
    const customers = rowsOf(30, (n) => ({
      customer: n,
      name: `n${n}`,
      city: `city ${n % 25}`,
      tier: roll(3),
    }))
    for (const customer of customers) customer.tier = customers[customer.customer % 25]!.tier
    const table = encode(rowsOf(3_000, (order) => ({ order, ...customers[roll(30)]! })))
    expect(await violationsOf(table)).toEqual(['customer -> name, city, tier'])
  })

  it('keeps to the better name of a thing when another spells it in two ways', async () => {
    const roll = dice(23)
    const table = encode(
      rowsOf(2_000, (row) => ({ row, thing: roll(100) })).map(({ row, thing }) => ({
        row,
        thing,
        spelt: row % 500 === 7 ? `Thing ${thing}` : `thing ${thing}`,
        colour: `colour ${(thing * 7) % 31}`,
      })),
    )
    expect(await violationsOf(table, { determinants: [0, 1, 2, 3] })).toEqual(['thing -> colour'])
    expect(await violationsOf(table, { determinants: [0, 2, 1, 3] })).toEqual(['spelt -> thing, colour'])
  })

  it('finds determinants of two and three columns, and no larger ones that contain them', async () => {
    const roll = dice(11)
    const price = rowsOf(8 * 5 * 4, () => roll(90))
    const table = encode(
      rowsOf(3_000, () => {
        const [a, b, c] = [roll(8), roll(5), roll(4)]
        return { a, b, c, d: roll(6), price: price[(a * 5 + b) * 4 + c]!, rate: price[a * 5 + b]! }
      }),
    )
    expect(await violationsOf(table)).toEqual(['a, b, c -> price', 'a, b -> rate'])
  })

  it('is sure of things that come in thousands of rows', async () => {
    const roll = dice(17)
    const table = encode(
      rowsOf(20_000, () => roll(4)).map((thing) => ({ thing, name: `name ${thing}`, other: roll(9) })),
    )
    expect(await violationsOf(table)).toEqual(['thing -> name'])
  })

  it('takes no default value, no NULL and no near key for a law', async () => {
    const roll = dice(5)
    const table = encode(
      rowsOf(2_000, (row) => {
        const sent = roll(10) < 3 ? null : `2026-01-01 ${row}`
        const discount = roll(10) < 8 ? 0 : row
        return {
          row,
          sent,
          arrived: sent === null ? null : roll(500),
          discount,
          saved: discount === 0 ? 0 : roll(500),
        }
      }),
    )
    expect(await violationsOf(table)).toEqual([])
  })

  it('takes a near key for a key', async () => {
    const roll = dice(29)
    const names = rowsOf(1_950, () => roll(500))
    const table = encode(
      rowsOf(2_000, (row) => ({ near: row % 1_950, name: names[row % 1_950]!, other: roll(7) })),
    )
    expect(await violationsOf(table)).toEqual([])
  })

  it('asks what each column of a determinant adds: what only singles out exceptions adds nothing', async () => {
    const roll = dice(31)
    const table = encode(
      rowsOf(2_000, (row) => {
        const thing = roll(20)
        const odd = row % 400 === 3
        return {
          row,
          thing,
          slot: odd ? `odd ${row}` : `slot ${roll(300)}`,
          label: odd ? 'odd' : `label ${thing % 9}`,
        }
      }),
    )
    expect(await violationsOf(table)).toEqual([])
  })

  it('does not learn from rows in which the determinant is unknown', async () => {
    const roll = dice(37)
    const table = encode(
      rowsOf(1_000, (row) => {
        const sent = row < 600 ? null : (row * 7) % 340
        return {
          row,
          sent,
          state: sent === null ? null : sent > 330 ? `late ${sent}` : 'fine',
          other: roll(9),
        }
      }),
    )
    expect(await violationsOf(table)).toEqual([])
  })

  it('leaves what only sorts into two kinds to the minor ones', async () => {
    const roll = dice(9)
    const table = encode(
      rowsOf(2_000, () => ({ genre: roll(20), other: roll(50) })).map((r) => ({
        ...r,
        price: r.genre < 5 ? 199 : 99,
      })),
    )
    expect(await violationsOf(table)).toEqual([])
  })

  it('takes declared keys as keys, and ends on demand', async () => {
    const roll = dice(13)
    const names = rowsOf(50, () => roll(1_000))
    const table = encode(rowsOf(500, () => roll(50)).map((thing) => ({ thing, name: names[thing]! })))
    expect(await violationsOf(table)).toEqual(['thing -> name'])
    expect(await violationsOf(table, { keys: [[0]] })).toEqual([])
    const ended = await findDependencies(table, {
      determinants: [0],
      dependents: [1],
      keys: [],
      goOn: async () => false,
    })
    expect(ended.completed).toBe(0)
  })
})
