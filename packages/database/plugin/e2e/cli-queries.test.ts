import { connectPool, createDatabase, ensureEmbeddedServer } from '@esa/pg-server'
import type { Finding } from '@esa/database-catalog/sql'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EsaHome, type Problem } from '@esa/test/testing'

/** A trading company's database, in a schema of its own, with names that have to be quoted. */
const TRADERS = `create schema trade; set search_path = trade;
create table "Suppliers" (id int primary key, "Company Name" text not null, phone text);
create table products (id int primary key, supplier int references "Suppliers", name text not null, price numeric(8, 2), discontinued boolean not null default false);
create table customers (code char(5) primary key, company text not null, email text, country text);
create table orders (id bigint primary key, customer char(5) not null references customers, ordered timestamptz not null, freight numeric(8, 2));
create table "Order Details" (order_id bigint references orders, product int references products, quantity int not null, primary key (order_id, product));
insert into "Suppliers" select i, 'Supplier ' || i, null from generate_series(1, 30) i;
insert into products select i, 1 + i % 30, 'Product ' || i, i, i % 9 = 0 from generate_series(1, 200) i;
insert into customers select lpad(i::text, 5, 'C'), 'Company ' || i, 'Info' || i || '@trade.example', 'L' || i % 20 from generate_series(1, 900) i;
insert into orders select i, lpad((1 + i % 900)::text, 5, 'C'), timestamptz '2024-01-01' + i * interval '9 min', i % 500 from generate_series(1, 40000) i;
insert into "Order Details" select 1 + i % 40000, 1 + (i * 7) % 200, i % 10 + 1 from generate_series(1, 60000) i on conflict do nothing;
create index orders_ordered on orders (ordered); create index orders_customer on orders (customer);
create index orders_customer_ordered on orders (customer, ordered); create index customers_email on customers (email);`

let esa: EsaHome
let pool: Pool
let target: NodeJS.ProcessEnv
const TARGET = ['--target', 'env:TRADE_URL']

beforeAll(async () => {
  esa = await EsaHome.create()
  const { adminUrl } = await ensureEmbeddedServer({ home: esa.home })
  const url = await createDatabase(adminUrl, 'trade')
  target = { TRADE_URL: url }
  pool = await connectPool(url, { max: 1 })
  await pool.query(TRADERS)
  await pool.query('analyze')
  await pool.query('create extension pg_stat_statements schema public')
})

afterAll(async () => {
  await pool.end()
  // The server that rehearsals had is of the same home.
  await esa.remove()
})

interface Answer {
  findings: Finding[]
  executionMs: number
  rewrites: { rule: string; sql: string }[]
}

async function ask<T>(...args: string[]): Promise<T> {
  const { stdout, stderr, code } = await esa.run(['db', ...args], target)
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`)
  return JSON.parse(stdout) as T
}

const explain = (sql: string): Promise<Answer> => ask<Answer>('explain', ...TARGET, '--json', '--', sql)

describe('esa db explain', () => {
  it('finds what is slow, and says what its fix was worth where it was tried', async () => {
    const { findings } = await explain(
      `select count(*) from trade.orders o join trade."Order Details" d on d.order_id = o.id where d.quantity = 3 and d.product = 5 and o.freight = 77`,
    )
    const scan = findings.find(({ kind }) => kind === 'seq-scan-with-selective-filter')
    expect(scan).toMatchObject({
      severity: 'warning',
      fix: expect.stringContaining('CREATE INDEX CONCURRENTLY'),
    })
    expect(scan?.evidence).toMatchObject({ trial: { where: 'copy', runs: 3 } })
  })

  it('offers another form only with a proof', async () => {
    const { findings, rewrites } = await explain(
      `select * from trade.orders where ordered::date = '2024-05-05'`,
    )
    expect(rewrites).toMatchObject([{ rule: 'function-on-column', sameRows: true, proof: { rows: 160 } }])
    expect(findings.find(({ kind }) => kind === 'function-on-column')?.fix).toBe(rewrites[0]?.sql)
  })

  it('takes SQL that begins with a dash behind --', async () => {
    expect(await explain('-- how many\nselect count(*) from trade.customers')).toMatchObject({ findings: [] })
  })

  it.each([
    'delete from trade.orders',
    'select 1; delete from trade.orders',
    `select setval(pg_get_serial_sequence('trade.orders', 'id')::regclass, 1)`,
    'select pg_terminate_backend(1)',
    'explain analyze delete from trade.orders',
    'with d as (delete from trade.orders returning 1) select * from d',
    'select * from trade.orders for update',
    'do $$ begin end $$',
    `select lo_unlink(1)`,
    '( delete from trade.orders )',
    '',
  ])('executes nothing of %j: exit 5', async (sql) => {
    const { code, stdout, stderr } = await esa.run(['db', 'explain', ...TARGET, '--json', '--', sql], target)
    const problem = JSON.parse(stderr) as Problem
    expect([code, stdout, problem.code]).toEqual([5, '', 'sql.not-a-read'])
    expect(problem.message.length).toBeGreaterThan(10)
  })

  it('says where SQL is wrong, what is not there, and who is away', async () => {
    const run = async (url: string, sql: string): Promise<(number | string | null)[]> => {
      const { code, stderr } = await esa.run(['db', 'explain', '--target', 'env:U', '--json', '--', sql], {
        U: url,
      })
      return [code, (JSON.parse(stderr) as Problem).code]
    }
    expect(await run(target['TRADE_URL']!, 'select frm x y z')).toEqual([5, 'sql.not-a-read'])
    expect(await run(target['TRADE_URL']!, 'select * from nowhere')).toEqual([2, 'database.schema'])
    expect(await run('postgres://a@127.0.0.1:1/x', 'select 1')).toEqual([7, 'database.unreachable'])
  })
})

describe('esa db queries', () => {
  it('finds the loop, and says that its percentile is none', async () => {
    await pool.query('select public.pg_stat_statements_reset()')
    for (const { customer } of (await pool.query('select id, customer from trade.orders limit 600')).rows)
      await pool.query('select company from trade.customers where code = $1', [customer])
    const { findings, queries, method } = await ask<
      Answer & { queries: { query: string; calls: number }[]; method: string }
    >('queries', ...TARGET, '--json')
    expect(findings.find(({ kind }) => kind === 'n-plus-one')).toMatchObject({
      severity: 'warning',
      message: expect.stringContaining('600 times'),
      evidence: { calls: 600, rowsPerCall: 1, parent: expect.any(String) },
    })
    expect(queries.find(({ query }) => query.includes('company'))).toMatchObject({ calls: 600 })
    expect(method).toContain('it keeps no percentiles')
    const { stdout } = await esa.run(['db', 'queries', ...TARGET], target)
    expect(stdout).toMatch(/TOTAL +SHARE +CALLS/)
  })

  it('without the extension says why and how, and shows what was running', async () => {
    await pool.query('drop extension pg_stat_statements')
    const { findings } = await ask<Answer>('queries', ...TARGET, '--window', '300ms', '--json')
    expect(findings).toMatchObject([
      { kind: 'not-measurable', fix: expect.stringContaining('CREATE EXTENSION') },
    ])
  })
})

it('esa db indexes review names what can go, and what it could not judge', async () => {
  const answer = await ask<Answer & { notJudged: string[] }>('indexes', 'review', ...TARGET, '--json')
  expect(answer.findings).toMatchObject([
    {
      kind: 'overlapping',
      index: 'trade.orders_customer',
      because: expect.stringContaining('orders_customer_ordered'),
      ddl: 'DROP INDEX CONCURRENTLY "trade"."orders_customer"',
    },
  ])
  expect(answer.notJudged.join()).toContain('unused')
})

it('esa db grants prints SQL that runs, and runs nothing', async () => {
  const { roles, sql } = await ask<{ roles: object[]; sql: string }>(
    'grants',
    ...TARGET,
    '--schemas',
    'trade',
    '--json',
  )
  expect(roles).toHaveLength(3)
  expect((await pool.query(`select from pg_roles where rolname like 'esa_analyst'`)).rows).toEqual([])
  const text = await esa.run(['db', 'grants', ...TARGET, '--schemas', 'trade'], target)
  expect(text.stdout.trim()).toBe(sql.trim())
  const refused = await esa.run(['db', 'grants', ...TARGET, '--schemas', 'nowhere'], target)
  expect([refused.code, refused.stdout]).toEqual([2, ''])
})
