import { connectPool, createDatabase } from '@esa/pg-server'
import { type Pool } from 'pg'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import { adviseIndexes } from './advise-indexes.ts'

const ROWS = 40_000

/** Never reached: a slow machine must not change what is found. */
const UNHURRIED_MS = 600_000

const TABLES = `
create table sales (id bigint primary key, customer bigint not null, status text not null, at timestamptz not null, email text not null,
  note text not null, payload jsonb not null, tags text[] not null, during tsrange not null, body text not null);
insert into sales select i, i % 5000, case when i % 100 = 0 then 'open' else 'done' end, timestamptz '2026-01-01+00' + i * interval '1 minute',
  'User' || i || '@example.com', 'ring at door ' || md5(i::text), jsonb_build_object('campaign', 'c' || i % 3000, 'n', i),
  array['t' || i % 4000, 'u'], tsrange(timestamp '2026-01-01' + i * interval '1 minute', timestamp '2026-01-01' + (i + 90) * interval '1 minute'),
  'words ' || md5((i * 7)::text) || case when i % 6000 = 0 then ' porcelain' else '' end from generate_series(1, ${ROWS}) i;
create table lines (sale bigint not null, line int not null, piece int not null, primary key (sale, line));
insert into lines select i, l, i % 900 from generate_series(1, ${ROWS}) i, generate_series(1, 2) l;
`

/** By the access method that must serve it. */
const TEMPLATES: Record<string, [method: string, sql: string]> = {
  page: ['btree', `select * from sales where customer = 42 and status = 'done' order by at desc limit 10`],
  open: ['btree', `select id, customer from sales where status = 'open' order by note limit 20`],
  login: ['btree', `select id from sales where lower(email) = 'user4711@example.com'`],
  contains: ['gin', `select id from sales where payload @> '{"campaign": "c77"}'`],
  inside: ['gin', `select id from sales where note ilike '%deadbee%'`],
  tagged: ['gin', `select id from sales where tags @> array['t5']`],
  words: [
    'gin',
    `select id from sales where to_tsvector('english', body) @@ to_tsquery('english', 'porcelain')`,
  ],
  overlaps: ['gist', `select id from sales where during && tsrange('2026-01-10 10:00', '2026-01-10 10:05')`],
  joined: [
    'btree',
    `select count(*) from lines l join sales s on s.id = l.sale where l.piece = 7 and s.customer < 99`,
  ],
}

const workload = (ids: string[]) => ids.map((id) => ({ id, weight: 1, texts: [TEMPLATES[id]![1]] }))

const server = ownServer()
let pool: Pool

beforeAll(async () => {
  const { adminUrl } = server
  pool = await connectPool(await createDatabase(adminUrl, 'shop'))
  await pool.query(TABLES)
  // Autovacuum counts the rows some time within a minute, or later on a busy machine: a plan must not depend on it.
  await pool.query('vacuum analyze sales, lines')
})
afterAll(async () => {
  await pool?.end()
})

async function indexNames(): Promise<string[]> {
  const { rows } = await pool.query(`select indexname from pg_indexes where schemaname = 'public' order by 1`)
  return rows.map(({ indexname }) => String(indexname))
}

// Every test begins with the primary keys alone.
afterEach(async () => {
  const names = (await indexNames()).filter((name) => !name.endsWith('_pkey'))
  for (const name of names) await pool.query(`drop index "${name}"`)
})

/** Access methods of the indexes in a statement's plan. */
async function methodsOf(sql: string): Promise<string[]> {
  const { rows } = await pool.query(`explain (format json) ${sql}`)
  const names = [...JSON.stringify(rows[0]['QUERY PLAN']).matchAll(/"Index Name":"([^"]+)"/g)].map(
    ([, name]) => name,
  )
  const { rows: methods } = await pool.query(
    `select distinct amname from pg_class c join pg_am a on a.oid = c.relam where c.relname = any($1)`,
    [names],
  )
  return methods.map(({ amname }) => String(amname))
}

it('finds for every statement an index of the right kind, and leaves nothing else behind', async () => {
  const before = await indexNames()
  const advice = await adviseIndexes(pool, {
    statements: workload(Object.keys(TEMPLATES)),
    goalMs: 2,
    maxMs: UNHURRIED_MS,
  })
  expect(advice.skipped).toEqual([])
  for (const [id, [method, sql]] of Object.entries(TEMPLATES)) {
    expect([id, await methodsOf(sql)]).toEqual([id, expect.arrayContaining([method])])
    expect(advice.recommendations.flatMap(({ queries }) => queries.map((one) => one.id))).toContain(id)
  }
  const built = advice.recommendations.filter(({ sizeBytes }) => sizeBytes > 0)
  expect(await indexNames()).toHaveLength(before.length + built.length)
  expect(advice.recommendations[0]).toMatchObject({
    ddl: 'CREATE EXTENSION IF NOT EXISTS pg_trgm',
    sizeBytes: 0,
  })
  expect(
    built.every(({ writes }) => writes !== null && writes.insertUsAfter > 0 && writes.updateUsAfter > 0),
  ).toBe(true)
  expect(advice.totalBytes).toBe(built.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
})

it('keeps a budget, and says what did not fit', async () => {
  const statements = workload(['page', 'inside', 'tagged'])
  const budgetBytes = 3 * 2 ** 20
  const advice = await adviseIndexes(pool, { statements, goalMs: 1, budgetBytes, maxMs: UNHURRIED_MS })
  expect(advice.totalBytes).toBeLessThanOrEqual(budgetBytes)
  expect(advice.totalBytes).toBeGreaterThan(0)
  expect(advice.refused.filter(({ reason }) => reason === 'too-big' || reason === 'budget')).not.toEqual([])
})

it('gives what it has when time is up', async () => {
  const before = await indexNames()
  const advice = await adviseIndexes(pool, {
    statements: workload(['page', 'inside']),
    goalMs: 1,
    maxMs: 400,
  })
  expect(advice.complete).toBe(false)
  expect(advice.queries.every(({ runsBefore, runsAfter }) => runsBefore > 0 && runsAfter > 0)).toBe(true)
  expect(await indexNames()).toEqual(before)
})

it('builds the index of a partitioned table part by part', async () => {
  await pool.query(`create table visits (at timestamptz not null, path text not null) partition by range (at);
    create table visits_1 partition of visits for values from ('2026-01-01+00') to ('2026-02-01+00');
    create table visits_2 partition of visits for values from ('2026-02-01+00') to ('2027-01-01+00');
    insert into visits select timestamptz '2026-01-01+00' + i * interval '1 minute', '/p' || i % 9000 from generate_series(1, ${5 * ROWS}) i`)
  const statements = [{ id: 'path', weight: 1, texts: [`select * from visits where path = '/p7'`] }]
  const advice = await adviseIndexes(pool, { statements, goalMs: 1, maxMs: UNHURRIED_MS })
  expect(advice.recommendations.map(({ ddl }) => ddl)).toEqual([
    'CREATE INDEX "visits_path_idx" ON ONLY "public"."visits" ("path")',
    'CREATE INDEX CONCURRENTLY "visits_1_path_idx" ON "public"."visits_1" ("path")',
    'ALTER INDEX "public"."visits_path_idx" ATTACH PARTITION "public"."visits_1_path_idx"',
    'CREATE INDEX CONCURRENTLY "visits_2_path_idx" ON "public"."visits_2" ("path")',
    'ALTER INDEX "public"."visits_path_idx" ATTACH PARTITION "public"."visits_2_path_idx"',
  ])
  await pool.query('drop index visits_path_idx')
  for (const { ddl } of advice.recommendations) await pool.query(ddl)
  expect(await methodsOf(statements[0]!.texts[0]!)).toEqual(['btree'])
  await pool.query('drop table visits')
})

it('takes normalised statements and writes, and runs nothing that acts', async () => {
  await pool.query('create sequence counter')
  await pool.query(`create view done as select id, customer as buyer from sales where status = 'done'`)
  const texts = {
    bound: 'select * from sales where customer = $1 and at >= $2 and at < $3 limit $4',
    expression: 'select id from sales where lower(email) = $1',
    view: 'select * from done where buyer = $1',
    update: `update sales set note = $2 where tags @> $1`,
    unknown: 'select $1::int + 1 from sales',
    acts: `select nextval('counter') from sales`,
    insert: 'insert into lines values (1, 2, 3)',
  }
  const statements = Object.entries(texts).map(([id, sql]) => ({ id, weight: 1, texts: [sql] }))
  const advice = await adviseIndexes(pool, { statements, goalMs: 1, maxMs: UNHURRIED_MS })
  expect(advice.queries.map(({ id }) => id).toSorted()).toEqual(['bound', 'expression', 'update', 'view'])
  expect(advice.skipped.map(({ id }) => id).toSorted()).toEqual(['acts', 'insert', 'unknown'])
  expect(advice.notes.map(({ id }) => id)).toEqual(['bound', 'expression', 'view', 'update', 'update'])
  const ddl = advice.recommendations.map((one) => one.ddl).join('\n')
  expect(ddl).toContain('((lower(email)))')
  expect(ddl).toContain('USING gin ("tags")')
  expect(ddl).toMatch(/ON "public"."sales" \("customer"/)
  await pool.query('drop view done')
  expect((await pool.query('select is_called from counter')).rows).toEqual([{ is_called: false }])
})
