import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectPool, createDatabase, ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import type { Pool } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { applyMigrations } from './apply-migrations.ts'
import { migrate, schemaState } from './migrate.ts'
import { openPostgresStore } from './postgres-store.ts'
import { advance, opening, put } from '../testing/store-contract-rows.ts'
import type { Store } from './store.ts'

const JOURNAL = 'esa_migrations.applied'

/** A worker's promise is 1 s; a migration may cost it a part of that, ms. */
const STALL_MAX_MS = 600

/** All actors of the suite are of one version: as a UNIQUE one it cannot be built. */
const INDEX = 'CREATE INDEX CONCURRENTLY "next" ON "esa"."actors" USING btree ("version");'

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
    pool = await connectPool(url, { max: 6 })
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
    // A reader holds its lock for a while: the migration cannot have its lock, and must not make the worker wait for it.
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

  it('builds an index while the worker goes on writing', async () => {
    await put(store, { actors: [opening('a')] })
    // A snapshot that was taken before: the build cannot end without it.
    const reader = await pool.connect()
    await reader.query('begin isolation level repeatable read; select count(*) from esa.actors')
    const migrating = applyMigrations(pool, JOURNAL, [next(INDEX)])
    await untilTrue(async () => (await validOf(pool)) === false)
    const stalls: number[] = []
    for (let step = 0; step < 20; step++) {
      const began = performance.now()
      await advance(store, 'a', `input-${step}`)
      stalls.push(performance.now() - began)
    }
    expect(await validOf(pool)).toBe(false)
    // Another process that migrates meanwhile leaves the build alone, and finds it done.
    const second = applyMigrations(pool, JOURNAL, [next(INDEX)])
    await tries(pool, 2, `locktype = 'advisory'`)
    await reader.query('commit')
    reader.release()
    await Promise.all([migrating, second])
    expect(await validOf(pool)).toBe(true)
    expect(Math.max(...stalls)).toBeLessThan(STALL_MAX_MS)
    const { rows } = await pool.query(`select from ${JOURNAL} where hash = 'next'`)
    expect(rows).toHaveLength(1)
  })

  it('rebuilds an index that was interrupted, and takes one that was finished', async () => {
    await put(store, { actors: [opening('a'), opening('b')] })
    const unique = next(INDEX.replace('INDEX', 'UNIQUE INDEX'))
    await expect(applyMigrations(pool, JOURNAL, [unique])).rejects.toMatchObject({
      code: 'database.conflict',
    })
    expect([await validOf(pool), await schemaState(url)]).toEqual([false, 'current'])
    await applyMigrations(pool, JOURNAL, [next(INDEX)])
    expect([await validOf(pool), await schemaState(url)]).toEqual([true, 'newer'])
    // The build was done, and its process died before it was recorded.
    await pool.query(`delete from ${JOURNAL} where hash = 'next'`)
    await applyMigrations(pool, JOURNAL, [next(INDEX)])
    expect([await validOf(pool), await schemaState(url)]).toEqual([true, 'newer'])
  })

  it('is done once by two that migrate at the same time, on an empty database too', async () => {
    const file = next('create table esa.more (one text)')
    await Promise.all([1, 2, 3].map(() => applyMigrations(pool, JOURNAL, [file])))
    const empty = await createDatabase(url, `migrate_${++databases}`)
    await Promise.all([migrate(empty), migrate(empty), migrate(empty)])
    expect(await schemaState(empty)).toBe('current')
  })
})

/** Whether the index is valid; null when there is none. */
async function validOf(pool: Pool): Promise<boolean | null> {
  const { rows } = await pool.query<{ valid: boolean }>(
    `select indisvalid as valid from pg_index where indexrelid = to_regclass('esa.next')`,
  )
  return rows[0]?.valid ?? null
}

async function untilTrue(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds()));
}

/** Resolves when a migration has waited for its lock and given up so often. */
async function tries(pool: Pool, count: number, lock = `relation = 'esa.actors'::regclass`): Promise<void> {
  const waiting = `select count(*)::int as n from pg_locks where not granted and ${lock}`
  for (let seen = 0, was = 0; seen < count;) {
    const { rows } = await pool.query<{ n: number }>(waiting)
    const now = rows[0]!.n > 0 ? 1 : 0
    if (now === 0 && was === 1) seen++
    was = now
  }
}
