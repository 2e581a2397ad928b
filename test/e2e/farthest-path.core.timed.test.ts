import { type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createDatabase } from '@esa/pg-server'
import { hasOtherPostgres, startOtherPostgres, type TestServer } from '@esa/pg-server/testing'
import { openPostgresStore, type Store, type StoredEvent } from '@esa/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redisInstalled, type RedisServer, redisServer, until } from '@esa/runtime/testing'
import { EsaHome, says } from './run-esa.ts'

/** The promise: so late at most, ms. */
const LATE_MAX_MS = 1_000

/** The peers' 30 minutes become 3 s, the chief's hour 6 s. */
const TIME_SCALE = '600'
const PEERS_WAIT_MS = 3_000

/** Enough that each of three processes has some in hand when one of them dies. */
const INCIDENTS = 9

describe.runIf([redisInstalled(), hasOtherPostgres()].every(Boolean))(
  'three worker processes, Redis, PostgreSQL 15 by URL, and one of them killed',
  () => {
    let home: EsaHome
    let server: TestServer
    let redis: RedisServer
    let store: Store
    let environment: NodeJS.ProcessEnv
    const workers: ChildProcess[] = []

    const esa = async <T>(...args: string[]): Promise<T> => {
      const { code, stdout, stderr } = await home.run([...args, '--json'], environment)
      if (code !== 0) throw new Error(`esa ${args.join(' ')} ended with ${code}: ${stderr}`)
      return JSON.parse(stdout) as T
    }
    const start = async (): Promise<void> => {
      const worker = home.start(['worker'], environment)
      workers.push(worker)
      await says(worker, 'ready in ')
    }
    const end = async (worker: ChildProcess, signal: NodeJS.Signals): Promise<unknown> => {
      const gone = once(worker, 'exit')
      worker.kill(signal)
      const [code, by] = await gone
      return code ?? by
    }
    const logged = async (id: string, type: string): Promise<StoredEvent[]> =>
      (await store.readStream(id)).filter((event) => event.type === type)

    beforeAll(async () => {
      home = await EsaHome.create()
      server = await startOtherPostgres()
      redis = await redisServer()
      const url = await createDatabase(server.url, 'esa')
      environment = { DATABASE_URL: url, REDIS_URL: redis.url, ESA_TIME_SCALE: TIME_SCALE }
      await esa('migrate')
      store = await openPostgresStore({ url, max: 2 })
      await Promise.all([start(), start(), start()])
    })
    afterAll(async () => {
      await Promise.all(
        workers
          .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
          .map((worker) => end(worker, 'SIGKILL')),
      )
      await store.close()
      await redis.close()
      await server.close()
      await home.remove()
    })

    it('keeps every deadline once and in time, and loses nothing', async () => {
      const open = async (n: number): Promise<string> => {
        const about = ['--agent', 'layer-1', '--category', 'integration', '--title', `pool ${n} is exhausted`]
        return (await esa<{ id: string }>('incidents', 'open', ...about)).id
      }
      const ids = await Promise.all(Array.from({ length: INCIDENTS }, (_, n) => open(n)))
      for (const id of ids)
        await until(
          `the peers are notified of ${id}`,
          async () => (await logged(id, 'notice.sent')).length >= 2,
        )
      // From the log: the timer of a row may be that of the next level by now, on a busy machine.
      const due = await Promise.all(
        ids.map(async (id) => (await logged(id, 'incident.opened'))[0]!.at + PEERS_WAIT_MS),
      )
      const near = Math.min(...due) - 200
      await until('the deadlines are near', async () => (await store.runtime()).nowMs > near)
      expect(await end(workers[0]!, 'SIGKILL')).toBe('SIGKILL')

      for (const [index, id] of ids.entries()) {
        const toChief = await until(`${id} climbs`, async () => {
          const climbs = (await logged(id, 'incident.escalated')).filter(({ level }) => level === 'chief')
          return climbs.length > 0 && climbs
        })
        expect(toChief).toHaveLength(1)
        expect(toChief[0]!.at).toBeGreaterThan(due[index]!)
        expect(toChief[0]!.at - due[index]!).toBeLessThanOrEqual(LATE_MAX_MS)
      }
      await Promise.all(
        ids.map((id) => esa('incidents', 'resolve', id, '--as', 'operator', '--cause', 'enlarged')),
      )
      await until('all is delivered', async () => {
        const { messages, activities } = await store.backlog()
        return messages + activities === 0
      })
      for (const id of ids) {
        const told = (await logged(id, 'notice.sent')).map(({ data }) =>
          JSON.stringify([data['target'], data['visit']]),
        )
        expect(new Set(told).size).toBe(told.length)
      }
      const verdict = await esa<{ diverged: unknown[]; unchecked: number; chain: { broken: unknown[] } }>(
        'replay',
        'verify',
        '--all',
      )
      expect(verdict).toMatchObject({ diverged: [], unchecked: 0, chain: { broken: [] } })
      const status = await esa<{ running: boolean; queues: string; muted: boolean; lateness: object }>(
        'status',
      )
      expect(status).toMatchObject({ running: true, queues: 'redis', muted: false })
      for (const worker of workers.slice(1)) expect(await end(worker, 'SIGTERM')).toBe(0)
    })
  },
)
