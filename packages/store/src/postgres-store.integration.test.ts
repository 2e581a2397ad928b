import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase, ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import pg from 'pg'
import { afterAll, beforeAll, describe } from 'vitest'
import { type LossyProxy, openLossyProxy } from './lossy-proxy.ts'
import { migrate } from './migrate.ts'
import { openPostgresStore } from './postgres-store.ts'
import { storeContract } from './store-contract.ts'
import type { StoreHarness } from './store-contract-rows.ts'

/** Every instant moves back, which is what time that passes looks like to a row. */
const PASS = `
  update esa.actors set due_at = due_at - $1::bigint where due_at is not null;
  update esa.messages set at = at - $1::bigint, rung_at = rung_at - $1::bigint;
  update esa.activities set at = at - $1::bigint, rung_at = rung_at - $1::bigint, claimed_until = claimed_until - $1::bigint;
  update esa.workers set beat_at = beat_at - $1::bigint`

const EMPTY = `truncate esa.actors, esa.events, esa.messages, esa.activities, esa.workers, esa.metrics`

describe('the store on PostgreSQL', () => {
  let home: string
  let url: string
  let admin: pg.Client
  let proxy: LossyProxy

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'esa-store-'))
    const server = await ensureEmbeddedServer({ home })
    url = await createDatabase(server.url, 'store_contract')
    await migrate(url)
    admin = new pg.Client({ connectionString: url })
    await admin.connect()
    proxy = await openLossyProxy({ host: '127.0.0.1', port: server.port })
  })

  afterAll(async () => {
    await proxy.close()
    await admin.end()
    await stopEmbeddedServer({ home, mode: 'immediate' })
    await rm(home, { recursive: true, force: true })
  })

  storeContract(async (): Promise<StoreHarness> => {
    await admin.query(EMPTY)
    const lossy = new URL(url)
    lossy.port = String(proxy.port)
    const open = (to: string) => openPostgresStore({ url: to, applicationName: 'store contract' })
    const store = await open(lossy.href)
    const others: (typeof store)[] = []
    return {
      store,
      second: async () => {
        const other = await open(url)
        others.push(other)
        return other
      },
      pass: async (ms) => {
        for (const statement of PASS.split(';')) await admin.query(statement, [ms])
      },
      loseNextCommit: () => proxy.loseNextCommit(),
      close: async () => {
        await Promise.all([store, ...others].map((one) => one.close()))
      },
    }
  })
})
