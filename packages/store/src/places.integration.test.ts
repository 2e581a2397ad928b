import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase, ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { migrate } from './migrate.ts'
import { residence, settle } from './places.ts'
import { openPostgresStore } from './postgres-store.ts'

describe('where a runtime is at home', () => {
  let home: string
  let url: string
  let databases = 0

  const runtimeId = async (): Promise<string> => {
    const store = await openPostgresStore({ url, max: 1 })
    const { id } = await store.runtime()
    await store.close()
    return id
  }

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'esa-places-'))
  })
  beforeEach(async () => {
    const server = await ensureEmbeddedServer({ home })
    url = await createDatabase(server.url, `places_${++databases}`)
    await migrate(url)
  })
  afterAll(async () => {
    await stopEmbeddedServer({ home, mode: 'immediate' })
    await rm(home, { recursive: true, force: true })
  })

  it('is settled by the first that claims it, and by no reader', async () => {
    expect(await residence(url, 'looker:1')).toMatchObject({ atHome: true, places: [] })
    expect(await residence(url, 'db:5432', { claim: true })).toMatchObject({ atHome: true })
    const elsewhere = await residence(url, 'other:5432', { claim: true })
    expect(elsewhere.atHome).toBe(false)
    expect(elsewhere.places).toEqual([
      { address: 'db:5432', database: `places_${databases}`, system: elsewhere.here.system },
    ])
    expect(elsewhere.here.system).toMatch(/^\d+$/)
  })

  it('is one more place for the same database, which stays who it is', async () => {
    await residence(url, 'db:5432', { claim: true })
    const before = await runtimeId()
    await settle(url, 'alias:5432', 'same')
    expect((await residence(url, 'alias:5432')).atHome).toBe(true)
    expect((await residence(url, 'db:5432')).atHome).toBe(true)
    expect(await runtimeId()).toBe(before)
  })

  it('is the new place alone for a copy, which becomes another runtime', async () => {
    await residence(url, 'db:5432', { claim: true })
    const before = await runtimeId()
    await settle(url, 'restored:5432', 'copy')
    expect((await residence(url, 'restored:5432')).atHome).toBe(true)
    expect((await residence(url, 'db:5432')).atHome).toBe(false)
    expect(await runtimeId()).not.toBe(before)
  })
})
