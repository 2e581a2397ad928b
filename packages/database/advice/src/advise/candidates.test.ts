import { expect, it } from 'vitest'
import { asReading } from './statements/as-reading.ts'
import { definitionOf, nameOf } from './candidate.ts'
import { candidatesOf } from './candidates.ts'
import { readShape, tableNames } from './statements/read-shape.ts'
import type { ColumnFacts, StandingIndex, TableFacts } from './statements/table-catalog.ts'

const column = (name: string, base: string, more: Partial<ColumnFacts> = {}): [string, ColumnFacts] => [
  name,
  {
    name,
    type: base,
    category: { text: 'S', bool: 'B', _text: 'A', tsrange: 'R' }[base] ?? 'N',
    base,
    nullShare: 0,
    distinct: 50_000,
    widthBytes: 8,
    correlation: 0,
    common: [],
    histogram: [],
    commonElements: [],
    ...more,
  },
]

const orders: TableFacts = {
  schema: 'shop',
  name: 'orders',
  kind: 'r',
  rows: 1_000_000,
  pages: 20_000,
  primaryKey: ['id'],
  partitions: [],
  indexes: [],
  columns: new Map([
    column('id', 'int8', { distinct: 1_000_000 }),
    column('customer_id', 'int8'),
    column('status', 'text', {
      distinct: 4,
      common: [
        { value: 'done', share: 0.97 },
        { value: 'open', share: 0.01 },
      ],
    }),
    column('placed_at', 'timestamptz', { distinct: 1_000_000, correlation: 1 }),
    column('shipped_at', 'timestamptz', { nullShare: 0.02 }),
    column('total', 'int4'),
    column('email', 'text', { widthBytes: 20 }),
    column('url', 'text', { widthBytes: 120 }),
    column('note', 'text', { widthBytes: 60 }),
    column('payload', 'jsonb', { widthBytes: 200 }),
    column('tags', '_text', { widthBytes: 60 }),
    column('during', 'tsrange', { widthBytes: 22 }),
    column('body', 'text', { widthBytes: 300 }),
    column('flagged', 'bool', {
      common: [
        { value: 'f', share: 0.99 },
        { value: 't', share: 0.01 },
      ],
    }),
  ]),
}
const customers: TableFacts = {
  ...orders,
  name: 'customers',
  rows: 100_000,
  columns: new Map([column('id', 'int8'), column('country', 'text', { distinct: 200 })]),
}

async function proposed(sql: string, standing: StandingIndex[] = []): Promise<string[]> {
  const statement = await asReading(sql)
  const known = new Map<string, TableFacts>([
    ['"shop"."orders"', { ...orders, indexes: standing }],
    ['"orders"', { ...orders, indexes: standing }],
    ['"shop"."customers"', customers],
  ])
  const recent = await asReading(
    `select id, customer_id as buyer, o.note from orders o where status = 'open'`,
  )
  const counts = await asReading(`select customer_id, count(*) as n from orders group by 1`)
  const views = new Map([
    ['"recent"', recent!.node],
    ['"counts"', counts!.node],
  ])
  expect(tableNames(statement!.node).length).toBeGreaterThan(0)
  return candidatesOf(readShape('q', statement!.node, { tables: known, views })).map((one) =>
    definitionOf(one).replace(/^ON "shop"\./, ''),
  )
}

it.each([
  [
    'equal first, then the order of a page',
    `select * from orders where customer_id = 1 order by placed_at desc limit 9`,
    `"orders" ("customer_id", "placed_at")`,
  ],
  [
    'two equal, the finer first, then a range',
    `select * from orders where status = 'done' and customer_id = 1 and total > 5`,
    `"orders" ("customer_id", "status", "total")`,
  ],
  [
    'an order of mixed directions',
    `select * from orders where customer_id = 1 order by total desc, placed_at limit 9`,
    `"orders" ("customer_id", "total" DESC, "placed_at")`,
  ],
  [
    'NULLs where the statement wants them',
    `select * from orders order by shipped_at desc nulls last limit 5`,
    `"orders" ("shipped_at" DESC NULLS LAST)`,
  ],
  [
    'columns carried along',
    `select total from orders where customer_id = 1`,
    `"orders" ("customer_id") INCLUDE ("total")`,
  ],
  [
    'a state that few rows are in',
    `select * from orders where status = 'open' order by placed_at limit 9`,
    `"orders" ("placed_at") WHERE status = 'open'`,
  ],
  [
    'rows without a value',
    `select * from orders where shipped_at is null and placed_at > '2026-01-01'`,
    `"orders" ("placed_at") WHERE shipped_at IS NULL`,
  ],
  [
    'rows with a flag',
    `select * from orders where flagged and customer_id > 7`,
    `"orders" ("customer_id") WHERE flagged`,
  ],
  [
    'an expression',
    `select * from orders o where lower(o.email) = 'ada@example.com'`,
    `"orders" ((lower(email)))`,
  ],
  [
    'a member of a document',
    `select * from orders where payload->>'device' = 'kiosk'`,
    `"orders" ((payload ->> 'device'))`,
  ],
  [
    'containment in documents',
    `select * from orders where payload @> '{"a": 1}'`,
    `"orders" USING gin ("payload" jsonb_path_ops)`,
  ],
  ['keys of documents', `select * from orders where payload ? 'coupon'`, `"orders" USING gin ("payload")`],
  [
    'a piece of text',
    `select * from orders where note ilike '%courier%'`,
    `"orders" USING gin ("note" gin_trgm_ops)`,
  ],
  [
    'a piece of an expression',
    `select * from orders where lower(note) like '%courier%'`,
    `"orders" USING gin ((lower(note)) gin_trgm_ops)`,
  ],
  [
    'the beginning of a text',
    `select * from orders where email like 'ada%'`,
    `"orders" ("email" text_pattern_ops)`,
  ],
  ['elements of arrays', `select * from orders where tags && array['a']`, `"orders" USING gin ("tags")`],
  [
    'words',
    `select * from orders where to_tsvector('english', body) @@ to_tsquery('english', 'x')`,
    `"orders" USING gin ((to_tsvector('english', body)))`,
  ],
  [
    'ranges',
    `select * from orders where during && tsrange('2026-01-01', '2026-01-02')`,
    `"orders" USING gist ("during")`,
  ],
  [
    'ranges of one owner',
    `select * from orders where customer_id = 4 and during && tsrange('2026-01-01', '2026-01-02')`,
    `"orders" USING gist ("customer_id", "during")`,
  ],
  [
    'blocks in order',
    `select sum(total) from orders where placed_at between '2026-01-01' and '2026-02-01'`,
    `"orders" USING brin ("placed_at") WITH (pages_per_range = 32)`,
  ],
  [
    'long text that is only compared',
    `select * from orders where url = 'https://example.com/a'`,
    `"orders" USING hash ("url")`,
  ],
  [
    'a join, and the order within it',
    `select * from shop.customers c cross join lateral (select * from orders o where o.customer_id = c.id order by placed_at desc limit 3) l where c.country = 'FR'`,
    `"orders" ("customer_id", "placed_at")`,
  ],
  [
    'the other side of a join',
    `select * from shop.customers c join orders o on o.customer_id = c.id where c.country = 'FR'`,
    `"orders" ("customer_id")`,
  ],
  [
    'a subquery that asks for existence',
    `select * from shop.customers c where exists (select from orders o where o.customer_id = c.id and o.status = 'open')`,
    `"orders" ("customer_id") WHERE o.status = 'open'`.replace('o.', ''),
  ],
  ['the arms of an OR', `select * from orders where email = 'a' or customer_id = 5`, `"orders" ("email")`],
  [
    'one end of an order',
    `select max(placed_at) from orders where customer_id = 3`,
    `"orders" ("customer_id", "placed_at")`,
  ],
  [
    'inside a CTE',
    `with recent as (select * from orders where customer_id = 3) select count(*) from recent`,
    `"orders" ("customer_id")`,
  ],
  [
    'what a view passes on',
    `select * from recent r where r.buyer = 7`,
    `"orders" ("customer_id") WHERE status = 'open'`,
  ],
  [
    'what a subquery passes on',
    `select * from (select o.* from orders o) s where s.total = 7`,
    `"orders" ("total")`,
  ],
  [
    'what a CTE passes on',
    `with s as (select id, total as t from orders) select * from s where email = 'x' and t = 7`,
    `"orders" ("total")`,
  ],
  [
    'what an UPDATE must find',
    `update orders set total = 1 where customer_id = 3`,
    `"orders" ("customer_id")`,
  ],
])('%s', async (_, sql, definition) => {
  expect(await proposed(sql)).toContain(definition)
})

it.each([
  ['a column compared with its own table', `select * from orders where total > id`],
  ['a value that changes with the row', `select * from orders o where o.total = o.id + 1`],
  ['an element that must be in an array', `select * from orders where 'a' = any(tags)`],
  ['a condition with a subquery in its key', `select * from orders where (select 1) = 1`],
  ['what a view counts', `select * from counts where n = 7`],
  [
    'columns of a CTE of the same name',
    `with orders as (select 1 as customer_id) select * from orders where customer_id = 1`,
  ],
])('nothing for %s', async (_, sql) => {
  expect(await proposed(sql)).toEqual([])
})

it('ties no index to a value that is only an example', async () => {
  const found = await proposed(`select * from orders where customer_id = 7 order by placed_at limit 5`)
  expect(found.filter((definition) => definition.includes('WHERE'))).toEqual([])
})

it('leaves out what an existing index does already', async () => {
  const standing = {
    name: 'x',
    method: 'btree',
    include: [],
    where: null,
    unique: false,
    needed: false,
    sizeBytes: 1,
  }
  const sql = `select * from orders where customer_id = 1 and total = 2`
  const found = await proposed(sql, [{ ...standing, keys: ['customer_id', 'total', 'placed_at'] }])
  expect(found).not.toContain(`"orders" ("customer_id", "total")`)
  expect(found).not.toContain(`"orders" ("customer_id")`)
  const partial = await proposed(sql, [{ ...standing, keys: ['customer_id', 'total'], where: '(total > 5)' }])
  expect(partial).toContain(`"orders" ("customer_id", "total")`)
})

it('knows what an index would find too much of', async () => {
  const shares = async (sql: string) => {
    const statement = await asReading(sql)
    const uses = readShape('q', statement!.node, {
      tables: new Map([['"orders"', orders]]),
      views: new Map(),
    })
    return candidatesOf(uses).map((one) => [nameOf(one), one.share])
  }
  expect(await shares(`select note from orders where status = 'done' and total < 7`)).toEqual(
    expect.arrayContaining([
      ['orders_status_idx', 0.97],
      ['orders_status_total_idx', undefined],
    ]),
  )
  expect(await shares(`select note from orders where lower(email) = 'x'`)).toEqual([
    ['orders_lower_email_idx', undefined],
  ])
  expect(await shares(`select note from orders where status = 'done' order by total limit 9`)).toContainEqual(
    ['orders_status_idx', undefined],
  )
})

it('names an index by what it is, within what PostgreSQL keeps', async () => {
  const statement = await asReading(`select total from orders where status = 'open' and lower(email) = 'x'`)
  const uses = readShape('q', statement!.node, { tables: new Map([['"orders"', orders]]), views: new Map() })
  const names = candidatesOf(uses).map(nameOf)
  expect(names).toContain('orders_lower_email_where_status_open_idx')
  expect(names.every((name) => Buffer.byteLength(name) <= 63)).toBe(true)
  expect(new Set(names).size).toBe(names.length)
})

it('keeps the reason of each statement for one index, and proposes none for the record of a migration tool', async () => {
  const shape = async (sql: string, id: string, table: TableFacts) => {
    const form = (await asReading(sql))!
    const tables = new Map([[tableNames(form.node)[0]!, table]])
    return readShape(id, form.node, { tables, views: new Map() })
  }
  const uses = [
    ...(await shape('select * from shop.orders where customer_id = 5', 'a', orders)),
    ...(await shape('select * from shop.orders where customer_id = 5 and customer_id < 9', 'b', orders)),
  ]
  const one = candidatesOf(uses).find(({ keys, include }) => keys.length === 1 && include.length === 0)
  expect([...(one?.reasons?.keys() ?? [])].toSorted()).toEqual(['a', 'b'])
  const record = { ...orders, name: 'knex_migrations' }
  expect(
    candidatesOf(await shape('select * from shop.knex_migrations where customer_id = 5', 'a', record)),
  ).toEqual([])
})
