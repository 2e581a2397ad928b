import type { ActivityHandler } from '@esa/actor'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { backends, type Servers } from '../../testing/backends.ts'
import { redisServer } from '../../testing/redis-server.ts'
import { openSmallWorld, type SmallWorld } from '../../testing/small-world.ts'
import { until } from '../../testing/until.ts'

/** What "by itself within seconds" means here, ms. */
const SECONDS = 10_000

const hanging: ActivityHandler = { activity: 'hang', run: () => new Promise(() => {}) }
const looking: ActivityHandler = {
  activity: 'look',
  run: async (_, { actorId }) => [{ to: actorId, type: 'seen', body: {} }],
}

describe.each(backends())('faults under a worker with its queues on $name', ({ open }) => {
  let servers: Servers
  let world: SmallWorld
  beforeAll(async () => {
    servers = await open()
  })
  afterAll(() => servers.close())
  beforeEach(async () => {
    const redisUrl = servers.redis?.url ?? null
    world = await openSmallWorld({ serverUrl: servers.url, redisUrl, activities: [hanging, looking] })
  })
  afterEach(() => world.close())

  const note = (n: number): Promise<string> =>
    world.sender.post({ from: 'layer-1', to: 'layer-2', type: 'note', body: { n } })
  const ask = (agentId: string, activity: string, timeoutMs: number): Promise<unknown> =>
    world.sender.command(agentId, { type: 'ask', perform: { activity, input: {}, timeoutMs } })

  it('goes on by itself after PostgreSQL crashed and came back', async () => {
    for (let n = 0; n < 2; n++) await world.startWorker()
    await note(1)
    await world.untilEvents('layer-2', 'got.note', 1)
    await world.sender.command('layer-3', { type: 'arm', waitMs: 1 })
    await world.untilEvents('layer-3', 'fired', 1)
    await servers.stopPostgres()
    await until('the worker has seen it', () =>
      world.logged.some(({ msg }) => msg.startsWith('timer service')),
    )
    await servers.startPostgres()
    await note(2)
    await world.sender.command('layer-3', { type: 'arm', waitMs: 1 })
    await world.untilEvents('layer-2', 'got.note', 2, SECONDS)
    await world.untilEvents('layer-3', 'fired', 2, SECONDS)
    await world.sender.post({ from: 'layer-1', to: 'chief-1', type: 'ping', body: { left: 5 } })
    await world.untilEvents('chief-1', 'got.ping', 3, SECONDS)
    expect(world.alarms).toEqual([])
    expect((await world.store.backlog()).dead).toBe(0)
  })

  it('leaves room to others while an agent’s activities hang, and stops in time with them in hand', async () => {
    const worker = await world.startWorker()
    for (let n = 0; n < 30; n++) await ask('layer-1', 'hang', 60_000)
    await ask('layer-2', 'look', 1_000)
    await world.untilEvents('layer-2', 'got.seen', 1)
    const began = performance.now()
    await worker.stop()
    expect(performance.now() - began).toBeLessThan(7_000)
    // Let go of, not lost: the next worker takes them up at once.
    expect((await world.store.takeOverdue({ limit: 100, afterMs: 0 })).length).toBeGreaterThan(0)
  })
})

describe('queues in the database itself', () => {
  let servers: Servers
  let world: SmallWorld
  beforeAll(async () => {
    servers = await backends()[0]!.open()
    world = await openSmallWorld({ serverUrl: servers.url, redisUrl: null })
  })
  afterAll(async () => {
    await world.close()
    await servers.close()
  })

  it('rebuilds its Workers when their tables are gone', async () => {
    await world.startWorker()
    const admin = new pg.Client({ connectionString: world.url })
    await admin.connect()
    // The Workers are at their tables, and may win a deadlock.
    const dropped = (): Promise<boolean> =>
      admin.query('drop schema bullmq cascade').then(
        () => true,
        () => false,
      )
    await until('the tables are gone', dropped)
    await admin.end()
    await world.sender.post({ from: 'layer-1', to: 'layer-2', type: 'note', body: {} })
    await world.untilEvents('layer-2', 'got.note', 1, 2 * SECONDS)
    expect(world.logged.map(({ msg }) => msg)).toContain('doorbell rebuilt: its Workers did not answer')
  })

  it('does not start without its database, and says so', async () => {
    await servers.stopPostgres()
    await expect(world.startWorker()).rejects.toMatchObject({
      code: 'database.unreachable',
      kind: 'transient',
    })
    await servers.startPostgres()
  })
})

const redis = backends().find(({ name }) => name === 'Redis')

describe.runIf(redis !== undefined)('a Redis that fails', () => {
  let servers: Servers
  let world: SmallWorld
  beforeAll(async () => {
    servers = await redis!.open()
  })
  afterAll(() => servers.close())
  beforeEach(async () => {
    await servers.redis!.start()
    world = await openSmallWorld({ serverUrl: servers.url, redisUrl: servers.redis!.url })
  })
  afterEach(() => world.close())

  const note = (n: number): Promise<string> =>
    world.sender.post({ from: 'layer-1', to: 'layer-2', type: 'note', body: { n } })

  it('forgets everything: every message still arrives, once', async () => {
    const worker = await world.startWorker()
    const sent = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        worker.host.post({ from: 'layer-1', to: 'layer-2', type: 'note', body: { n } }),
      ),
    )
    await servers.redis!.run('FLUSHALL')
    const got = await world.untilEvents('layer-2', 'got.note', 40, SECONDS)
    expect(new Set(got.map(({ inputId }) => inputId))).toEqual(new Set(sent))
    expect(got).toHaveLength(40)
    await note(41)
    await world.untilEvents('layer-2', 'got.note', 41, SECONDS)
  })

  it('is away, and no deadline waits for it; messages arrive when it is back', async () => {
    await world.startWorker()
    await world.sender.command('layer-2', { type: 'arm', waitMs: 1 })
    await world.untilEvents('layer-2', 'fired', 1)
    await servers.redis!.stop({ hard: true })
    await note(1)
    for (let n = 2; n < 6; n++) {
      await world.sender.command('layer-2', { type: 'arm', waitMs: 50 })
      await world.untilEvents('layer-2', 'fired', n)
    }
    expect(Math.max(...(await world.store.lateness(0)))).toBeLessThanOrEqual(1_000)
    await servers.redis!.start()
    await world.untilEvents('layer-2', 'got.note', 1, SECONDS)
  })

  it('is away for so long that the bell is taken down: it rings again at once when Redis is back', async () => {
    await world.startWorker()
    await servers.redis!.stop()
    await note(1)
    const trouble = (): boolean => world.logged.some(({ msg }) => msg.startsWith('outbox relay'))
    await until('the relay has no bell', trouble, 2 * SECONDS)
    await servers.redis!.start()
    await world.untilEvents('layer-2', 'got.note', 1, 3_000)
  })

  it('is away when the worker stops: it stops in time', async () => {
    const worker = await world.startWorker()
    await servers.redis!.stop()
    const began = performance.now()
    await worker.stop()
    expect(performance.now() - began).toBeLessThan(4_000)
  })

  it('hangs: the worker gives up its bell and goes on when it answers again', async () => {
    await world.startWorker()
    await servers.redis!.run('CLIENT', 'PAUSE', '4000', 'ALL')
    await note(1)
    await world.sender.command('layer-3', { type: 'arm', waitMs: 50 })
    const [fired] = await world.untilEvents('layer-3', 'fired', 1)
    expect(fired?.lateMs).toBeLessThanOrEqual(1_000)
    await world.untilEvents('layer-2', 'got.note', 1, 2 * SECONDS)
  })

  it('is not there: a worker refuses to start, at once', async () => {
    await servers.redis!.stop()
    const began = performance.now()
    await expect(world.startWorker()).rejects.toMatchObject({ code: 'queue.unreachable', kind: 'transient' })
    expect(performance.now() - began).toBeLessThan(2_000)
  })

  it('would evict keys: a worker refuses to start', async () => {
    const evicting = await redisServer(['--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru'])
    const other = await openSmallWorld({ serverUrl: servers.url, redisUrl: evicting.url })
    await expect(other.startWorker()).rejects.toMatchObject({ code: 'queue.evicting', kind: 'terminal' })
    await other.close()
    await evicting.close()
  })
})
