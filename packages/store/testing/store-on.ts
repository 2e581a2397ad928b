import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase, createLogin, ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import type { TestServer } from '@esa/pg-server/testing'
import pg from 'pg'
import { afterAll, beforeAll } from 'vitest'
import { applyMigrations, type MigrationFile } from '../src/apply-migrations.ts'
import { migrate } from '../src/migrate.ts'
import { openPostgresStore } from '../src/postgres-store.ts'
import { withPool } from '../src/with-pool.ts'
import { type LossyProxy, openLossyProxy } from './lossy-proxy.ts'
import { storeContract } from './store-contract.ts'
import type { StoreHarness } from './store-contract-rows.ts'

const JOURNAL = 'esa_migrations.applied'

/** Every instant moves back, which is what time that passes looks like to a row. */
const PASS = `
  update esa.actors set due_at = due_at - $1::bigint where due_at is not null;
  update esa.messages set at = at - $1::bigint, rung_at = rung_at - $1::bigint;
  update esa.activities set at = at - $1::bigint, rung_at = rung_at - $1::bigint, claimed_until = claimed_until - $1::bigint;
  update esa.openings set since = since - $1::bigint;
  update esa.tokens set expires_at = expires_at - $1::bigint;
  update esa.sessions set expires_at = expires_at - $1::bigint;
  update esa.sign_in_links set expires_at = expires_at - $1::bigint;
  update esa.requests set at = at - $1::bigint, expires_at = expires_at - $1::bigint;
  update esa.workers set beat_at = beat_at - $1::bigint`

const TABLES =
  'actors events messages activities workers metrics openings tokens accounts sign_in_links sessions requests people stand_ins channels deliveries ack_links'

/**
 * A superuser may empty the log for the next case; its triggers refuse every other role. To delete a few rows takes far less than
 * to truncate, which makes the files of so many tables again.
 */
const EMPTY = `set session_replication_role = replica;
  ${TABLES.split(' ')
    .map((table) => `delete from esa.${table};`)
    .join('\n  ')}`

/** A role that owns nothing. */
const RUNTIME = 'esa_contract'

/** A way to a database: its server, and what is in front of it. */
export interface Deployment {
  name: string
  server: () => Promise<TestServer>
  /** Anything between the store and its server. */
  front?: (url: string) => Promise<TestServer>
  hears: boolean
  /** Migrations of versions after this one. */
  later?: MigrationFile[]
  /** The store connects as a role that owns nothing; another one migrates. */
  split?: boolean
}

/** The server that comes with the product, in a home of its own. */
export async function embedded(): Promise<TestServer> {
  const home = await mkdtemp(join(tmpdir(), 'esa-store-'))
  const { url } = await ensureEmbeddedServer({ home })
  const close = async (): Promise<void> => {
    await stopEmbeddedServer({ home, mode: 'immediate' })
    await rm(home, { recursive: true, force: true })
  }
  return { url, close }
}

/** The whole contract of a store, on a database that is reached so. */
export function storeOn({ server: start, front, hears, split, later = [] }: Deployment): void {
  let server: TestServer
  /** What the store is given, and the same over a line that can lose an answer. */
  let ways: { sound: TestServer; lossy: TestServer }
  let admin: pg.Client
  let proxy: LossyProxy

  beforeAll(async () => {
    server = await start()
    const url = await createDatabase(server.url, 'store_contract')
    const { hostname, port } = new URL(url)
    proxy = await openLossyProxy({ host: hostname, port: Number(port) })
    const lossyUrl = withPort(url, proxy.port)
    const direct = (to: string): Promise<TestServer> => Promise.resolve({ url: to, close: async () => {} })
    const open = front ?? direct
    ways = { sound: await open(url), lossy: await open(lossyUrl) }
    if (split === true) await createLogin(url, asRuntime(url))
    await migrate(ways.sound.url, split === true ? RUNTIME : null)
    await withPool(url, 'store contract', (pool) => applyMigrations(pool, JOURNAL, later))
    if (split === true) {
      ways = { sound: await direct(asRuntime(url)), lossy: await direct(asRuntime(lossyUrl)) }
    }
    admin = new pg.Client({ connectionString: url })
    await admin.connect()
  })

  afterAll(async () => {
    await admin.end()
    for (const way of [ways.sound, ways.lossy]) await way.close()
    await proxy.close()
    await server.close()
  })

  storeContract(async (): Promise<StoreHarness> => {
    await admin.query(EMPTY)
    const open = (to: string) => openPostgresStore({ url: to, applicationName: 'store contract' })
    const store = await open(ways.lossy.url)
    const others: (typeof store)[] = []
    return {
      store,
      hears,
      second: async () => {
        const other = await open(ways.sound.url)
        others.push(other)
        // Its first connection takes longest: not while a case holds a transaction open.
        await other.runtime()
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
}

function asRuntime(url: string): string {
  const other = new URL(url)
  other.username = RUNTIME
  other.password = 'hunter2'
  return other.href
}

function withPort(url: string, port: number): string {
  const other = new URL(url)
  other.port = String(port)
  return other.href
}
