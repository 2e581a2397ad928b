import { connectPool, createDatabase, withDatabase } from '@esa/pg-server'
import type { Pool } from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import { normalizeDatabase } from './normalize-database.ts'
import { RANDOM, type SampleSchema, WELL_NORMALISED, WIDE } from '../../../testing/sample-schemas.ts'

const server = ownServer()

async function within<T>({ name, sql }: SampleSchema, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = await connectPool(await createDatabase(server.adminUrl, name))
  try {
    await pool.query(sql)
    return await work(pool)
  } finally {
    await pool.end()
  }
}

const asText = (tables: Awaited<ReturnType<typeof normalizeDatabase>>['tables']): string[] =>
  tables.flatMap(({ violations }) =>
    violations.map(({ determinant, dependents }) => `${determinant.join(', ')} -> ${dependents.join(', ')}`),
  )

describe('the score', () => {
  it.each(WELL_NORMALISED)('of the well normalised $name is above 90', async (schema) => {
    const { score } = await within(schema, (pool) => normalizeDatabase(pool))
    expect(score).toBeGreaterThan(90)
  })

  it.each(WIDE)('of $name is below 90', async (schema) => {
    const { score } = await within(schema, (pool) => normalizeDatabase(pool))
    expect(score).toBeLessThan(90)
  })

  it('of columns that have nothing to do with each other is 100, and nothing is found', async () => {
    const { score, findings } = await within(RANDOM, (pool) => normalizeDatabase(pool))
    expect({ score, findings }).toEqual({ score: 100, findings: [] })
  })
})

describe('orders in one wide table', () => {
  let wide: Pool
  beforeAll(async () => {
    wide = await server.database('split', WIDE[0]!.sql)
  })

  it('are split by what each column is a fact of; what is computed is said and not scored', async () => {
    const { tables, findings } = await normalizeDatabase(wide)
    expect(asText(tables)).toEqual([
      'order_no -> order_date, customer_email',
      'product_sku -> product_name, category, supplier, unit_price',
      'customer_email -> customer_name, customer_city',
      'customer_city -> customer_country',
      'supplier -> supplier_phone',
    ])
    // Nothing of the rows themselves is in an answer.
    expect(JSON.stringify(tables)).not.toMatch(/Customer 1|Product 1/)
    expect(tables[0]!.derived).toEqual([
      { column: 'total', formula: '"unit_price" * "quantity" * (1 - "discount")' },
      { column: 'order_year', formula: 'extract(year from "order_date")' },
    ])
    expect(findings.map(({ kind }) => kind).filter((kind) => kind === 'functional-dependency')).toHaveLength(
      5,
    )
  })

  it('come back row by row, and the DDL that is proposed keeps every fact', async () => {
    const pool = wide
    const { proposal } = (await normalizeDatabase(pool)).tables[0]!
    expect(proposal!.lossless).toEqual({ proven: true, rows: 4_000, rejoined: 4_000, missing: 0 })
    await pool.query('create table before as table orders')
    for (const statement of proposal!.ddl) await pool.query(statement)
    const { rows } = await pool.query(
      `select count(*)::int as n from (select line_id, customer_country, supplier_phone, unit_price from before except all
         select line_id, customer_country, supplier_phone, unit_price from orders
         join orders_order_no using (order_no) join orders_customer_email using (customer_email) join orders_customer_city using (customer_city)
         join orders_product_sku using (product_sku) left join orders_supplier using (supplier)) d`,
    )
    expect(rows).toEqual([{ n: 0 }])
    const after = await normalizeDatabase(pool)
    expect(
      after.tables
        .filter(({ relation }) => relation !== 'public.before')
        .flatMap(({ violations }) => violations),
    ).toEqual([])
  })
})

describe('a split that would lose something', () => {
  it('is not proposed; the violation is reported all the same', async () => {
    const sql = `create table parcels (id int primary key, carrier int, carrier_name text, weight int);
      insert into parcels select i, nullif(i % 8, 0), case when i % 8 = 0 then 'picked up' else 'carrier ' || i % 8 end, i * 7 % 97 from generate_series(1, 400) i`
    const { tables } = await within({ name: 'lossy', sql }, (pool) => normalizeDatabase(pool))
    expect(asText(tables)).toEqual(['carrier -> carrier_name'])
    expect(tables[0]!.proposal).toBeUndefined()
  })

  it('goes into the table that the determinant references, where it references one', async () => {
    const sql = `create table buyers (id int primary key, name text); insert into buyers select i, 'b' || i from generate_series(1, 30) i;
      create table bills (id int primary key, buyer_id int not null references buyers (id), buyer_city text, amount int);
      alter table bills add name text;
      insert into bills select i, 1 + i % 30, 'city ' || i % 30, i * 7 % 97, 'b' || 1 + i % 30 from generate_series(1, 600) i`
    const { proposal, rows } = await within({ name: 'referenced', sql }, async (pool) => {
      const { tables } = await normalizeDatabase(pool)
      const { proposal } = tables.find(({ relation }) => relation === 'public.bills')!
      for (const statement of proposal!.ddl) await pool.query(statement)
      const { rows } = await pool.query('select bills_buyer_city as city from buyers where id = 7')
      return { proposal, rows }
    })
    expect(proposal!.tables).toMatchObject([
      { relation: 'public.buyers', columns: ['buyer_city', 'name'], present: ['name'] },
    ])
    expect(proposal!.ddl.join()).not.toContain('bills_name')
    expect(proposal!.lossless.proven).toBe(true)
    expect(rows).toEqual([{ city: 'city 6' }])
  })
})

describe('a table that is larger than what is read', () => {
  it('is sampled, and what holds in the sample only is not reported', async () => {
    const sql = `create table big (id int primary key, thing int, name text, odd text);
      insert into big select i, i % 40, 'name ' || i % 40, case when i = 7777 then 'exception' else 'odd ' || i % 40 end from generate_series(1, 20000) i;
      analyze big`
    const { tables } = await within({ name: 'sampled', sql }, (pool) =>
      normalizeDatabase(pool, { cellsMax: 20_000 }),
    )
    expect(tables[0]).toMatchObject({ sampled: true, total: 20_000 })
    expect(tables[0]!.rows).toBeLessThan(20_000)
    expect(asText(tables)).toEqual(['thing -> name'])
  })

  it('is reported as far as it was read: a formula in a sample is not a reason to drop a column', async () => {
    const sql = `create table big (id int primary key, name text, low text, thing int);
      insert into big select i, 'Name ' || i % 4000, 'name ' || i % 4000, hashint4(i) from generate_series(1, 20000) i;
      analyze big`
    const { findings } = await within({ name: 'sampled_computed', sql }, (pool) =>
      normalizeDatabase(pool, { cellsMax: 20_000 }),
    )
    const computed = findings.find(({ kind }) => kind === 'derived-column')!
    expect(computed.message).toContain('of 20000 that were looked at')
    expect(computed.fix).toBeUndefined()
  })
})

describe('what cannot be looked at', () => {
  it('is a finding, and the rest goes on', async () => {
    const sql = `create table secret (id int primary key, a text); create table open (id int primary key, thing int, name text);
      insert into open select i, i % 10, 'n' || i % 10 from generate_series(1, 200) i;
      create role reader login password 'reader'; grant select on open to reader`
    const found = await within({ name: 'rights', sql }, async () => {
      const url = new URL(withDatabase(server.adminUrl, 'rights'))
      Object.assign(url, { username: 'reader', password: 'reader' })
      const reader = await connectPool(url.href)
      try {
        return await normalizeDatabase(reader)
      } finally {
        await reader.end()
      }
    })
    expect(asText(found.tables)).toEqual(['thing -> name'])
    expect(found.findings).toContainEqual(
      expect.objectContaining({ kind: 'no-right', relation: 'public.secret' }),
    )
  })

  it('is said when the time is up, and a database without rows has no score', async () => {
    const sql = 'create table nothing (id int primary key, a text, b text)'
    const [none, late] = await within({ name: 'empty', sql }, async (pool) => [
      await normalizeDatabase(pool),
      await normalizeDatabase(pool, { budgetMs: 0 }),
    ])
    expect(none.score).toBeNull()
    expect(late.tables[0]!.why).toContain('time was up')
  })
})
