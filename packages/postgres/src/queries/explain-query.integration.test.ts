import { connectPool, createDatabase } from '@esa/pg-server'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ownServer } from '../own-server.fixture.ts'
import type { Queryable } from '../queryable.ts'
import { type ExplainedQuery, explainQuery } from './explain-query.ts'

const server = ownServer()
let pool: Pool

const SCHEMA = `create schema sales; set search_path = sales;
create table customers (id int primary key, company text not null, email varchar(80), region text, code char(6), joined date not null);
create table orders (id bigint primary key, customer int not null references customers, placed timestamptz not null,
  shipped timestamp, status text not null, kind text not null, total numeric(10, 2), referrer int, priority int);
insert into customers select i, 'C' || i, 'User' || i || '@example.com', case when i % 50 = 0 then null else 'r' || i % 7 end,
  lpad((i % 900)::text, 5, '0'), date '2020-01-01' + i % 900 from generate_series(1, 3000) i;
insert into orders select i, 1 + (i * 7) % 3000, timestamptz '2024-01-01 00:00+00' + i * interval '11 min',
  case when i % 10 = 0 then null else timestamp '2024-01-02' + i * interval '11 min' end, 's' || i % 40, 'k' || i % 40, i % 1000,
  case when i % 50 = 0 then null else i % 90 end, i % 5 from generate_series(1, 60000) i;
create index on orders (placed); create index on orders (shipped); create index on customers (email); create index on customers (joined);
create index on orders (customer); create index on customers (code); create index on orders (priority);`

beforeAll(async () => {
  const { adminUrl } = server
  pool = await connectPool(await createDatabase(adminUrl, 'explained'))
  await pool.query(SCHEMA)
  await pool.query('analyze')
  await pool.query('alter database explained set search_path = sales')
  // What is tried must not depend on how many workers this machine has.
  await pool.query('alter database explained set max_parallel_workers_per_gather = 0')
  await pool.end()
  pool = await connectPool(await createDatabase(adminUrl, 'explained'), { max: 3 })
})

afterAll(async () => {
  await pool?.end()
})

const onCopy = async <T>(work: (copy: Queryable) => Promise<T>): Promise<T> => {
  const session = await pool.connect()
  try {
    return await work(session)
  } finally {
    session.release()
  }
}

const explain = (sql: string, timeoutMs = 20_000): Promise<ExplainedQuery> =>
  explainQuery(pool, sql, { timeoutMs })
const kinds = ({ findings }: ExplainedQuery): string[] => findings.map(({ kind }) => kind)

describe('a plan', () => {
  it.each([
    ['seq-scan-with-selective-filter', `select * from orders where kind = 'k3' and total = 3`],
    ['function-on-column', `select * from orders where placed::date = '2024-03-01'`],
    ['function-on-column', `select * from customers where lower(email) = 'user7@example.com'`],
    ['implicit-cast', `select * from orders where priority = 3.0`],
    ['implicit-cast', `select * from customers where code = '00007'::text`],
    ['leading-wildcard', `select * from customers where company ilike '%c77%'`],
    ['prefix-pattern', `select * from customers where company like 'C77%'`],
    ['offset-paging', `select * from orders order by placed limit 5 offset 20000`],
    ['sort-spilled', `select * from orders order by kind, total, status`],
    ['misestimate', `select * from orders where status = 's3' and kind = 'k3'`],
    [
      'correlated-subquery',
      `select (select count(*) from orders o where o.customer = c.id) from customers c`,
    ],
    [
      'not-in',
      `select * from customers where id not in (select referrer from orders where referrer is not null)`,
    ],
    ['cte-fence', `with o as materialized (select * from orders) select * from o where id = 5`],
    ['too-many-rows', 'select * from orders'],
    [
      'filter-after-index',
      `select * from orders where status = 's3' and kind = 'k4' order by placed limit 1`,
    ],
    [
      'nested-loop-blowup',
      `select count(*) from orders a join customers c on a.total < c.id where a.status = 's3' and a.kind = 'k3' and c.id <= 1200`,
    ],
  ])('gives away %s: %s', async (kind, sql) => {
    const answer = await explain(sql)
    expect(kinds(answer)).toContain(kind)
    const found = answer.findings.find((one) => one.kind === kind)!
    expect(found.fix ?? '').not.toBe('')
    expect(Object.keys(found.evidence).length).toBeGreaterThan(0)
  })

  it.each([
    'select * from orders where id = 5',
    `select * from orders where placed >= '2024-03-01' and placed < '2024-03-02'`,
    `select * from customers where email = 'User7@example.com'`,
    'select count(*) from customers',
    'select * from orders order by placed limit 5',
    `select * from orders where customer = 7 order by id`,
    `select o.id from orders o join customers c on c.id = o.customer where c.id = 9`,
    'select region, count(*) from customers group by region',
    'select * from customers where joined > current_date',
    `select * from customers where id in (1, 2, 3)`,
  ])('has no fault where there is none: %s', async (sql) => {
    expect(kinds(await explain(sql))).toEqual([])
  })
})

describe('a fix', () => {
  it('in settings is tried on the target, and changes nothing there', async () => {
    const { findings } = await explain('select * from orders order by kind, total, status')
    const spilled = findings.find(({ kind }) => kind === 'sort-spilled')
    expect(spilled?.evidence['trial']).toMatchObject({
      where: 'target',
      beforeMs: expect.any(Number),
      afterMs: expect.any(Number),
    })
    const { rows } = await pool.query('show work_mem')
    expect(rows).toEqual([{ work_mem: '4MB' }])
  })

  it('that has to be built is tried on a copy, and taken back there', async () => {
    // The same database stands for its copy: what was tried must be gone.
    const sql = `select count(*) from generate_series(1, 9) g,
      lateral (select from orders where kind = 'k3' and total = 3 + 0 * g offset 0) x`
    const { findings } = await explainQuery(pool, sql, {
      timeoutMs: 20_000,
      onCopy,
    })
    const scan = findings.find(({ kind }) => kind === 'seq-scan-with-selective-filter')
    expect(scan?.fix).toContain('CREATE INDEX CONCURRENTLY')
    const trial = scan?.evidence['trial'] as { where: string; beforeMs: number; afterMs: number }
    expect(trial.where).toBe('copy')
    expect(trial.afterMs).toBeLessThan(trial.beforeMs)
    const { rows } = await pool.query(`select count(*) from pg_indexes where tablename = 'orders'`)
    expect(rows).toEqual([{ count: 5 }])
    const { rows: statistics } = await pool.query('select from pg_statistic_ext')
    expect(statistics).toEqual([])
  })

  it.each([
    [`doc @> '{"n": 7}'`, 'USING gin ("doc" jsonb_path_ops)'],
    [`tags && array['t7']`, 'USING gin ("tags")'],
    [`during && daterange('2024-03-01', '2024-03-02')`, 'USING gist ("during")'],
    [`words @@ 'w7'`, 'USING gin ("words")'],
  ])('is an index of another kind where that is what %s asks for, and is tried', async (condition, index) => {
    await pool.query(`create table notes as select i as id, jsonb_build_object('n', i % 2000) as doc, array['t' || i % 2000] as tags,
      daterange(date '2000-01-01' + i, date '2000-01-01' + i + 2) as during, to_tsvector('w' || i % 2000) as words
      from generate_series(1, 40000) i; analyze notes`)
    onTestFinished(async () => void (await pool.query('drop table notes')))
    const { findings } = await explainQuery(pool, `select id from notes where ${condition}`, {
      timeoutMs: 20_000,
      onCopy,
    })
    const scan = findings.find(({ kind }) => kind === 'seq-scan-with-selective-filter')
    expect(scan?.fix).toContain(index)
    const trial = scan?.evidence['trial'] as { beforeMs: number; afterMs: number }
    expect(trial.afterMs).toBeLessThan(trial.beforeMs)
  })

  it('of a statement that was cut off is still offered', async () => {
    await pool.query('create table unlinked as select id, customer from orders')
    const sql = 'select c.id, (select count(*) from unlinked o where o.customer = c.id) as n from customers c'
    const answer = await explain(sql, 400)
    expect(answer.executionMs).toBeNull()
    expect(kinds(answer)).toEqual(['cut-off', 'correlated-subquery'])
    expect(answer.rewrites).toMatchObject([
      { rule: 'correlated-subquery', sameRows: true, proof: { rows: null, compared: ['nulls', 'empty'] } },
    ])
    await pool.query('drop table unlinked')
  })
})

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
  ['a fraction was never equal', 'select id from orders where id = 77.5'],
  ['padding was never equal', `select id from customers where code = '7 '::text`],
  ['leading zeros were never equal', `select id from orders where id::text = '077'`],
  ['the sort key may be NULL', 'select id from orders order by shipped limit 10 offset 500'],
  [
    'a group is no row',
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

it('executes nothing that the guard refuses', async () => {
  await expect(explain(`select pg_advisory_lock(1)`)).rejects.toMatchObject({ code: 'sql.not-a-read' })
  await expect(explain('select * from orders where id = $1')).rejects.toMatchObject({
    code: 'sql.parameters',
  })
  await expect(explain('delete from orders')).rejects.toMatchObject({ code: 'sql.not-a-read' })
  const { rows } = await pool.query(`select count(*) from pg_locks where locktype = 'advisory'`)
  expect(rows).toEqual([{ count: 0 }])
})
