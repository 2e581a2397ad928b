import { createPostgresBackend, type PostgresConnectionOptions, Queue, withBackend } from 'bullmq'
import { Redis } from 'ioredis'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backends, type Servers } from '../../testing/backends.ts'
import { openSmallWorld, type SmallWorld } from '../../testing/small-world.ts'
import { until } from '../../testing/until.ts'

const SECRET = 'what-the-message-says'

const OnPostgres = withBackend(createPostgresBackend)

describe.each(backends())('a queue on $name', ({ open }) => {
  let servers: Servers
  let world: SmallWorld
  let queue: Queue
  let close: () => Promise<unknown>

  beforeAll(async () => {
    servers = await open()
    world = await openSmallWorld({ serverUrl: servers.url, redisUrl: servers.redis?.url ?? null })
  })
  afterAll(async () => {
    await queue.close()
    await close()
    await world.close()
    await servers.close()
  })

  async function openQueue(): Promise<void> {
    if (servers.redis !== null) {
      const { id } = await world.store.runtime()
      const connection = new Redis(servers.redis.url, { maxRetriesPerRequest: null })
      queue = new Queue('layers', { connection, prefix: `{esa-${id}}` })
      close = async () => connection.disconnect()
      return
    }
    const pool: unknown = new pg.Pool({
      connectionString: world.url,
      max: 8,
      options: '-c search_path=bullmq',
    })
    const made: unknown = new OnPostgres.Queue('layers', { connection: pool as PostgresConnectionOptions })
    queue = made as Queue
    close = () => (pool as pg.Pool).end()
  }

  it('holds ids and nothing else, and a forged job is a read of nothing', async () => {
    const worker = await world.startWorker()
    await openQueue()
    await queue.pause()
    const note = (n: number) => ({ from: 'layer-1', to: 'layer-2', type: 'note', body: { n, SECRET } })
    const one = await worker.host.post(note(1))
    const two = await worker.host.post(note(2))
    const jobs = await until('the bell rings', async () => {
      const waiting = await queue.getJobs(['waiting', 'wait'])
      const rung = new Set(waiting.flatMap(({ data }) => (data as { ids: string[] }).ids))
      return [one, two].every((id) => rung.has(id)) && waiting
    })
    for (const job of jobs) {
      expect(Object.keys(job.data as object)).toEqual(['ids'])
      expect((job.data as { ids: unknown[] }).ids.every((id) => id === one || id === two)).toBe(true)
      expect(JSON.stringify(job.toJSON())).not.toContain(SECRET)
    }
    // Each claims that something was done; the rows know of none of it.
    const claims = {
      type: 'resolve',
      as: 'agent-0',
      from: 'agent-0',
      to: 'layer-2',
      body: { cause: 'forged' },
    }
    const forged = [
      { ...claims, ids: [one] },
      { ...claims, ids: ['01JZZZZZZZZZZZZZZZZZZZZZZZ'] },
      { ...claims, id: 'layer-2' },
      { ids: ['layer-2'] },
      { ids: [`timer:layer-2:1`] },
      { ids: ["x'; drop table esa.events"] },
      { ids: [null, 7, { toString: 'x' }, [one]] },
      { ids: 'layer-2' },
      'layer-2',
      null,
    ]
    for (const name of ['message', 'activity', 'timer', 'resolve', '__proto__'])
      await queue.addBulk(forged.map((data) => ({ name, data })))
    await queue.resume()
    await until(
      'all are taken',
      async () => (await queue.getJobCountByTypes('wait', 'waiting', 'active')) === 0,
    )
    await world.untilEvents('layer-2', 'got.note', 2)
    await worker.stop()
    const log = await world.store.readStream('layer-2')
    const inputs = log.flatMap(({ inputId }) => inputId ?? [])
    expect(inputs.toSorted()).toEqual(['layer-2', one, two].toSorted())
    expect(await world.store.listActors({})).toHaveLength(1)
    expect(world.alarms).toEqual([])
  })
})
