import { expect, it } from 'vitest'
import type { BuiltCandidate } from './built-indexes.ts'
import { redundantIndexes } from './redundant-indexes.ts'
import type { StandingIndex, TableFacts } from './statements/table-catalog.ts'

const standing = (more: Partial<StandingIndex>): StandingIndex => ({
  name: 'old',
  method: 'btree',
  keys: ['customer_id'],
  include: [],
  where: null,
  unique: false,
  needed: false,
  sizeBytes: 8_192,
  ...more,
})

function dropped(index: StandingIndex, more: Partial<BuiltCandidate> = {}): string[] {
  const table: TableFacts = {
    schema: 'shop',
    name: 'orders',
    kind: 'r',
    rows: 1,
    pages: 1,
    columns: new Map(),
    indexes: [index],
    primaryKey: ['id'],
    partitions: [],
  }
  const key = (column: string) => ({ operand: { sql: column, column, columns: [column] } })
  const chosen: BuiltCandidate = {
    table,
    method: 'btree',
    keys: [key('customer_id'), key('placed_at')],
    include: [],
    because: '',
    statements: [],
    estimatedBytes: 1,
    name: 'new',
    names: new Set(['new']),
    qualified: '"shop"."new"',
    sizeBytes: 1,
    buildMs: 1,
    ...more,
  }
  return redundantIndexes([table], [chosen]).map(({ ddl }) => ddl)
}

it('drops an index with whose keys a recommended one begins', () => {
  expect(dropped(standing({}))).toEqual(['DROP INDEX CONCURRENTLY "shop"."old"'])
})

it.each([
  ['one that a constraint rests on', standing({ needed: true }), {}],
  ['a partial one', standing({ where: '(status = 1)' }), {}],
  ['one of another order', standing({ keys: ['customer_id DESC'] }), {}],
  ['one of another operator class', standing({ keys: ['customer_id text_pattern_ops'] }), {}],
  ['one of another collation', standing({ keys: ['customer_id COLLATE "C"'] }), {}],
  ['one that carries columns along', standing({ include: ['total'] }), {}],
  ['one of other keys', standing({ keys: ['placed_at'] }), {}],
  ['one with more keys', standing({ keys: ['customer_id', 'placed_at', 'id'] }), {}],
  ['any when the recommended one is partial', standing({}), { where: 'status = 1' }],
  ['any when the recommended one is not a B-tree', standing({}), { method: 'gin' as const }],
])('but not %s', (_, index, more) => {
  expect(dropped(index, more)).toEqual([])
})
