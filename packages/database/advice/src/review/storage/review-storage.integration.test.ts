import { connectPool, createDatabase } from '@esa/pg-server'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import type { Finding } from '@esa/database-catalog/sql'
import { reviewStorage, type StorageReview } from './review-storage.ts'

const server = ownServer()
let url: string
let pool: Pool
let review: StorageReview

/** A table of events that are written by time, one of the same size that is not, and what is left of deleted rows. */
const LOAD = [
  `create table owners (id int primary key); insert into owners select generate_series(1, 9)`,
  `create table events (id bigint generated always as identity (increment by 2 cache 3) primary key, device int not null, at timestamptz not null,
     value int constraint positive check (value > 0), owner int constraint owned references owners on delete cascade deferrable initially deferred,
     constraint one_a_moment unique (device, at), unique (value))`,
  `insert into events (device, at, value, owner) select i % 50, timestamptz '2025-01-01' + i * interval '2 min', i, 1 + i % 8 from generate_series(1, 260000) i`,
  `alter table events add constraint small check (device < 100) not valid, add constraint late check (at > '2020-01-01') no inherit`,
  `create index events_device on events (device desc) include (value); create index events_odd on events (lower(device::text)) where value > 5;
   create unique index events_of_owner on events (owner, at) where value > 9`,
  `create publication p for table events`,
  `create table places (id int primary key, seen timestamptz not null, name text);
   insert into places select i, timestamptz '2025-01-01' + hashint4(i) % 20000000 * interval '1 s', 'p' || i from generate_series(1, 260000) i`,
  `create table lookup (code text primary key, at timestamptz not null default now()); insert into lookup select 'c' || i from generate_series(1, 200) i`,
  `create table queue (id int primary key, body text) with (autovacuum_enabled = off); insert into queue select i, repeat('x', 200) from generate_series(1, 40000) i`,
  // What this session wrote must be counted before ANALYZE resets the count.
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

/** What holds for the rows of a table, by name. */
async function constraintsOf(table: string): Promise<Record<string, string>> {
  const { rows } = await pool.query(
    `select conname, pg_get_constraintdef(oid) as is from pg_constraint where conrelid = '${table}'::regclass and contype <> 'n'`,
  )
  return Object.fromEntries(rows.map(({ conname, is }) => [conname as string, is as string]))
}

beforeAll(async () => {
  const { adminUrl } = server
  url = await createDatabase(adminUrl, 'stored')
  pool = await connectPool(url, { max: 1 })
  for (const sql of LOAD) await pool.query(sql)
  review = await reviewStorage(pool, { workload: WORKLOAD })
})

afterAll(async () => {
  await pool?.end()
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

  it('comes with a conversion that runs: rows, constraints and indexes are what they were, for new rows too', async () => {
    const { fix } = of('partition')[0]!
    const had = await constraintsOf('events')
    for (const line of fix!.split('\n').filter((line) => !line.startsWith('--'))) await pool.query(line)
    const { rows: before } = await pool.query('select count(*)::int as n from events')
    expect(before).toEqual([{ n: 260_000 }])
    const { late, events_value_key: value, ...rest } = had
    expect(await constraintsOf('events')).toEqual({
      ...rest,
      events_pkey: 'PRIMARY KEY (id, at)',
      small: had['small']!.replace(' NOT VALID', ''),
    })
    expect([late, value]).toEqual([
      "CHECK ((at > '2020-01-01 00:00:00+00'::timestamp with time zone)) NO INHERIT",
      'UNIQUE (value)',
    ])
    for (const said of ['events_value_key', 'late', 'events_pkey', 'publication p'])
      expect(
        fix!
          .split('\n')
          .filter((line) => line.startsWith('--'))
          .join(),
      ).toContain(said)
    // What the old table had serves as what the new one has: the server rebuilt nothing.
    const { rows: keys } = await pool.query(
      `select count(*)::int as n from pg_constraint where conrelid = 'events_before'::regclass and contype = 'f'`,
    )
    expect(keys).toEqual([{ n: 1 }])
    const { rows: indexes } = await pool.query(
      `select count(*)::int as n, array_agg(distinct indrelid::regclass::text) @> '{events_before}' as old
       from pg_index where indrelid in (select relid from pg_partition_tree('events')) and indisvalid group by indrelid order by 1`,
    )
    expect(indexes).toEqual([...Array.from({ length: 4 }, () => ({ n: 5, old: false })), { n: 6, old: true }])
  })

  it('has new rows go to new partitions, numbered on, and held to the same rules', async () => {
    const add = (value: number, owner: number): Promise<unknown> =>
      pool.query(
        `insert into events (device, at, value, owner) select 1, max(at) + interval '65 days', ${value}, ${owner} from events where value <= 260000 returning id, tableoid::regclass::text as part`,
      )
    expect(await add(300_000, 9)).toMatchObject({
      rows: [{ id: 520_003, part: expect.stringMatching(/^events_\d{8}$/) as string }],
    })
    await expect(add(-1, 9)).rejects.toThrow('positive')
    await expect(pool.query('insert into events (id, device, at) select 1, 1, now()')).rejects.toThrow(
      'non-DEFAULT',
    )
    await expect(
      pool.query(
        'insert into events (device, at, value, owner) select device, at, value, owner from events where value = 300000',
      ),
    ).rejects.toThrow('unique')
    await pool.query('delete from owners where id = 9')
    expect((await pool.query('select from events where value = 300000')).rows).toEqual([])
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

  it('does not wait: a table that is being rebuilt has the size that was last seen', async () => {
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
