import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { until } from './until.ts'

/** A Redis of one test, on a free port of this machine, with the settings that the runtime asks for. */
export interface RedisServer {
  url: string
  /** Starts it again on the same port and files, unless it runs. */
  start(): Promise<void>
  /** Ends it: politely by default, with SIGKILL when `hard`. With `forget` its files are lost as well. */
  stop(options?: { hard?: boolean; forget?: boolean }): Promise<void>
  /** One command by a client of its own. */
  run(command: string, ...values: string[]): Promise<unknown>
  /** Ends it and removes its files. */
  close(): Promise<void>
}

/** True when this machine has a Redis; prints how to get one when it has not. */
export function redisInstalled(): boolean {
  if (spawnSync('redis-server', ['--version']).status === 0) return true
  process.stderr.write(
    '\n!! no redis-server here: tests on Redis are SKIPPED (apt-get install redis-server)\n\n',
  )
  return false
}

/** Starts a Redis. `settings` are added to its command line, and win. */
export async function redisServer(settings: string[] = []): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), 'esa-redis-'))
  const port = await freePort()
  let child: ChildProcess | null = null

  const run = async (command: string, ...values: string[]): Promise<unknown> => {
    const client = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => null })
    client.on('error', () => {})
    try {
      await client.connect()
      return await client.call(command, ...values)
    } finally {
      client.disconnect()
    }
  }
  const start = async (): Promise<void> => {
    if (child !== null) return
    const durable = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', '']
    const place = ['--bind', '127.0.0.1', '--port', String(port), '--dir', directory]
    const options = [...place, ...durable, '--maxmemory-policy', 'noeviction', ...settings]
    child = spawn('redis-server', options, { stdio: 'ignore' })
    await until('Redis answers', async () => (await run('PING').catch(() => null)) === 'PONG')
  }
  const stop = async ({ hard = false, forget = false } = {}): Promise<void> => {
    const running = child
    child = null
    if (running === null) return
    const gone = new Promise((resolve) => running.once('exit', resolve))
    running.kill(hard ? 'SIGKILL' : 'SIGTERM')
    await gone
    if (forget) await rm(join(directory, 'appendonlydir'), { recursive: true, force: true })
  }
  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    stop,
    run,
    close: async () => {
      await stop({ hard: true })
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no free port'))
        else resolve(address.port)
      })
    })
  })
}
