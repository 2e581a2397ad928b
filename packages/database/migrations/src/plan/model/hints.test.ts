import { describe, expect, it } from 'vitest'
import type { Catalog, Table } from './catalog.ts'
import { resolveHints } from './hints.ts'

const table = (relation: string, columns: string[]): Table =>
  ({ relation, name: relation.split('.')[1], columns: columns.map((name) => ({ name })) }) as Table

const catalog = {
  tables: [table('public.orders', ['total', 'note']), table('shop.items', ['id'])],
} as Catalog

describe('hints', () => {
  it('find tables and columns, with and without their schema', () => {
    const found = resolveHints(
      {
        rename: { orders: 'purchases', 'orders.total': 'orders.amount', 'shop.items.id': 'key' },
        fill: { 'orders.fresh': '1' },
      },
      catalog,
    )
    expect(found.tables).toEqual([{ from: 'public.orders', to: 'purchases' }])
    expect(found.columns).toEqual([
      { relation: 'public.orders', from: 'total', to: 'amount' },
      { relation: 'shop.items', from: 'id', to: 'key' },
    ])
    expect([...found.fill]).toEqual([['public.orders.fresh', '1']])
  })

  it.each([
    { rename: { 'orders.nothing': 'x' } },
    { rename: { nowhere: 'x' } },
    { using: { 'items.id': { to: 'x' } } },
  ])('that name nothing are refused: %j', (hints) =>
    expect(() => resolveHints(hints as object, { tables: [catalog.tables[0]!] } as Catalog)).toThrow(
      /no table or column/,
    ),
  )
})
