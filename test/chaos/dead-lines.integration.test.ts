import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import { migrate, openPostgresStore, type Store } from '@esa/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LineProxy, openLineProxy } from './line-proxy.ts'

const LINES = 4

describe('a store whose lines have all died without a word', () => {
  let home: string
  let proxy: LineProxy
  let store: Store

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'esa-lines-'))
    const { url } = await ensureEmbeddedServer({ home })
    await migrate(url)
    const through = new URL(url)
    proxy = await openLineProxy({ host: '127.0.0.1', port: Number(through.port) })
    through.port = String(proxy.port)
    store = await openPostgresStore({ url: through.href, max: LINES, onError: () => {} })
  })
  afterAll(async () => {
    await store.close()
    await proxy.close()
    await stopEmbeddedServer({ home, mode: 'immediate' })
    await rm(home, { recursive: true, force: true })
  })

  /** Every line of the pool is open, and lies idle. */
  const allOpen = () => Promise.all(Array.from({ length: LINES }, () => store.runtime()))

  it('waits in vain for one of them, and trusts none of the others', async () => {
    await allOpen()
    proxy.swallow()
    await expect(store.runtime()).rejects.toMatchObject({ code: 'database.timeout' })
    for (const { id } of await allOpen()) expect(id).toBeTruthy()
  })

  it('does so as well after a step, and for a reader of the log', async () => {
    for (const asked of [() => store.transact((tx) => tx.env()), () => store.feed(0, 1)]) {
      await allOpen()
      proxy.swallow()
      await expect(asked()).rejects.toMatchObject({ code: 'database.timeout' })
      await allOpen()
    }
  })
})
