import { expect, it } from 'vitest'
import { indexName, quoteIdentifier } from '@esa/database-catalog/sql'
import { filterColumns, sortColumns } from './filter-columns.ts'
import { createIndexSql } from '@esa/protocol'
import { proposedColumns } from './index-proposal.ts'
import { type PlanNode, planLines, wastefulScans } from './plan.ts'

const scan: PlanNode = {
  'Node Type': 'Seq Scan',
  Schema: 'shop',
  'Relation Name': 'orders',
  Alias: 'o',
  Filter: '(o.customer_id = c.id)',
  'Actual Rows': 10,
  'Actual Loops': 40,
  'Actual Total Time': 12.5,
  'Rows Removed by Filter': 199_990,
}

const plan: PlanNode = {
  'Node Type': 'Nested Loop',
  'Actual Rows': 200,
  'Actual Loops': 1,
  'Actual Total Time': 510,
  Plans: [
    {
      'Node Type': 'Seq Scan',
      Schema: 'shop',
      'Relation Name': 'customers',
      Alias: 'c',
      'Actual Rows': 40,
      'Actual Loops': 1,
    },
    {
      'Node Type': 'Limit',
      Plans: [{ 'Node Type': 'Sort', 'Sort Key': ['o.placed_at DESC'], Plans: [scan] }],
    },
  ],
}

it('finds the scan that threw nearly everything away, with totals over its loops and its required order', () => {
  expect(wastefulScans(plan)).toEqual([
    {
      schema: 'shop',
      relation: 'orders',
      alias: 'o',
      filter: '(o.customer_id = c.id)',
      sortKey: ['o.placed_at DESC'],
      loops: 40,
      rows: 400,
      removed: 7_999_600,
      ms: 500,
    },
  ])
})

it('lets a scan be that keeps a tenth of its rows, or that is small', () => {
  const kept = { ...scan, 'Actual Rows': 20_000 }
  const small = { ...scan, 'Actual Loops': 1, 'Rows Removed by Filter': 9_999 }
  expect(wastefulScans(kept)).toEqual([])
  expect(wastefulScans(small)).toEqual([])
})

it('does not carry the order of a sort through a join', () => {
  const joined: PlanNode = {
    'Node Type': 'Sort',
    'Sort Key': ['o.placed_at'],
    Plans: [{ 'Node Type': 'Hash Join', Plans: [scan] }],
  }
  expect(wastefulScans(joined)[0]?.sortKey).toEqual([])
})

it('lists a plan from the top with its depth', () => {
  expect(planLines(plan).map((line) => [line.depth, line.node, line.relation])).toEqual([
    [0, 'Nested Loop', undefined],
    [1, 'Seq Scan', 'shop.customers'],
    [1, 'Limit', undefined],
    [2, 'Sort', undefined],
    [3, 'Seq Scan', 'shop.orders'],
  ])
})

it.each([
  ['(o.customer_id = 7)', ['customer_id equality']],
  ["((o.total > 5) AND (o.status = 'a AND b'::text))", ['total range', 'status equality']],
  ['((o.email)::text = $1)', ['email equality']],
  ['(o."Weird ""Name""" = ANY ($1))', ['Weird "Name" equality']],
  ['(c.id = o.customer_id)', ['customer_id equality']],
  ['((o.a >= 1) AND (o.a < (2 + 1)))', ['a range']],
  ["(lower(o.email) = 'x'::text)", []],
  ['((o.a = 1) OR (o.b = 2))', []],
  ['(((o.a = 1) OR (o.b = 2)) AND (o.c = 3))', ['c equality']],
  ['(o.a = o.b)', []],
  ['(o.a <> 1)', []],
  ["(o.name ~~ 'x%'::text)", []],
  ["(o.tags @> '{a}'::text[])", []],
  ['(o.a IS NULL)', []],
  ['(NOT o.paid)', []],
  ['(alternatives: SubPlan 1 or hashed SubPlan 2)', []],
])('reads the columns of %s', (filter, columns) => {
  expect(filterColumns(filter, 'o').map(({ column, kind }) => `${column} ${kind}`)).toEqual(columns)
})

it.each([
  [['o.placed_at DESC'], ['placed_at']],
  [
    ['o.a', 'o.b'],
    ['a', 'b'],
  ],
  [['o.a', 'o.b DESC'], []],
  [['o.a DESC NULLS LAST'], []],
  [['c.a'], []],
  [['(o.a + 1)'], []],
])('asks an index only for an order it can give: %j', (keys, columns) => {
  expect(sortColumns(keys, 'o')).toEqual(columns)
})

it.each([
  ['(o.a = 1)', ['o.b DESC'], ['a', 'b']],
  ['((o.r > 1) AND (o.a = 1))', [], ['a', 'r']],
  ['((o.r > 1) AND (o.a = 1))', ['o.b'], ['a', 'r']],
  ['((o.r > 1) AND (o.a = 1))', ['o.r', 'o.b'], ['a', 'r', 'b']],
  ['(o.a <> 1)', ['o.b'], []],
])('puts equality first, then one range or the sort: %s %j', (filter, sortKey, columns) => {
  expect(proposedColumns({ filter, sortKey, alias: 'o' })).toEqual(columns)
})

it('quotes whatever a name holds', () => {
  expect(quoteIdentifier('a"; drop table b; --')).toBe('"a""; drop table b; --"')
  expect(createIndexSql({ schema: 's', relation: 'A b', columns: ['c'], name: 'n' })).toBe(
    'CREATE INDEX CONCURRENTLY IF NOT EXISTS "n" ON "s"."A b" ("c")',
  )
})

it('keeps long names apart within 63 bytes', () => {
  const names = ['x', 'y'].map((last) => indexName('o'.repeat(60), [`${'é'.repeat(20)}${last}`]))
  expect(new Set(names).size).toBe(2)
  for (const name of names) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63)
})
