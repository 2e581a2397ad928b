import { connectPool, createDatabase } from '@esa/pg-server'
import { type Pool } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import { targetLedger } from '@esa/database-migrations/apply'
import { type Clock, systemClock, inReadOnly } from '@esa/database-catalog/sql'
import { ON_COPY } from '@esa/database-catalog/guard'
import { buildIndexConcurrently } from '../advise/concurrent-index.ts'
import { explainStatement, findSlowest } from './explain.ts'
import { measure } from './measure.ts'
import type { MetricThreshold } from './metric-reading.ts'

const server = ownServer()
let pool: Pool
let elsewhere: Pool

const p95: MetricThreshold = {
  key: 'query-response-time',
  comparator: '<',
  value: 100,
  unit: 'ms',
  percentile: 95,
}
const slow = {
  id: 'slow',
  weight: 1,
  sql: `select * from "Events" e where "user Id" = 7 order by at desc limit 3`,
}

beforeAll(async () => {
  const { adminUrl } = server
  pool = await connectPool(await createDatabase(adminUrl, 'inspected'))
  elsewhere = await connectPool(adminUrl)
  await pool.query(
    `create table "Events" (id bigint primary key, "user Id" int not null, at timestamptz not null)`,
  )
  await pool.query(
    `insert into "Events" select i, i % 5000, timestamptz '2025-01-01' + i * interval '1 s' from generate_series(1, 60000) i`,
  )
  await pool.query('analyze')
  await pool.query('create sequence counter')
})

afterAll(async () => {
  await pool?.end()
  await elsewhere?.end()
})

it('says what to do where traffic cannot be sampled', async () => {
  const [reading] = await measure(pool, { thresholds: [p95] })
  expect(reading).toMatchObject({ value: null, ok: null, samples: 0 })
  expect(reading?.why).toContain('CREATE EXTENSION pg_stat_statements')
})

it('samples the traffic of others on this database, and nothing else', async () => {
  await pool.query('create extension pg_stat_statements')
  let now = 0
  const clock: Clock = {
    now: () => now,
    pause: async (ms) => {
      now += ms
      await pool.query('begin')
      await pool.query('select count(*) from "Events" where id = $1', [now])
      await pool.query('commit')
      await elsewhere.query('select 1 as elsewhere')
    },
  }
  const [reading] = await measure(pool, { thresholds: [p95], sampleMs: 1_000, clock })
  expect(reading).toMatchObject({
    ok: true,
    samples: 5,
    window: 1_000,
    statements: [{ runs: 5, tailShare: expect.any(Number) }],
  })
  expect(reading?.method).toContain('5 exact durations')
  const idle = { ...clock, pause: async (ms: number) => void (now += ms) }
  const [nothing] = await measure(pool, { thresholds: [p95], sampleMs: 1_000, clock: idle })
  expect(nothing).toMatchObject({
    value: null,
    why: expect.stringContaining('no statement ended within 1000 ms'),
  })
})

it('runs a workload and counts a statement that is cut off as long as the cut-off', async () => {
  const endless = { id: 'endless', weight: 1, sql: 'select count(*) from generate_series(1, 1000000000)' }
  const statements = [{ ...slow, weight: 99 }, endless]
  const workload = { statements, runs: 3, timeoutMs: 100, terms: ON_COPY } as const
  const [reading] = await measure(pool, { thresholds: [{ ...p95, percentile: 100 }], workload })
  expect(reading).toMatchObject({ value: 100, ok: false, samples: 4 })
  expect(reading?.statements?.[0]).toEqual({ id: 'endless', runs: 1, p95Ms: 100, tailShare: 1 })
  expect(reading?.method).toContain('cut off')
})

it('refuses a workload that writes, in words and in effect', async () => {
  const run = (sql: string) =>
    measure(pool, {
      thresholds: [p95],
      workload: { statements: [{ id: 'bad', weight: 1, sql }], terms: ON_COPY },
    })
  await expect(run('delete from "Events"')).rejects.toMatchObject({ code: 'sql.not-a-read' })
  await expect(run("select nextval('counter')")).rejects.toMatchObject({
    code: 'workload.statement-failed',
    details: { id: 'bad' },
  })
  const stacked = inReadOnly(pool, 1_000, (tx) =>
    tx.query({ text: 'select 1; commit', queryMode: 'extended' }),
  )
  await expect(stacked).rejects.toMatchObject({ code: 'database.schema', details: { sqlState: '42601' } })
  const reopened = inReadOnly(pool, 1_000, (tx) => tx.query('set transaction read write'))
  await expect(reopened).rejects.toMatchObject({ details: { sqlState: '25001' } })
})

it('measures index hits and a first small sample of uptime, and never invents the rest', async () => {
  const keys = [
    'index-hit-ratio',
    'database-uptime',
    'data-loss-incidents-during-migrations',
    'schema-normalization-score',
  ]
  const thresholds = keys.map((key): MetricThreshold => ({ key, comparator: '>=', value: 0, unit: '%' }))
  const clock: Clock = { now: systemClock.now, pause: () => new Promise((resolve) => setImmediate(resolve)) }
  const readings = await measure(pool, { thresholds, probes: { count: 0, everyMs: 0 }, clock })
  expect(readings.map((reading) => reading.value)).toEqual([expect.any(Number), null, null, 100])
  expect(
    readings.slice(1, 3).every((reading) => reading.ok === null && (reading.why?.length ?? 0) > 20),
  ).toBe(true)
  await targetLedger.open(pool)
  await pool.query(`insert into esa_migrations.migration (id, hash, state, by, verification) values
    ('1', '', 'started', 'me', '{"state": "lost"}'), ('2', '', 'done', 'me', '{"state": "verified"}'),
    ('3', '', 'done', 'me', null), ('4', '', 'undone', 'me', '{"state": "verified"}')`)
  const [loss] = await measure(pool, { thresholds: thresholds.slice(2, 3), clock })
  expect(loss?.method).toMatch(/1 unverified: 3$/)
  expect(loss).toMatchObject({ value: 1, samples: 2 })
})

it('explains the slow statement, builds the index it lacks, and finds no fault with it afterwards', async () => {
  const evidence = await findSlowest(pool, [slow], [{ id: 'slow', runs: 1, p95Ms: 120, tailShare: 1 }], {
    terms: ON_COPY,
  })
  expect(evidence).toMatchObject({
    kind: 'slow-query',
    id: 'slow',
    p95Ms: 120,
    findings: [{ relation: 'public.Events', removed: 59_988 }],
  })
  const index = evidence?.proposedIndex
  expect(index).toMatchObject({ columns: ['user Id', 'at'], name: 'Events_user Id_at_idx' })
  const built = await buildIndexConcurrently(pool, { ...index!, ddl: 'drop table "Events"' })
  expect(built).toMatchObject({ index: 'Events_user Id_at_idx', built: true })
  expect(built.sizeBytes).toBeGreaterThan(100_000)
  expect(await explainStatement(pool, slow.sql, { terms: ON_COPY })).toMatchObject({
    findings: [],
    proposedIndex: null,
  })
  const renamed = await buildIndexConcurrently(pool, { ...index!, name: 'another_name' })
  expect(renamed).toMatchObject({ index: 'Events_user Id_at_idx', built: false })
})

it('waits out a writer, and rebuilds what the cut-off attempt left INVALID', async () => {
  const index = { schema: 'public', relation: 'Events', columns: ['at'], name: 'events_at', ddl: '' }
  const writer = await pool.connect()
  await writer.query('begin')
  await writer.query(`insert into "Events" values (0, 0, now())`)
  const left: unknown[] = []
  const clock: Clock = {
    now: systemClock.now,
    pause: async () => {
      left.push(
        ...(await writer.query(`select indisvalid from pg_index where indexrelid = 'events_at'::regclass`))
          .rows,
      )
      await writer.query('rollback')
    },
  }
  const built = await buildIndexConcurrently(pool, index, { lockTimeoutMs: 200, attempts: 2, clock })
  writer.release()
  expect(left).toEqual([{ indisvalid: false }])
  expect(built).toMatchObject({ index: 'events_at', built: true })
})

it('does not touch another index of the same name', async () => {
  const index = { schema: 'public', relation: 'Events', columns: ['user Id'], name: 'events_at', ddl: '' }
  await expect(buildIndexConcurrently(pool, index)).rejects.toMatchObject({ code: 'index.name-taken' })
})

it('takes no index of another collation or operator class for the requested one', async () => {
  await pool.query(`create table people (name text); create index people_c on people (name collate "C");
    create index people_pattern on people (name text_pattern_ops)`)
  const index = { schema: 'public', relation: 'people', columns: ['name'], name: 'people_name', ddl: '' }
  expect(await buildIndexConcurrently(pool, index)).toMatchObject({ index: 'people_name', built: true })
  const again = await buildIndexConcurrently(pool, { ...index, name: 'people_again' })
  expect(again).toMatchObject({ index: 'people_name', built: false })
})
