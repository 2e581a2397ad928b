import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase, ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrate } from './migrate.ts'
import { openPostgresStore } from './postgres-store.ts'
import { opening, put, signal } from './store-contract-rows.ts'
import type { Store } from './store.ts'

/** Nobody waits longer for a frozen one, with what a busy machine adds, ms. */
const FREE_WITHIN_MS = 4_000

describe('a process that freezes with an actor locked', () => {
  let home: string
  let frozen: Store
  let other: Store

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'esa-frozen-'))
    const { url } = await ensureEmbeddedServer({ home })
    const database = await createDatabase(url, 'frozen')
    await migrate(database)
    frozen = await openPostgresStore({ url: database, max: 1 })
    other = await openPostgresStore({ url: database, max: 1 })
  })
  afterAll(async () => {
    await frozen.close()
    await other.close()
    await stopEmbeddedServer({ home, mode: 'immediate' })
    await rm(home, { recursive: true, force: true })
  })

  it('loses it to the others soon, and its own step when it thaws', async () => {
    await put(frozen, { actors: [opening('a')] })
    const [locked, thawed] = [signal(), signal()]
    const step = frozen.transact(async (tx) => {
      await tx.lockActors(['a'])
      locked.reach()
      await thawed.reached
    })
    // Whoever looks at it does so in the end.
    step.catch(() => {})
    await locked.reached
    const began = performance.now()
    expect(await other.transact((tx) => tx.lockActors(['a']))).toHaveLength(1)
    expect(performance.now() - began).toBeLessThan(FREE_WITHIN_MS)
    thawed.reach()
    await expect(step).rejects.toMatchObject({ kind: 'transient' })
    expect(await frozen.transact((tx) => tx.lockActors(['a']))).toHaveLength(1)
  })
})
