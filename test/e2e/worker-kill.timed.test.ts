import { type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { ensureEmbeddedServer } from '@esa/pg-server'
import { openPostgresStore, type Store, type StoredEvent } from '@esa/store'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { redisInstalled, type RedisServer, redisServer, until } from '@esa/runtime/testing'
import { EsaHome, says } from './run-esa.ts'

/** The promise: so late at most, from the deadline or from when a worker is back, whichever is later, ms. */
const LATE_MAX_MS = 1_000

/** The peers' 30 minutes become 3 s, the chief's hour 6 s. */
const TIME_SCALE = '600'

const cases = [
  { name: 'PostgreSQL', onRedis: false },
  ...(redisInstalled() ? [{ name: 'Redis', onRedis: true }] : []),
]

/** Sends a signal, and answers how the process ended: an exit code, or the signal. */
async function end(worker: ChildProcess, signal: NodeJS.Signals): Promise<unknown> {
  const exited = once(worker, 'exit')
  worker.kill(signal)
  const [code, by] = await exited
  return code ?? by
}

/** A stop is over in a moment, but BullMQ sits out a pause of 5 s when its connection to Redis ends, ms. */
const STOPPED_WITHIN_MS = 7_000

describe.each(cases)('a worker process with its queues on $name', ({ onRedis }) => {
  let home: EsaHome
  let redis: RedisServer | null = null
  let store: Store
  const workers: ChildProcess[] = []

  beforeAll(async () => {
    home = await EsaHome.create()
    redis = onRedis ? await redisServer() : null
    // Its first start makes the database, so that every later one takes as long as the others.
    await end(await start('up'), 'SIGTERM')
    store = await openPostgresStore({ url: (await ensureEmbeddedServer(home)).url, max: 2 })
  })
  afterEach(async () => {
    const left = workers
      .splice(0)
      .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
    await Promise.all(left.map((worker) => end(worker, 'SIGKILL')))
  })
  afterAll(async () => {
    await store.close()
    await redis?.close()
    await home.remove()
  })

  const start = async (command = 'worker'): Promise<ChildProcess> => {
    const worker = home.start(['--time-scale', TIME_SCALE, command], onRedis ? { REDIS_URL: redis!.url } : {})
    workers.push(worker)
    await says(worker, 'ready in ')
    return worker
  }
  const open = async (): Promise<string> => {
    const about = ['--agent', 'layer-1', '--category', 'integration', '--title', 'pool exhausted']
    return (await home.json<{ id: string }>('--time-scale', TIME_SCALE, 'incidents', 'open', ...about)).id
  }
  const nowMs = async (): Promise<number> => (await store.runtime()).nowMs
  const escalations = async (id: string): Promise<StoredEvent[]> =>
    (await store.readStream(id)).filter(({ type }) => type === 'incident.escalated')
  const deadline = async (id: string): Promise<number> => (await store.readActor(id))!.state.timer!.dueAt
  /** The one escalation to the chief: never early, never twice, and served in time once a worker was there. */
  const expectOneClimb = async (id: string, dueAt: number, backAt: number): Promise<void> => {
    await until(`${id} climbs`, async () => (await escalations(id)).length > 0)
    const toChief = (await escalations(id)).filter(({ level }) => level === 'chief')
    expect(toChief).toHaveLength(1)
    expect(toChief[0]!.at).toBeGreaterThan(dueAt)
    expect(toChief[0]!.lateMs).toBe(toChief[0]!.at - dueAt)
    expect(toChief[0]!.at - Math.max(dueAt, backAt)).toBeLessThanOrEqual(LATE_MAX_MS)
  }

  it('is killed in the middle of a wait: another one keeps the deadline', async () => {
    const first = await start()
    const id = await open()
    const dueAt = await deadline(id)
    expect(await end(first, 'SIGKILL')).toBe('SIGKILL')
    await start()
    await expectOneClimb(id, dueAt, await nowMs())
  })

  it('is killed, without another at the deadline: it is served once, as soon as one is there', async () => {
    const first = await start()
    const id = await open()
    const dueAt = await deadline(id)
    await end(first, 'SIGKILL')
    await until('the deadline has passed', async () => (await nowMs()) > dueAt)
    await start()
    await expectOneClimb(id, dueAt, await nowMs())
  })

  it('is killed at the deadline itself, three times: each is served once', async () => {
    for (let n = 0; n < 3; n++) {
      const worker = await start()
      const id = await open()
      const dueAt = await deadline(id)
      await until('the deadline', async () => (await nowMs()) >= dueAt)
      await end(worker, 'SIGKILL')
      await start()
      await expectOneClimb(id, dueAt, await nowMs())
    }
  })

  it('is one of two, and killed: the other one makes no pause', async () => {
    const [first] = await Promise.all([start(), start()])
    const ids = await Promise.all([open(), open(), open()])
    const due = await Promise.all(ids.map(deadline))
    await until('the first deadline is near', async () => (await nowMs()) > Math.min(...due) - 200)
    await end(first, 'SIGKILL')
    for (const [index, id] of ids.entries()) await expectOneClimb(id, due[index]!, 0)
  })

  it('ends by itself with 0 on SIGTERM, and on SIGINT', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const worker = await start()
      const began = performance.now()
      expect(await end(worker, signal)).toBe(0)
      expect(performance.now() - began).toBeLessThan(STOPPED_WITHIN_MS)
    }
  })

  if (!onRedis) return
  it('ends by itself with 0 while Redis is away', async () => {
    const worker = await start()
    await redis!.stop()
    const began = performance.now()
    expect(await end(worker, 'SIGTERM')).toBe(0)
    expect(performance.now() - began).toBeLessThan(STOPPED_WITHIN_MS)
    await redis!.start()
  })

  it('does not start without Redis, and says what is missing', async () => {
    await redis!.stop()
    const began = performance.now()
    const { code, stderr } = await home.run(['worker'], { REDIS_URL: redis!.url })
    expect(performance.now() - began).toBeLessThan(STOPPED_WITHIN_MS)
    expect(code).toBe(7)
    expect(stderr).toContain('Redis does not answer')
    await redis!.start()
  })
})
