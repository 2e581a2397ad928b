import { connectPool } from '@esa/pg-server'
import {
  hasOtherClients,
  hasOtherPostgres,
  startOtherPostgres,
  startStandby,
  type TestServer,
} from '@esa/pg-server/testing'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '@esa/database-catalog/sql'
import { sealPlan } from '../plan/model/plan.ts'
import { applyMigration } from './apply-migration.ts'
import { planMigration } from '../plan/steps/migration.ts'
import { targetLedger } from './ledger/target-ledger.ts'

const ROWS = 5_000

/** How long a walk pauses for standbys at a time, ms; nothing else pauses for just as long. */
const PAUSE_FOR_STANDBYS_MS = 500

const PLAN = sealPlan({
  changes: [],
  unplanned: [],
  notes: [],
  phases: [
    {
      name: 'backfill',
      promise: '',
      destructive: false,
      steps: [
        {
          kind: 'backfill',
          id: 'backfill-1',
          about: 'fill fresh from old',
          locks: [],
          relation: 'public.orders',
          key: [{ column: 'id', type: 'integer' }],
          sql: 'update public.orders t set fresh = t.old where t.fresh is distinct from t.old and $RANGE',
          fills: ['public.orders.fresh'],
          batchRows: 500,
        },
      ],
    },
  ],
})

describe.runIf(hasOtherPostgres() && hasOtherClients())('a backfill with a standby', () => {
  const servers: TestServer[] = []
  let primary: Pool
  let standby: Pool

  beforeAll(async () => {
    servers.push(await startOtherPostgres())
    primary = await connectPool(servers[0]!.url, { max: 4 })
    await primary.query(`create table orders (id int primary key, old int, fresh int);
      insert into orders select g, g from generate_series(1, ${ROWS}) g`)
    servers.push(await startStandby(servers[0]!))
    standby = await connectPool(servers[1]!.url, { max: 1 })
  })
  afterAll(async () => {
    await standby?.end()
    await primary?.end()
    for (const server of servers.toReversed()) await server.close()
  })

  const lagMs = async (): Promise<number> => {
    await primary.query('insert into orders values (0, 0) on conflict (id) do update set old = -excluded.old')
    const { rows } = await primary.query<{ ms: number }>(
      'select coalesce(extract(epoch from replay_lag) * 1000, 0)::float8 as ms from pg_stat_replication',
    )
    return rows[0]?.ms ?? 0
  }

  it('waits while the standby is behind, and goes on when it has caught up', async () => {
    await expect.poll(lagMs, { timeout: 10_000 }).toBeGreaterThan(0)
    await standby.query('select pg_wal_replay_pause()')
    await expect.poll(lagMs, { timeout: 20_000 }).toBeGreaterThan(2_500)
    let filled = 0
    const waited: number[] = []
    const clock: Clock = {
      now: systemClock.now,
      pause: async (ms) => {
        if (ms === PAUSE_FOR_STANDBYS_MS) waited.push(filled)
        if (waited.length === 3) await standby.query('select pg_wal_replay_resume()')
        await systemClock.pause(ms)
      },
    }
    const applied = await applyMigration(await planMigration(PLAN), {
      target: primary,
      ledger: targetLedger,
      by: 'ada',
      authorise: async () => {},
      requireApprovals: async () => {},
      clock,
      random: () => 0.5,
      onEvent: (event) => {
        if (event.type === 'filled') filled = event.filled.rows
      },
    })
    expect(applied.state).toBe('done')
    // One batch, and then nothing until the standby had it.
    expect(new Set(waited.slice(0, 3))).toEqual(new Set([500]))
    const count = 'select count(*)::int as n from orders where fresh is distinct from old'
    expect((await primary.query(count)).rows).toEqual([{ n: 0 }])
    await expect.poll(async () => (await standby.query(count)).rows, { timeout: 10_000 }).toEqual([{ n: 0 }])
  })
})
