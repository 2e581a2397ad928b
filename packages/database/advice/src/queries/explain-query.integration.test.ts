import { describe, expect, it, onTestFinished } from 'vitest'
import { ON_COPY } from '@esa/database-catalog/guard'
import type { Queryable } from '@esa/database-catalog/sql'
import { type ExplainedQuery, explainQuery } from './explain-query.ts'
import { ownSales } from '../../testing/sales.ts'

const sales = ownSales()
const { explain } = sales

const onCopy = async <T>(work: (copy: Queryable) => Promise<T>): Promise<T> => {
  const session = await sales.pool.connect()
  try {
    return await work(session)
  } finally {
    session.release()
  }
}

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

it('is that of the statement inside, when an EXPLAIN is given', async () => {
  const answer = await explain('explain (analyze, buffers) select * from orders where id = 5')
  expect([answer.statement, kinds(answer)]).toEqual(['select * from orders where id = 5', []])
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
    const { rows } = await sales.pool.query('show work_mem')
    expect(rows).toEqual([{ work_mem: '4MB' }])
  })

  it('that has to be built is tried on a copy, and taken back there', async () => {
    // The same database serves as its copy: what was tried must be gone.
    const sql = `select count(*) from generate_series(1, 9) g,
      lateral (select from orders where kind = 'k3' and total = 3 + 0 * g offset 0) x`
    const { findings } = await explainQuery(sales.pool, sql, {
      timeoutMs: 20_000,
      terms: ON_COPY,
      onCopy,
    })
    const scan = findings.find(({ kind }) => kind === 'seq-scan-with-selective-filter')
    expect(scan?.fix).toContain('CREATE INDEX CONCURRENTLY')
    const trial = scan?.evidence['trial'] as { where: string; beforeMs: number; afterMs: number }
    expect(trial.where).toBe('copy')
    expect(trial.afterMs).toBeLessThan(trial.beforeMs)
    const { rows } = await sales.pool.query(`select count(*) from pg_indexes where tablename = 'orders'`)
    expect(rows).toEqual([{ count: 5 }])
    const { rows: statistics } = await sales.pool.query('select from pg_statistic_ext')
    expect(statistics).toEqual([])
  })

  it.each([
    [`doc @> '{"n": 7}'`, 'USING gin ("doc" jsonb_path_ops)'],
    [`tags && array['t7']`, 'USING gin ("tags")'],
    [`during && daterange('2024-03-01', '2024-03-02')`, 'USING gist ("during")'],
    [`words @@ 'w7'`, 'USING gin ("words")'],
  ])('is an index of another kind where that is what %s asks for, and is tried', async (condition, index) => {
    await sales.pool
      .query(`create table notes as select i as id, jsonb_build_object('n', i % 2000) as doc, array['t' || i % 2000] as tags,
      daterange(date '2000-01-01' + i, date '2000-01-01' + i + 2) as during, to_tsvector('w' || i % 2000) as words
      from generate_series(1, 40000) i; analyze notes`)
    onTestFinished(async () => void (await sales.pool.query('drop table notes')))
    const { findings } = await explainQuery(sales.pool, `select id from notes where ${condition}`, {
      timeoutMs: 20_000,
      terms: ON_COPY,
      onCopy,
    })
    const scan = findings.find(({ kind }) => kind === 'seq-scan-with-selective-filter')
    expect(scan?.fix).toContain(index)
    const trial = scan?.evidence['trial'] as { beforeMs: number; afterMs: number }
    expect(trial.afterMs).toBeLessThan(trial.beforeMs)
  })

  it('of a statement that was cut off is still offered', async () => {
    await sales.pool.query('create table unlinked as select id, customer from orders')
    const sql = 'select c.id, (select count(*) from unlinked o where o.customer = c.id) as n from customers c'
    const answer = await explain(sql, 400)
    expect(answer.executionMs).toBeNull()
    expect(kinds(answer)).toEqual(['cut-off', 'correlated-subquery'])
    expect(answer.rewrites).toMatchObject([
      { rule: 'correlated-subquery', sameRows: true, proof: { rows: null, compared: ['nulls', 'empty'] } },
    ])
    await sales.pool.query('drop table unlinked')
  })
})

it('executes nothing that the guard refuses', async () => {
  await expect(explain(`select pg_advisory_lock(1)`)).rejects.toMatchObject({ code: 'sql.not-a-read' })
  await expect(explain('select * from orders where id = $1')).rejects.toMatchObject({
    code: 'sql.parameters',
  })
  await expect(explain('explain analyze delete from orders')).rejects.toMatchObject({
    code: 'sql.not-a-read',
  })
  await expect(explain('delete from orders')).rejects.toMatchObject({ code: 'sql.not-a-read' })
  const { rows } = await sales.pool.query(`select count(*) from pg_locks where locktype = 'advisory'`)
  expect(rows).toEqual([{ count: 0 }])
})
