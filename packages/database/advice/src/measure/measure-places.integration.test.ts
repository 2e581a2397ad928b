import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectPool, createDatabase, ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import {
  hasOtherPostgres,
  openWebSocketProxy,
  startOtherPostgres,
  type TestServer,
} from '@esa/pg-server/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyMigration, targetLedger } from '@esa/database-migrations/apply'
import { scriptMigration } from '@esa/database-migrations/plan'
import { systemClock } from '@esa/database-catalog/sql'
import { ON_COPY } from '@esa/database-catalog/guard'
import { measure } from './measure.ts'
import type { MetricThreshold } from './metric-reading.ts'

/** What the card of Layer 1 promises. */
const PROMISED: MetricThreshold[] = [
  { key: 'query-response-time', comparator: '<', value: 100, unit: 'ms', percentile: 95 },
  { key: 'data-loss-incidents-during-migrations', comparator: '=', value: 0, unit: 'count' },
  { key: 'database-uptime', comparator: '>', value: 99.9, unit: '%' },
  { key: 'index-hit-ratio', comparator: '>', value: 95, unit: '%' },
  { key: 'schema-normalization-score', comparator: '>', value: 90, unit: '%' },
]

/** The server counts what a session did a second later, unless it is made to at once, which 14 cannot be. */
const SCHEMA = `
  create table cities (id int primary key, name text not null unique);
  create table guests (id int primary key, name text not null, city_id int not null references cities);
  insert into cities select i, 'city ' || i from generate_series(1, 40) i;
  insert into guests select i, md5(i::text), 1 + i % 40 from generate_series(1, 5000) i;
  analyze;
  do $$ begin perform pg_stat_force_next_flush(); exception when undefined_function then perform pg_sleep(1); end $$`

const QUERY = 'select g.name, c.name from guests g join cities c on c.id = g.city_id where g.id = 77'

async function embedded(): Promise<TestServer> {
  const home = await mkdtemp(join(tmpdir(), 'esa-places-'))
  const { adminUrl } = await ensureEmbeddedServer({ home })
  return {
    url: adminUrl,
    close: async () => {
      await stopEmbeddedServer({ home, mode: 'immediate' })
      await rm(home, { recursive: true, force: true })
    },
  }
}

async function overWebSocket(): Promise<TestServer> {
  const server = await embedded()
  const proxy = await openWebSocketProxy(await createDatabase(server.url, 'far'))
  return {
    url: proxy.url,
    close: async () => {
      await proxy.close()
      await server.close()
    },
  }
}

const PLACES = [
  { place: 'the embedded PostgreSQL 18', versions: [18], open: embedded },
  { place: 'PostgreSQL 18 through Neon’s driver', versions: [18], open: overWebSocket },
  ...(hasOtherPostgres()
    ? [{ place: 'a plain PostgreSQL of another major', versions: [14, 15, 16, 17], open: startOtherPostgres }]
    : []),
]

describe.each(PLACES)('on $place', ({ versions, open }) => {
  let server: TestServer
  beforeAll(async () => {
    server = await open()
  })
  afterAll(() => server.close())

  it('all five metrics of the card are measured, but for a workload on 14, which does not show what it would call', async () => {
    const pool = await connectPool(server.url)
    try {
      await pool.query(SCHEMA)
      const { rows } = await pool.query<{ v: string }>('select current_setting($1) as v', ['server_version'])
      const major = Number.parseInt(rows[0]!.v)
      expect(versions).toContain(major)
      const migration = await scriptMigration('0001-guests.sql', 'create table guestbook (line text)')
      await applyMigration(migration, {
        target: pool,
        ledger: targetLedger,
        by: 'test',
        authorise: async () => {},
        requireApprovals: async () => {},
        clock: systemClock,
        random: () => 0.5,
      })
      const readings = await measure(pool, {
        thresholds: PROMISED,
        workload: { statements: [{ id: 'guest', sql: QUERY, weight: 1 }], runs: 50, terms: ON_COPY },
        probes: { count: 3, everyMs: 5 },
      })
      const unmeasured = major < 15 ? ['query-response-time'] : []
      expect(readings.filter(({ ok }) => ok !== true).map(({ key }) => key)).toEqual(unmeasured)
      const [refused, measured] = [true, false].map((is) =>
        readings.filter(({ key }) => unmeasured.includes(key) === is),
      )
      for (const { why } of refused!)
        expect(why).toContain('PostgreSQL 14 does not show what a statement would call')
      for (const { samples, method, why } of measured!) {
        expect(why).toBeUndefined()
        expect(samples).toBeGreaterThan(0)
        expect(method).not.toBe('none')
      }
    } finally {
      await pool.end()
    }
  })
})
