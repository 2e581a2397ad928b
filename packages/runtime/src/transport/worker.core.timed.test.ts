import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { backends, type Servers } from '../../testing/backends.ts'
import { openSmallWorld, type SmallWorld } from '../../testing/small-world.ts'
import { until } from '../../testing/until.ts'

/** The runtime's promise for a worker that lives, ms. */
const LATE_MAX_MS = 1_000

const AGENTS = Array.from({ length: 20 }, (_, index) => `layer-${index + 1}`)

describe.each(backends())('a worker with its queues on $name', ({ open }) => {
  let servers: Servers
  let world: SmallWorld
  beforeAll(async () => {
    servers = await open()
  })
  afterAll(() => servers.close())
  beforeEach(async () => {
    world = await openSmallWorld({ serverUrl: servers.url, redisUrl: servers.redis?.url ?? null })
  })
  afterEach(() => world.close())

  const send = (to: string, type: string, body = {}): Promise<string> =>
    world.sender.post({ from: 'layer-60', to, type, body })

  it('delivers what a process without a bell committed, before and after its own start', async () => {
    const before = await send('layer-2', 'note', { n: 1 })
    await world.startWorker()
    await world.untilEvents('layer-2', 'got.note', 1)
    const after = await send('layer-2', 'note', { n: 2 })
    const got = await world.untilEvents('layer-2', 'got.note', 2)
    expect(got.map(({ inputId, data }) => [inputId, data['n']])).toEqual([
      [before, 1],
      [after, 2],
    ])
    expect((await world.store.backlog()).messages).toBe(0)
  })

  it('carries an exchange between two agents to its end', async () => {
    await world.startWorker()
    await send('chief-1', 'ping', { left: 9 })
    await world.untilEvents('chief-1', 'got.ping', 5)
    await world.untilEvents('layer-60', 'got.ping', 5)
    expect(await world.events('chief-1', 'got.ping')).toHaveLength(5)
  })

  it('buries a message that breaks its recipient, raises an alarm, and goes on with the others', async () => {
    await world.startWorker()
    await send('layer-2', 'explode')
    await send('layer-2', 'note')
    await world.untilEvents('layer-2', 'got.note', 1)
    const alarm = await until('an alarm', () => world.alarms[0])
    expect(alarm).toMatchObject({ code: 'actor.step-failed' })
    expect(await world.store.backlog()).toMatchObject({ messages: 0, dead: 1 })
  })

  it('shares a herd of messages with two others: each delivered once, each actor’s log without a gap', async () => {
    for (let n = 0; n < 3; n++) await world.startWorker()
    await Promise.all(AGENTS.flatMap((id) => [0, 1, 2, 3, 4].map((n) => send(id, 'note', { n }))))
    for (const id of AGENTS) await world.untilEvents(id, 'got.note', 5)
    for (const id of AGENTS) {
      const log = await world.store.readStream(id)
      expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1))
      expect(new Set(log.map(({ inputId }) => inputId)).size).toBe(log.length)
      expect(log).toHaveLength(6)
    }
  })

  it('serves a herd of deadlines with two others: once each, never early, within the promise', async () => {
    for (let n = 0; n < 3; n++) await world.startWorker()
    await Promise.all(AGENTS.map((id) => world.sender.command(id, { type: 'arm', waitMs: 700 })))
    for (const id of AGENTS) await world.untilEvents(id, 'fired', 1)
    for (const id of AGENTS) {
      const [fired, ...more] = await world.events(id, 'fired')
      const [armed] = await world.events(id, 'armed')
      expect(more).toEqual([])
      expect(fired!.at).toBeGreaterThan(armed!.at + 700)
    }
    const late = await world.store.lateness(0)
    expect(late).toHaveLength(AGENTS.length)
    expect(Math.min(...late)).toBeGreaterThan(0)
    expect(Math.max(...late)).toBeLessThanOrEqual(LATE_MAX_MS)
  })

  it('stops in a moment when nothing is in hand, and another goes on', async () => {
    const first = await world.startWorker()
    await world.startWorker()
    const began = performance.now()
    await first.stop()
    expect(performance.now() - began).toBeLessThan(2_500)
    await send('layer-2', 'note')
    await world.untilEvents('layer-2', 'got.note', 1)
  })
})

const redis = backends().find(({ name }) => name === 'Redis')

describe.runIf(redis !== undefined)('a queue on Redis', () => {
  let servers: Servers
  let world: SmallWorld
  beforeAll(async () => {
    servers = await redis!.open()
    world = await openSmallWorld({ serverUrl: servers.url, redisUrl: servers.redis!.url })
  })
  afterAll(async () => {
    await world.close()
    await servers.close()
  })

  it('holds ids only, and a forged job is a read of nothing', async () => {
    const worker = await world.startWorker()
    const { id: runtimeId } = await world.store.runtime()
    const connection = new Redis(servers.redis!.url, { maxRetriesPerRequest: null })
    const queue = new Queue('layers', { connection, prefix: `{esa-${runtimeId}}` })
    await queue.pause()
    const note = { from: 'layer-1', to: 'layer-2', type: 'note', body: { n: 1 } }
    const sent = await worker.host.postAll(() => ({ messages: [note, note] }))
    const [job, ...others] = await until('the bell rings', async () => {
      const jobs = await queue.getJobs(['wait'])
      return jobs.length > 0 && jobs
    })
    expect(job).toMatchObject({ id: `m${sent[0]}-0`, name: 'message' })
    // What one commit sent to a tier is one job.
    expect([job?.data, others]).toEqual([{ ids: sent }, []])

    const forged = [
      { ids: [...sent, ...sent] },
      { ids: ['no-such-row'] },
      { ids: ['a\u0000b'] },
      { ids: ["x'; drop table esa.events"] },
      { ids: [7, null, [sent[0]]] },
      { ids: Array(10_000).fill('no-such-row') },
      { ids: sent[0] },
      { id: sent[0] },
      {},
      null,
    ]
    await queue.addBulk(forged.map((data) => ({ name: 'message', data })))
    await queue.addBulk(forged.map((data) => ({ name: 'activity', data })))
    await queue.resume()
    await until('they are taken', async () => (await queue.count()) + (await queue.getActiveCount()) === 0)
    await worker.stop()
    expect(await queue.getFailedCount()).toBe(0)
    expect(await world.events('layer-2', 'got.note')).toHaveLength(2)
    expect(await world.store.listActors({})).toHaveLength(1)
    expect(world.alarms).toEqual([])
    await queue.close()
    connection.disconnect()
  })
})
