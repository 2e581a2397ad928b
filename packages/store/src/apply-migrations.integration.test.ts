import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectPool, createDatabase, ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import type { Pool } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { applyMigrations } from './apply-migrations.ts'
import { migrate, schemaState } from './migrate.ts'
import { openPostgresStore } from './postgres-store.ts'
import { advance, opening, put } from './store-contract-rows.ts'
import type { Store } from './store.ts'

const JOURNAL = 'esa_migrations.applied'

/** A worker's promise is 1 s; a migration may cost it a part of that, ms. */
const STALL_MAX_MS = 600

const next = (statement: string) => ({ when: 9_999_999_999_999, hash: 'next', statements: [statement] })

describe('a migration while workers of the version before are at work', () => {
  let home: string
  let url: string
  let pool: Pool
  let store: Store
  let databases = 0

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'esa-migrate-'))
    await ensureEmbeddedServer({ home })
  })
  beforeEach(async () => {
    const server = await ensureEmbeddedServer({ home })
    url = await createDatabase(server.url, `migrate_${++databases}`)
    await migrate(url)
    pool = await connectPool(url, { max: 4 })
    store = await openPostgresStore({ url })
  })
  afterEach(async () => {
    await store.close()
    await pool.end()
  })
  afterAll(async () => {
    await stopEmbeddedServer({ home, mode: 'immediate' })
    await rm(home, { recursive: true, force: true })
  })

  it('adds a column, and the worker goes on writing before, meanwhile and after', async () => {
    await put(store, { actors: [opening('a')] })
    let migrated = false
    let steps = 0
    const stalls: number[] = []
    const work = async (): Promise<void> => {
      for (let after = 0; after < 20; after += migrated ? 1 : 0) {
        const began = performance.now()
        await advance(store, 'a', `input-${++steps}`)
        stalls.push(performance.now() - began)
      }
    }
    const working = work()
    // Somebody reads for a while: the migration cannot have its lock, and must not make the worker wait for it.
    const reader = await pool.connect()
    await reader.query('begin; select count(*) from esa.actors')
    const migrating = applyMigrations(pool, JOURNAL, [next('alter table esa.actors add column more text')])
    const before = steps
    await tries(pool, 3)
    expect(steps).toBeGreaterThan(before)
    await reader.query('commit')
    reader.release()
    await migrating
    migrated = true
    await working
    expect(Math.max(...stalls)).toBeLessThan(STALL_MAX_MS)
    expect(await store.readStream('a')).toHaveLength(steps + 1)
    expect((await pool.query(`select more from esa.actors`)).rows).toEqual([{ more: null }])
  })

  it('is all there or not at all', async () => {
    const half = next('alter table esa.actors add column more text')
    half.statements.push('alter table esa.nothing add column more text')
    await expect(applyMigrations(pool, JOURNAL, [half])).rejects.toMatchObject({ code: 'database.schema' })
    await expect(pool.query('select more from esa.actors')).rejects.toThrow('does not exist')
    expect(await schemaState(url)).toBe('current')
  })

  it('is done once by two that migrate at the same time, on an empty database too', async () => {
    const file = next('create table esa.more (one text)')
    await Promise.all([1, 2, 3].map(() => applyMigrations(pool, JOURNAL, [file])))
    const empty = await createDatabase(url, `migrate_${++databases}`)
    await Promise.all([migrate(empty), migrate(empty), migrate(empty)])
    expect(await schemaState(empty)).toBe('current')
  })
})

/** Resolves when a migration has waited for its lock and given up so often. */
async function tries(pool: Pool, count: number): Promise<void> {
  const waiting = `select count(*)::int as n from pg_locks where not granted and relation = 'esa.actors'::regclass`
  for (let seen = 0, was = 0; seen < count;) {
    const { rows } = await pool.query<{ n: number }>(waiting)
    const now = rows[0]!.n > 0 ? 1 : 0
    if (now === 0 && was === 1) seen++
    was = now
  }
}
