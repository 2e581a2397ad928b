import type { ActivityHandler } from '@esa/actor'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backends, type Servers } from '../../testing/backends.ts'
import { openSmallWorld, type SmallWorld } from '../../testing/small-world.ts'

/** More than a worker has places for. */
const HANGING = 40

/** Longer than this test may take. */
const HANG_MS = 120_000

/** The others are served as if nothing hung: so long for all of their work, ms. */
const OTHERS_WITHIN_MS = 10_000

const OTHERS = Array.from({ length: 50 }, (_, index) => `layer-${index + 1}`)

const hang: ActivityHandler = { activity: 'hang', run: () => new Promise<never>(() => {}) }
const answer: ActivityHandler = {
  activity: 'answer',
  run: async ({ n }, { actorId }) => [{ to: actorId, type: 'answered', body: { n: n ?? null } }],
}

describe.each(backends())('an agent whose activities all hang, with queues on $name', ({ open }) => {
  let servers: Servers
  let world: SmallWorld
  beforeAll(async () => {
    servers = await open()
    const redisUrl = servers.redis?.url ?? null
    world = await openSmallWorld({ serverUrl: servers.url, redisUrl, activities: [hang, answer] })
  })
  afterAll(async () => {
    await world.close()
    await servers.close()
  })

  it('starves none of 50 others: messages, activities and deadlines go on', async () => {
    await world.startWorker()
    const ask = (to: string, activity: string, n: number, timeoutMs: number): Promise<string> =>
      world.sender.post({
        from: 'agent-0',
        to,
        type: 'do',
        body: { perform: { activity, input: { n }, timeoutMs } },
      })
    const wedged = 'chief-1'
    await Promise.all(Array.from({ length: HANGING }, (_, n) => ask(wedged, 'hang', n, HANG_MS)))
    await world.untilEvents(wedged, 'got.do', HANGING)

    const began = performance.now()
    await Promise.all([
      ...OTHERS.flatMap((id) => [0, 1].map((n) => ask(id, 'answer', n, 5_000))),
      ...OTHERS.map((id) => world.sender.command(id, { type: 'arm', waitMs: 500 })),
    ])
    for (const id of OTHERS) {
      await world.untilEvents(id, 'got.answered', 2)
      await world.untilEvents(id, 'fired', 1)
    }
    expect(performance.now() - began).toBeLessThan(OTHERS_WITHIN_MS)
    expect(Math.max(...(await world.store.lateness(0)))).toBeLessThanOrEqual(1_000)
    // Its own mailbox is open as well: only its activities wait for each other.
    await world.sender.post({ from: 'agent-0', to: wedged, type: 'note', body: {} })
    await world.untilEvents(wedged, 'got.note', 1)
    expect((await world.store.backlog()).activities).toBe(HANGING)
  })
})
