import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase, ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openLossyProxy } from '../testing/lossy-proxy.ts'
import { migrate } from './migrate.ts'
import { openPostgresStore } from './postgres-store.ts'
import { opening, put, signal } from '../testing/store-contract-rows.ts'
import type { Store } from './store.ts'

/** No worker waits longer for a frozen one, with what a busy machine adds, ms. */
const FREE_WITHIN_MS = 4_000

/** A statement is given up after 5 s, with what a busy machine adds, ms. */
const GIVEN_UP_WITHIN_MS = 8_000

describe('a process that freezes with an actor locked', () => {
  let home: string
  let frozen: Store
  let other: Store
  let database: string

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'esa-frozen-'))
    const { url } = await ensureEmbeddedServer({ home })
    database = await createDatabase(url, 'frozen')
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
    // Its readers do so in the end.
    step.catch(() => {})
    await locked.reached
    const began = performance.now()
    expect(await other.transact((tx) => tx.lockActors(['a']))).toHaveLength(1)
    expect(performance.now() - began).toBeLessThan(FREE_WITHIN_MS)
    thawed.reach()
    await expect(step).rejects.toMatchObject({ code: 'store.step-lost', kind: 'transient' })
    expect(await frozen.transact((tx) => tx.lockActors(['a']))).toHaveLength(1)
  })

  it('whose connection is half-open gives up its statement, and continues over a new one', async () => {
    const { port } = new URL(database)
    const proxy = await openLossyProxy({ host: '127.0.0.1', port: Number(port) })
    const url = new URL(database)
    url.port = String(proxy.port)
    const store = await openPostgresStore({ url: url.href, max: 3 })
    const [stepping, committing, silent] = [signal(), signal(), signal()]
    const step = store.transact(async (tx) => {
      stepping.reach()
      await silent.reached
      await tx.env()
    })
    const commit = store.transact(async () => {
      committing.reach()
      await silent.reached
    })
    for (const each of [step, commit]) each.catch(() => {})
    await Promise.all([stepping.reached, committing.reached, store.due(1)])
    proxy.goSilent()
    const began = performance.now()
    silent.reach()
    await expect(store.due(1)).rejects.toMatchObject({ code: 'database.timeout', kind: 'transient' })
    await expect(step).rejects.toMatchObject({ code: 'database.timeout', kind: 'transient' })
    await expect(commit).rejects.toMatchObject({ code: 'store.commit-unknown', kind: 'transient' })
    expect(performance.now() - began).toBeLessThan(GIVEN_UP_WITHIN_MS)
    expect(await store.due(1)).toMatchObject({ ids: [] })
    await store.close()
    await proxy.close()
  })
})
