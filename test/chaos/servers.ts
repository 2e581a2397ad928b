import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createDatabase, ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import pg from 'pg'
import { redisInstalled, type RedisServer, redisServer } from '@esa/runtime/testing'

/** What the queues are on. */
export type Backend = 'postgres' | 'redis'

/** The servers of a run. Each is real, alone on a free port of this machine, and may be treated badly. */
export interface Servers {
  postgres: PostgresServer
  /** Null where no Redis is installed. */
  redis: RedisServer | null
  close(): Promise<void>
}

/** A PostgreSQL with a home of its own. */
class PostgresServer {
  readonly #home: string
  #url = ''
  #pid = 0

  private constructor(home: string) {
    this.#home = home
  }

  static async open(): Promise<PostgresServer> {
    const home = await mkdtemp(join(tmpdir(), 'esa-chaos-pg-'))
    // PostgreSQL does not run as root, and must get in.
    await chmod(home, 0o755)
    const server = new PostgresServer(home)
    await server.start()
    return server
  }

  /** Starts it on the same files and port, after whatever ended it. */
  async start(): Promise<void> {
    const { url, pid } = await ensureEmbeddedServer({ home: this.#home })
    this.#url = url
    this.#pid = pid
  }

  /** kill -9 of the server itself, which resolves when it is gone; its backends end when they notice. */
  async kill(): Promise<void> {
    process.kill(this.#pid, 'SIGKILL')
    while (isAlive(this.#pid)) await pause(5)
  }

  /** Ends its connections in order, writes everything down, and starts again. */
  async restart(): Promise<void> {
    await stopEmbeddedServer({ home: this.#home })
    await this.start()
  }

  /** A new database, by URL. */
  database(name: string): Promise<string> {
    return createDatabase(this.#url, name)
  }

  /** One statement as superuser. */
  async run<Row extends object>(sql: string, url = this.#url): Promise<Row[]> {
    const client = new pg.Client({ connectionString: url })
    // It may be this very connection that the statement ends.
    client.on('error', () => {})
    await client.connect()
    try {
      return (await client.query<Row>(sql)).rows
    } finally {
      await client.end().catch(() => {})
    }
  }

  async close(): Promise<void> {
    await stopEmbeddedServer({ home: this.#home, mode: 'immediate' })
    await rm(this.#home, { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Starts the servers of a run. */
export async function openServers(): Promise<Servers> {
  const postgres = await PostgresServer.open()
  const redis = redisInstalled() ? await redisServer() : null
  return {
    postgres,
    redis,
    close: async () => {
      await redis?.close()
      await postgres.close()
    },
  }
}
