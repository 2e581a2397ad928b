import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backends, type Servers } from '../../testing/backends.ts'
import { type RedisServer, redisInstalled, redisServer } from '../../testing/redis-server.ts'
import { openSmallWorld, type SmallWorld } from '../../testing/small-world.ts'
import { until } from '../../testing/until.ts'

const AGENTS = ['layer-1', 'chief-1', 'domain-1', 'agent-0', 'layer-61']

describe.runIf(redisInstalled())('two runtimes on one Redis', () => {
  let servers: Servers
  let cluster: RedisServer
  let worlds: [SmallWorld, SmallWorld]

  beforeAll(async () => {
    servers = await backends()[0]!.open()
    // A node that owns all slots of a cluster refuses whatever would touch two of them at once, as every cluster does.
    cluster = await redisServer(['--cluster-enabled', 'yes'])
    await cluster.run('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    await until('the cluster is up', async () =>
      String(await cluster.run('CLUSTER', 'INFO')).includes('cluster_state:ok'),
    )
    const open = (): Promise<SmallWorld> => openSmallWorld({ serverUrl: servers.url, redisUrl: cluster.url })
    worlds = [await open(), await open()]
  })
  afterAll(async () => {
    for (const world of worlds) await world.close()
    await cluster.close()
    await servers.close()
  })

  it('never meet: each delivers its own messages, once', async () => {
    for (const world of worlds) await world.startWorker()
    const sent = await Promise.all(
      worlds.map((world) =>
        Promise.all(
          AGENTS.flatMap((to) =>
            [0, 1, 2].map((n) =>
              world.sender.post({ from: 'layer-60', to, type: 'ping', body: { n, left: 2 } }),
            ),
          ),
        ),
      ),
    )
    for (const [index, world] of worlds.entries()) {
      const got: (string | null)[] = []
      for (const id of AGENTS) {
        const events = await world.untilEvents(id, 'got.ping', 6)
        expect(events).toHaveLength(6)
        got.push(...events.map(({ inputId }) => inputId))
      }
      for (const id of sent[index]!) expect(got.filter((seen) => seen === id)).toHaveLength(1)
      for (const id of sent[1 - index]!) expect(got).not.toContain(id)
      expect(await world.store.backlog()).toMatchObject({ messages: 0, dead: 0 })
      expect(world.alarms).toEqual([])
    }
  })

  it('keep all of their keys under their own id, in one hash slot each', async () => {
    const ids = await Promise.all(worlds.map(async (world) => (await world.store.runtime()).id))
    const keys = (await cluster.run('KEYS', '*')) as string[]
    const owned = ids.map((id) => keys.filter((key) => key.startsWith(`{esa-${id}}:`)))
    expect(owned.flat().sort()).toEqual([...keys].sort())
    for (const [index, own] of owned.entries()) {
      expect(own.length).toBeGreaterThan(AGENTS.length)
      const slots = await Promise.all(own.map((key) => cluster.run('CLUSTER', 'KEYSLOT', key)))
      expect(new Set(slots)).toEqual(new Set([await cluster.run('CLUSTER', 'KEYSLOT', `esa-${ids[index]}`)]))
    }
  })
})
