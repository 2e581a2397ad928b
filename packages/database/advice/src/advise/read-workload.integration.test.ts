import { connectPool, createDatabase } from '@esa/pg-server'
import { type Pool } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import type { Clock } from '@esa/database-catalog/sql'
import { groundAt } from '@esa/database-sandbox/testing'
import { withRehearsal } from '@esa/database-sandbox'
import { readWorkload } from './read-workload.ts'

const server = ownServer()
let url: string
let target: Pool
let application: Pool

beforeAll(async () => {
  const { adminUrl } = server
  url = await createDatabase(adminUrl, 'shop')
  target = await connectPool(url)
  application = await connectPool(url, { max: 1 })
  await target.query('create table items (id int, name text)')
})
afterAll(async () => {
  await application?.end()
  await target?.end()
})

/** A clock on which the application sends a statement during every pause. */
function whileRunning(sql: string): Clock {
  let now = 0
  return {
    now: () => now,
    pause: async (ms) => {
      now += ms * 10
      await application.query(sql)
    },
  }
}

it('says that the queries of an idle database without the extension are unknown', async () => {
  let now = 0
  const idle: Clock = { now: () => now, pause: async (ms) => void (now += ms * 100) }
  const found = await readWorkload(target, idle)
  expect(found).toMatchObject({ source: 'none', statements: [] })
  expect(found.method).toContain('CREATE EXTENSION pg_stat_statements')
})

it('watches sessions where statements are not counted', async () => {
  const found = await readWorkload(target, whileRunning('select name from items where id = 7'))
  expect(found).toMatchObject({
    source: 'pg_stat_activity',
    statements: [{ weight: 1, texts: ['select name from items where id = 7'] }],
  })
})

it('takes counted statements, the costliest first, with the values that sessions were seen sending', async () => {
  await target.query('create extension pg_stat_statements')
  await application.query('select pg_stat_statements_reset()')
  for (const id of [1, 2, 3]) await application.query('select count(*) from items where id = $1', [id])
  const found = await readWorkload(target, whileRunning(`select name from items where name = 'ada'`))
  expect(found.source).toBe('pg_stat_statements')
  const texts = found.statements.flatMap((one) => one.texts)
  expect(texts).toContain(`select name from items where name = 'ada'`)
  expect(texts).toContain('select count(*) from items where id = $1')
  expect(found.statements.find((one) => one.texts[0]!.includes('count'))?.weight).toBe(3)
  expect(found.method).toContain('it keeps no percentiles')
  expect(texts.join()).not.toContain('esa:own')
})

it('does not take the queries of its own copying for the application’s', async () => {
  await target.query(`create extension if not exists pg_stat_statements;
    create table parents (id int primary key); insert into parents select generate_series(1, 50000);
    create table children (id int primary key, parent int references parents);
    insert into children select g, 50001 - g from generate_series(1, 50000) g; analyze`)
  await application.query('select pg_stat_statements_reset()')
  const ground = groundAt(url)
  // A sample, whose missing parents are fetched from the target by key.
  const rows = { mode: 'sample', maxBytes: 200_000, maxMs: 60_000 } as const
  await withRehearsal({ ground, id: 'copy', schema: { from: target }, rows }, async ({ queryable }) => {
    const { rows: counted } = await queryable.query('select count(*)::int as n from children')
    expect(counted[0]!['n']).toBeGreaterThan(0)
  })
  const found = await readWorkload(target, whileRunning(`select name from items where name = 'ada'`))
  expect(found.statements.flatMap((one) => one.texts)).toEqual([`select name from items where name = 'ada'`])
})
