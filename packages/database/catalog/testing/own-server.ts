import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectPool, createDatabase, ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import type { Pool } from 'pg'
import { afterAll, beforeAll } from 'vitest'

/** A PostgreSQL that the tests of one file have for themselves. */
export interface OwnServer {
  /** Where its superuser reaches it; from the first `beforeAll` on. */
  readonly adminUrl: string
  /** A folder that goes with it. */
  readonly home: string
  /** Connections to one of its databases, which end with the tests. */
  connect(url: string): Promise<Pool>
  /** The same to a new database that holds what `sql` makes. */
  database(name: string, sql?: string): Promise<Pool>
}

/** Starts a server before the tests of this file, and removes it with all its databases after them. */
export function ownServer(): OwnServer {
  const pools: Pool[] = []
  let home: string
  let adminUrl: string
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'esa-postgres-'))
    // It runs as another user when the tests run as root, and must get in.
    await chmod(home, 0o755)
    ;({ adminUrl } = await ensureEmbeddedServer({ home }))
  })
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.end()))
    await stopEmbeddedServer({ home, mode: 'immediate' })
    await rm(home, { recursive: true, force: true })
  })
  const connect = async (url: string): Promise<Pool> => {
    const pool = await connectPool(url)
    pools.push(pool)
    return pool
  }
  return {
    get adminUrl() {
      return adminUrl
    },
    get home() {
      return home
    },
    connect,
    async database(name, sql) {
      const pool = await connect(await createDatabase(adminUrl, name))
      if (sql !== undefined) await pool.query(sql)
      return pool
    },
  }
}
