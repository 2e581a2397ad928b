import { connectPool, createDatabase } from '@esa/pg-server'
import type { Pool } from 'pg'
import { expect, it } from 'vitest'
import { attack } from '../../testing/attack-guard.ts'
import { closing, eachServer } from '../../testing/each-server.ts'
import { RESOLVED_CALLS, RESOLVED_SCHEMA } from '../../testing/resolved-attempts.ts'
import { runGuarded } from '../../testing/run-guarded.ts'

async function locks(pool: Pool): Promise<number> {
  const { rows } = await pool.query(`select count(*)::int as held from pg_locks where locktype = 'advisory'`)
  return rows[0].held as number
}

const servers = eachServer()

it.each(servers)(
  'what acts without standing in the statement is refused, and so is every function that acts: %s',
  async (_, __, start) => {
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
