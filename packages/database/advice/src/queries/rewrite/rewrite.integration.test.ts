import { describe, expect, it, onTestFinished } from 'vitest'
import type { ExplainedQuery } from '../explain-query.ts'
import { ownSales } from '../../../testing/sales.ts'

const sales = ownSales()
const { explain } = sales

/** Statements whose rewrite must give the same rows, NULLs and empty tables included. */
const OFFERED: [rule: string, sql: string, contains: string][] = [
  ['function-on-column', `select * from orders where placed::date = '2024-03-01'`, 'placed >='],
  ['function-on-column', `select * from orders where date(shipped) >= '2024-12-01'`, 'shipped >='],
  ['function-on-column', `select * from orders where '2024-02-03' > placed::date`, 'placed <'],
  [
    'function-on-column',
    `select id from orders where date_trunc('month', shipped) = '2024-03-01'`,
    'shipped <',
  ],
  [
    'function-on-column',
    `select count(*) from orders where extract(year from placed) = 2025`,
    'make_date(2026',
  ],
  [
    'function-on-column',
    `select count(*) from customers where date_part('year', joined) > 2021`,
    'joined >=',
  ],
  ['function-on-column', `select id from orders where to_char(placed, 'YYYY-MM') = '2024-05'`, '2024-05-01'],
  ['function-on-column', `select id from orders where priority + 1 = 4`, 'priority = 3'],
  ['function-on-column', `select id from orders where coalesce(referrer, 0) = 5`, 'referrer = 5'],
  ['function-on-column', `select id from orders where coalesce(referrer, 0) = 0`, 'referrer IS NULL'],
  ['function-on-column', `select * from orders where id::text = '77'`, 'bigint'],
  ['implicit-cast', `select * from orders where id = 77.0`, 'id = 77'],
  ['implicit-cast', `select * from customers where code = '00007'::text`, `code = '00007'`],
  [
    'not-in',
    `select id from customers where id not in (select customer from orders where customer < 9)`,
    'NOT (EXISTS',
  ],
  [
    'not-in',
    `select id from customers c where c.id not in (select o.referrer from orders o where o.referrer is not null)`,
    'NOT (EXISTS',
  ],
  ['or-across-columns', `select id from orders where customer = 7 or priority = 3`, 'UNION ALL'],
  [
    'or-across-columns',
    `select id, placed from orders where (shipped > '2025-01-01' or referrer = 3) and total > 5 order by placed, id limit 10`,
    'UNION ALL',
  ],
  [
    'or-across-columns',
    `select o.*, c.region as area from orders o join customers c on c.id = o.customer where o.total = 5 or c.company = 'C7' order by c.region, o.id desc limit 9`,
    'ORDER BY area, id DESC',
  ],
  [
    'correlated-subquery',
    `select c.*, (select count(*) from orders o where o.customer = c.id) n from customers c`,
    'LEFT JOIN',
  ],
  [
    'correlated-subquery',
    `select c.id, (select max(o.total) from orders o where o.customer = c.id and o.priority = 1) from customers c where c.id < 50`,
    'LEFT JOIN',
  ],
  [
    'aggregated-after-join',
    `select c.id, c.company, count(*), sum(o.total) as spent from customers c join orders o on o.customer = c.id where o.status <> 's3' and c.region = 'r1' group by c.id, c.company order by sum(o.total) desc, c.id limit 20`,
    'CROSS JOIN (SELECT',
  ],
  [
    'aggregated-after-join',
    `select c.id, c.company, max(o.total) filter (where o.priority = 1) + 1 from orders o, customers c where o.customer = c.id group by c.company, c.id, 1`,
    'CROSS JOIN (SELECT',
  ],
  [
    'aggregated-after-join',
    `select c.id, count(*)::int from customers c join orders o on o.customer = c.id group by c.id order by count desc, c.id limit 9`,
    'AS count FROM',
  ],
  [
    'correlated-subquery',
    `select c.id, (select count(*) as visits from orders o where o.customer = c.id) from customers c order by visits, c.id`,
    'AS visits',
  ],
  [
    'offset-paging',
    `select id, placed from orders order by placed limit 10 offset 500`,
    '(placed, orders.id) >',
  ],
  ['offset-paging', `select * from orders o order by o.placed desc, o.id desc limit 3 offset 40`, '<'],
  ['offset-paging', `select * from orders where status = 's3' order by id limit 10 offset 20`, 'id > '],
  [
    'cte-fence',
    `with o as materialized (select * from orders) select * from o where id = 5`,
    'NOT MATERIALIZED',
  ],
]

/** Statements that look the same and are not. */
const NOT_OFFERED: [why: string, sql: string][] = [
  [
    'a NULL in the subquery empties the answer',
    `select id from customers where id not in (select referrer from orders)`,
  ],
  [
    'the outer side may be NULL',
    `select id from orders where referrer not in (select id from customers where id < 5)`,
  ],
  [
    'a NULL may come, where the sample has no row that counts',
    `select id from customers where id not in (select priority from orders where kind = 'k39')`,
  ],
  [
    'an outer join makes NULLs of what is NOT NULL',
    `select id from customers where id not in (select c.id from orders o left join customers c on c.id = o.priority where o.kind = 'k39')`,
  ],
  [
    'a WITH query replaces the table',
    `with customers as (select priority as id from sales.orders where kind = 'k39') select id from orders where id not in (select id from customers)`,
  ],
  [
    'an alias renames the columns',
    `select id from customers where id not in (select customer from orders o(a, b, c, d, e, f, g, h, customer) where e = 's39')`,
  ],
  ['a fraction was never equal', 'select id from orders where id = 77.5'],
  ['padding was never equal', `select id from customers where code = '7 '::text`],
  ['leading zeros were never equal', `select id from orders where id::text = '077'`],
  ['the sort key may be NULL', 'select id from orders order by shipped limit 10 offset 500'],
  [
    'a group is not a row',
    'select c.region, count(*) from customers c join orders o on o.customer = c.id group by c.region',
  ],
  [
    'sums are of both sides',
    'select c.id, sum(o.total + c.id) from customers c join orders o on o.customer = c.id group by c.id',
  ],
  [
    'the join is an outer one',
    'select c.id, count(*) from customers c left join orders o on o.customer = c.id group by c.id',
  ],
  [
    'the order is by a column of another table',
    `select o.id from orders o join customers c on c.id = o.customer where o.total = 5 or c.company = 'C7' order by c.id`,
  ],
  [
    'the order is by a column that a star does not give',
    `select o.* from orders o join customers c on c.id = o.customer where o.total = 5 or c.company = 'C7' order by c.id`,
  ],
  [
    'the order is by a column that a join has merged',
    `select * from orders o left join customers c using (id) where o.total = 5 or c.region = 'r1' order by c.id`,
  ],
  [
    'the order is by what the answer gives in another form',
    `select lower(company) as company from customers c where id < 5 or region = 'r1' order by c.company`,
  ],
  [
    'rows that are equal at the end come too',
    `select id, placed from orders where customer = 7 or kind = 'k30' order by placed fetch first 3 rows with ties`,
  ],
  [
    'rows that are equal at the end of a page come too',
    'select id from orders order by placed offset 500 fetch first 3 rows with ties',
  ],
  [
    'a page is of what the answer gives in another form',
    'select lower(company) as company from customers order by company limit 10 offset 500',
  ],
  [
    'a page is by the text of its key',
    'select id::text from orders where id > 10000 and id < 20000 order by id limit 10 offset 500',
  ],
  ['two directions', 'select id from orders order by placed, customer desc limit 10 offset 500'],
  [
    'rows of two tables have no common key',
    'select c.id from customers c join orders o on o.customer = c.id where c.id < 50 order by c.id limit 10 offset 5',
  ],
  ['it changes with every run', 'select id, random() from orders where placed::date = current_date'],
  ['one column needs no union', `select id from orders where priority = 1 or priority = 2`],
  [
    'an aggregate over the union is another one',
    `select count(*) from orders where customer = 7 or priority = 3`,
  ],
]

describe('another form', () => {
  it.each(OFFERED)('%s: %s', async (rule, sql, contains) => {
    const { rewrites } = await explain(sql)
    const rewrite = rewrites.find((one) => one.rule === rule)
    expect(rewrite).toMatchObject({
      sameRows: true,
      proof: { same: true, compared: rule === 'offset-paging' ? ['data'] : ['data', 'nulls', 'empty'] },
    })
    expect(rewrite?.sql).toContain(contains)
    expect(rewrite?.gain?.afterMs).toBeGreaterThanOrEqual(0)
  })

  it.each(NOT_OFFERED)('is not offered where %s: %s', async (_, sql) => {
    expect((await explain(sql)).rewrites).toEqual([])
  })

  it('of a bare count is an estimate, and is called one', async () => {
    const { rewrites } = await explain('select count(*) from orders')
    expect(rewrites).toMatchObject([{ rule: 'count-estimate', sameRows: false, proof: null }])
    expect(rewrites[0]?.note).toContain('not the count')
  })
})

describe('a form of a statement that was cut off', () => {
  const slow = async (key: string, value: string): Promise<ExplainedQuery> => {
    await sales.pool.query(`create table guests (id ${key} primary key); create table visits (guest ${key});
      insert into guests select ${value} from generate_series(1, 3000) i;
      insert into visits select id from guests, generate_series(1, 20)`)
    onTestFinished(async () => void (await sales.pool.query('drop table guests, visits')))
    return explain('select g.id, (select count(*) from visits v where v.guest = g.id) from guests g', 400)
  }

  it('is compared on rows with NULLs whatever its keys are of', async () => {
    const { rewrites } = await slow('uuid', 'md5(i::text)::uuid')
    expect(rewrites).toMatchObject([
      { rule: 'correlated-subquery', proof: { rows: null, compared: ['nulls', 'empty'] } },
    ])
  })

  it('is not offered where nothing but empty tables could be compared', async () => {
    const { executionMs, rewrites } = await slow('inet', `'10.0.0.0'::inet + i`)
    expect(executionMs).toBeNull()
    expect(rewrites).toEqual([])
  })

  it.each([
    ['', ''],
    [' and that is not validated', 'alter table b add constraint known not null y not valid;'],
  ])('is not offered for NOT IN over a column with a NULL that no sample meets%s', async (_, constraint) => {
    await sales.pool
      .query(`create table a (id uuid primary key, x int not null); create table b (id uuid primary key, y int);
      insert into a select gen_random_uuid(), -i from generate_series(1, 2000) i;
      insert into b select lpad(i::text, 32, '0')::uuid, nullif(i, 300000) from generate_series(1, 300000) i;
      ${constraint} analyze a, b`)
    onTestFinished(async () => void (await sales.pool.query('drop table a, b')))
    const { executionMs, rewrites } = await explain('select * from a where x not in (select y from b)', 400)
    expect(executionMs).toBeNull()
    expect(rewrites).toEqual([])
  })
})
