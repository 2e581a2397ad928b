import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectPool, createDatabase, ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Finding } from '../finding.ts'
import { reviewStorage, type StorageReview } from './review-storage.ts'

let home: string
let url: string
let pool: Pool
let review: StorageReview

/** A table of events that are written by time, one of the same size that is not, and what is left of deleted rows. */
const LOAD = [
  `create table events (id bigint primary key, device int not null, at timestamptz not null, value int);
   insert into events select i, i % 50, timestamptz '2025-01-01' + i * interval '2 min', i from generate_series(1, 260000) i`,
  `create index events_device on events (device)`,
  `create table places (id int primary key, seen timestamptz not null, name text);
   insert into places select i, timestamptz '2025-01-01' + hashint4(i) % 20000000 * interval '1 s', 'p' || i from generate_series(1, 260000) i`,
  `create table lookup (code text primary key, at timestamptz not null default now()); insert into lookup select 'c' || i from generate_series(1, 200) i`,
  `create table queue (id int primary key, body text) with (autovacuum_enabled = off); insert into queue select i, repeat('x', 200) from generate_series(1, 40000) i`,
  // What this session wrote must be counted before ANALYZE sets the count anew.
  `select pg_stat_force_next_flush()`,
  `analyze events; analyze places; analyze queue`,
  `delete from queue where id > 4000`,
  `create unlogged table cache (id int primary key)`,
  `select pg_stat_force_next_flush()`,
]

const WORKLOAD = [
  { sql: `select sum(value) from events e where e.at >= now() - interval '1 day'`, calls: 40 },
  { sql: `delete from events where at < now() - interval '1 year'`, calls: 2 },
  { sql: `select * from places where seen between '2025-01-01' and '2025-02-01'`, calls: 9 },
  { sql: `select * from lookup where at > now()`, calls: 900 },
  { sql: `not sql at all`, calls: 1 },
]

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'esa-storage-'))
  await chmod(home, 0o755)
  const { adminUrl } = await ensureEmbeddedServer({ home })
  url = await createDatabase(adminUrl, 'stored')
  pool = await connectPool(url, { max: 1 })
  for (const sql of LOAD) await pool.query(sql)
  review = await reviewStorage(pool, { workload: WORKLOAD })
})

afterAll(async () => {
  await pool?.end()
  await stopEmbeddedServer({ home, mode: 'immediate' })
  await rm(home, { recursive: true, force: true })
})

const of = (kind: string, { findings } = review): Finding[] =>
  findings.filter((finding) => finding.kind === kind)

describe('partition advice', () => {
  it('names the table that is written, read and cleared up by time, its key and its interval, and no other', () => {
    expect(of('partition').map(({ relation }) => relation)).toEqual(['public.events'])
    expect(of('partition')[0]!.evidence).toMatchObject({
      key: 'at',
      interval: '1 month',
      rangeCalls: 42,
      rangeDeletes: 2,
    })
  })

  it('comes with a conversion that runs: every row is still there, and new ones go to new partitions', async () => {
    const { fix } = of('partition')[0]!
    for (const line of fix!.split('\n').filter((line) => !line.startsWith('--'))) await pool.query(line)
    const { rows: before } = await pool.query('select count(*)::int as n from events')
    expect(before).toEqual([{ n: 260_000 }])
    await pool.query(`insert into events select 900001, 1, max(at) + interval '65 days', 0 from events`)
    const { rows } = await pool.query(`select tableoid::regclass::text as part from events where id = 900001`)
    expect(rows[0]!['part']).toMatch(/^events_\d{8}$/)
    const { rows: indexes } = await pool.query(
      `select count(*)::int as n from pg_indexes where tablename ~ '^events' and indexdef ~ 'device'`,
    )
    expect(indexes[0]!['n']).toBe(5)
    const again = await reviewStorage(pool, { workload: WORKLOAD })
    expect(of('partition', again)).toEqual([])
  })
})

describe('space and vacuum', () => {
  it('sees dead rows, autovacuum that is off, and a table that a crash empties', () => {
    expect(of('dead-tuples')[0]).toMatchObject({
      relation: 'public.queue',
      evidence: { dead: 36_000, live: 4_000 },
    })
    expect(of('autovacuum-off').map(({ relation }) => relation)).toEqual(['public.queue'])
    expect(of('unlogged').map(({ relation }) => relation)).toEqual(['public.cache'])
    expect(of('size')[0]!.message).toContain('public.events')
  })

  it('marks an estimate of bloat as one, and measures it where pgstattuple is installed', async () => {
    expect(of('bloat')[0]).toMatchObject({
      relation: 'public.queue',
      severity: 'info',
      evidence: { estimated: true },
    })
    await pool.query('create extension pgstattuple')
    const measured = of('bloat', await reviewStorage(pool, {}))[0]!
    expect(measured).toMatchObject({
      relation: 'public.queue',
      severity: 'warning',
      evidence: { estimated: false },
    })
    expect(measured.evidence['share']).toBeGreaterThan(0.8)
  })

  it('waits for nobody: a table that is being rebuilt has the size that was last seen', async () => {
    const other = await connectPool(url, { max: 1 })
    await pool.query('begin; lock table places in access exclusive mode')
    const { findings, sizes } = await reviewStorage(other, {})
    await pool.query('rollback')
    await other.end()
    expect(findings).toContainEqual(
      expect.objectContaining({ kind: 'not-checked', evidence: { waitedMs: 2_000 } }),
    )
    expect(sizes.bytes['public.places']).toBeGreaterThan(5_000_000)
  })

  it('knows growth from two looks, and says so when there was one', async () => {
    expect(of('growth-unknown')).toHaveLength(1)
    const bytes = { ...review.sizes.bytes, 'public.places': 1_000_000 }
    const day = { atMs: review.sizes.atMs - 86_400_000, bytes, rows: review.sizes.rows }
    const growth = of('growth', await reviewStorage(pool, { earlier: day }))
    expect(growth.map(({ relation }) => relation)).toContain('public.places')
    expect(growth[0]!.evidence['method']).toContain('two looks')
  })
})
