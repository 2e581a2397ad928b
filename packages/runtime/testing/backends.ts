import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import { redisInstalled, type RedisServer, redisServer } from './redis-server.ts'

/** The servers of one test file: a PostgreSQL of its own, and a Redis where the queues are on Redis. */
export interface Servers {
  url: string
  redis: RedisServer | null
  /** Ends PostgreSQL as a crash would, without telling anybody. */
  stopPostgres(): Promise<void>
  startPostgres(): Promise<void>
  close(): Promise<void>
}

/** A backend of the queues, for `describe.each`. */
export interface BackendCase {
  name: string
  open: () => Promise<Servers>
}

/** The backends that this machine can run. */
export function backends(): BackendCase[] {
  const postgres = { name: 'PostgreSQL', open: () => openServers(false) }
  return redisInstalled() ? [postgres, { name: 'Redis', open: () => openServers(true) }] : [postgres]
}

async function openServers(withRedis: boolean): Promise<Servers> {
  const home = await mkdtemp(join(tmpdir(), 'esa-worker-'))
  const { url } = await ensureEmbeddedServer({ home })
  const redis = withRedis ? await redisServer() : null
  return {
    url,
    redis,
    stopPostgres: async () => void (await stopEmbeddedServer({ home, mode: 'immediate' })),
    startPostgres: async () => void (await ensureEmbeddedServer({ home })),
    close: async () => {
      await redis?.close()
      await stopEmbeddedServer({ home, mode: 'immediate' })
      await rm(home, { recursive: true, force: true })
    },
  }
}
