import { connectPool, createDatabase, ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import { hasOtherPostgres, startOtherPostgres } from '@esa/pg-server/test-servers'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pool } from 'pg'
import { afterAll, expect, it } from 'vitest'
import { attack } from '../../testing/attack-guard.ts'
import { RESOLVED_CALLS, RESOLVED_SCHEMA } from './resolved-attempts.fixture.ts'
import { runGuarded } from './run-guarded.ts'

const closing: (() => Promise<unknown>)[] = []

afterAll(async () => {
  for (const close of closing.toReversed()) await close()
})

async function embedded(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'esa-resolved-'))
  const { adminUrl } = await ensureEmbeddedServer({ home })
  closing.push(async () => {
    await stopEmbeddedServer({ home, mode: 'immediate' })
    await rm(home, { recursive: true, force: true })
  })
  return adminUrl
}

async function other(): Promise<string> {
  const server = await startOtherPostgres()
  closing.push(() => server.close())
  return server.url
}

async function locks(pool: Pool): Promise<number> {
  const { rows } = await pool.query(`select count(*)::int as held from pg_locks where locktype = 'advisory'`)
  return rows[0].held as number
}

const servers = [
  ['PostgreSQL 18', embedded] as const,
  ...(hasOtherPostgres() ? [['another major', other] as const] : []),
]

it.each(servers)(
  'what acts without standing in the statement is refused, and so is every function that acts: %s',
  async (_, start) => {
    const adminUrl = await start()
    const pool = await connectPool(await createDatabase(adminUrl, 'resolved'), { max: 3 })
    closing.push(() => pool.end())
    await pool.query(RESOLVED_SCHEMA)
    const naked = await connectPool(await createDatabase(adminUrl, 'naked_resolved'), { max: 1 })
    closing.push(() => naked.end())
    await naked.query(RESOLVED_SCHEMA)
    for (const sql of RESOLVED_CALLS) {
      const run = runGuarded(pool, sql, { timeoutMs: 5_000, prefix: 'EXPLAIN (ANALYZE) ' })
      await expect(run).rejects.toMatchObject({ code: 'sql.not-a-read' })
      expect([sql, await locks(pool)]).toEqual([sql, 0])
      // Where no guard is, the same statement takes its lock.
      await naked.query(sql)
      expect([sql, await locks(naked)]).not.toEqual([sql, 0])
      await naked.query('select pg_advisory_unlock_all()')
    }
    const { attempts, ran } = await attack(pool, { sample: 12 })
    expect(attempts).toBeGreaterThanOrEqual(20)
    expect(ran).toEqual([])
  },
  400_000,
)
