import { expect, it } from 'vitest'
import { asReading } from './as-reading.ts'
import { undisturbed } from '../bench.ts'
import { parametersOf, withValues } from './parameters.ts'
import type { ColumnFacts, TableFacts } from './table-catalog.ts'
import { withExamplesOpen } from './value-variants.ts'

async function described(sql: string): Promise<string[]> {
  const form = await asReading(sql)
  return parametersOf(form!.node).map(({ number, role, operator, expression = '', array }) =>
    [`$${number}`, role, operator, expression, array ? 'list' : ''].join(' ').trimEnd(),
  )
}

it.each([
  ['select * from t where a = $1', ['$1 compared = a']],
  ['select * from t where $1 < a::int', ['$1 compared < a::int']],
  [
    'select * from t x where lower(x.a) = $1 limit $2 offset $3',
    ['$1 compared = lower(x.a)', '$2 limit', '$3 offset'],
  ],
  ['select * from t where a between $1 and $2', ['$1 compared >= a', '$2 compared <= a']],
  ['select * from t where a in ($1, $2)', ['$1 compared = a', '$2 compared = a']],
  ['select * from t where a = any($1)', ['$1 compared = a list']],
  ['select * from t where note ilike $1', ['$1 compared ~~* note']],
  ['select * from t, u where t.a = u.b and u.c = $1', ['$1 compared = u.c']],
  ['select * from t where a = $1 + b', ['$1 unknown +']],
  ['select * from t where date_trunc($1, a) = $2', ['$1 unknown', '$2 unknown =']],
  ['update t set a = $1 where b = $2', ['$2 compared = b']],
])('%s', async (sql, parameters) => {
  expect(await described(sql)).toEqual(parameters)
})

it('puts values in place of parameters, not into strings', () => {
  const values = new Map([
    [1, `'it''s'::text`],
    [12, '7'],
  ])
  expect(withValues(`select '$1', $12, $1, $2 -- $1`, values)).toBe(`select '$1', 7, 'it''s'::text, $2 -- $1`)
})

it.each([
  ['update t set a = 1 where b = 2', 'SELECT t.*\nFROM t\nWHERE\n  b = 2'],
  ['delete from t x using u where x.a = u.a', 'SELECT x.*\nFROM t AS x, u\nWHERE\n  x.a = u.a'],
])('%s is measured as the search for its rows', async (sql, reading) => {
  expect((await asReading(sql))?.sql).toBe(reading)
})

it('opens the examples of a statement, not its states', async () => {
  const column = (name: string, distinct: number): [string, ColumnFacts] => [
    name,
    { distinct } as ColumnFacts,
  ]
  const table = {
    columns: new Map([column('owner', 900), column('status', 4), column('at', 900)]),
  } as TableFacts
  const open = async (sql: string) =>
    withExamplesOpen((await asReading(sql))!, [table])?.sql.replaceAll(/\s+/g, ' ')
  const sql = `select * from t where owner = 7 and status = 'open' and 5::int = t.owner and at > '2026-01-01'`
  expect(await open(sql)).toBe(
    `SELECT * FROM t WHERE owner = $1 AND status = 'open' AND $2 = t.owner AND at > '2026-01-01'`,
  )
  expect(await open(`select * from t where status = 'open'`)).toBeUndefined()
})

it('measures a locking SELECT without its locks, and nothing that searches no rows', async () => {
  expect((await asReading('select * from t for update'))?.sql).not.toMatch(/update/i)
  expect(await asReading('insert into t values (1)')).toBeUndefined()
  expect(await asReading('select 1; select 2')).toBeUndefined()
})

it('means by undisturbed the fastest run of each value, averaged over the values', () => {
  const statement = { id: 'q', weight: 1, texts: ['a', 'b'] }
  expect(undisturbed({ ms: [10, 100, 12, 90, 11], cutOff: false }, statement)).toBe(50)
  expect(undisturbed({ ms: [10], cutOff: false }, statement)).toBe(10)
})
