import type { Store } from '@esa/store'
import { describe, expect, it } from 'vitest'
import { scriptedWorld } from '../testing/scripted-world.ts'

async function openIds(store: Store): Promise<string[]> {
  const rows = await store.listMessages({ limit: 100 })
  return rows.filter(({ doneAt, deadCode }) => doneAt === null && deadCode === null).map(({ id }) => id)
}

describe('two agents that answer each other without end', () => {
  it('are stopped after 32 hops, with a bug that is reported', async () => {
    const { host, store, events } = scriptedWorld()
    await host.post({ from: 'layer-1', to: 'layer-2', type: 'note', body: { pass: 'layer-3' } })
    let last: unknown
    for (let turn = 0; turn < 100; turn++) {
      const [id] = await openIds(store)
      if (id === undefined) break
      last = await host.deliver(id)
    }
    expect(last).toMatchObject({ outcome: 'dead', error: { code: 'message.too-many-hops', kind: 'bug' } })
    const got = [...(await events('layer-2', 'got.note')), ...(await events('layer-3', 'got.note'))]
    expect(got).toHaveLength(33)
    expect(await store.backlog()).toMatchObject({ messages: 0, dead: 1 })
  })

  it('are stopped in a batch as well', async () => {
    const { host, store } = scriptedWorld()
    for (const to of ['layer-2', 'layer-3'])
      await host.deliver(await host.post({ from: 'layer-1', to, type: 'note', body: {} }))
    const id = await host.post({ from: 'layer-1', to: 'layer-2', type: 'note', body: { pass: 'layer-3' } })
    let next = [id]
    for (let turn = 0; turn < 100 && next.length > 0; turn++) {
      const { alone } = await host.deliverTogether(next)
      for (const one of alone) await host.deliver(one)
      next = await openIds(store)
    }
    expect(await store.backlog()).toMatchObject({ messages: 0, dead: 1 })
  })
})

describe('an opener that floods', () => {
  const openingLimit = {
    max: 3,
    windowMs: 60_000,
    openerOf: ({ body }: { body: { [key: string]: unknown } }) =>
      typeof body['urgent'] === 'string' ? null : String(body['opener']),
  }
  const open = (
    world: ReturnType<typeof scriptedWorld>,
    opener: string,
    more = {},
    key: string | null = null,
  ) => world.host.open({ type: 'scripted', key, from: 'operator', body: { opener, ...more } })

  it('is refused past its limit, while others and what is urgent go on, until its window has passed', async () => {
    const world = scriptedWorld({ openingLimit })
    for (let n = 0; n < 3; n++) await open(world, 'layer-1')
    await expect(open(world, 'layer-1')).rejects.toMatchObject({
      code: 'incident.too-many',
      kind: 'terminal',
    })
    await open(world, 'layer-2')
    await open(world, 'layer-1', { urgent: 'data-loss' })
    expect(await world.store.listActors({})).toHaveLength(5)
    world.clock.turn(60_000)
    await open(world, 'layer-1')
    expect(await world.store.listActors({})).toHaveLength(6)
  })

  it('is counted when it repeats itself, too', async () => {
    const world = scriptedWorld({ openingLimit })
    for (let n = 0; n < 3; n++) await open(world, 'layer-1', {}, 'the same')
    await expect(open(world, 'layer-1', {}, 'the same')).rejects.toMatchObject({ code: 'incident.too-many' })
    expect(await world.store.listActors({})).toHaveLength(1)
  })

  it('by a message is put off and not lost', async () => {
    const world = scriptedWorld({ openingLimit })
    for (let n = 0; n < 3; n++) await open(world, 'layer-1')
    const message = {
      id: 'm1',
      queue: 'incidents',
      toActor: null,
      toType: 'scripted',
      toKey: null,
      from: 'layer-1',
    }
    const rest = { type: 'open', body: { opener: 'layer-1' }, correlationId: 'c', causationId: null, hops: 0 }
    await world.store.transact((tx) =>
      tx.write({
        at: world.clock.now(),
        actors: [],
        messages: [{ ...message, ...rest }],
        activities: [],
        doneMessages: [],
        rung: true,
      }),
    )
    await expect(world.host.deliver('m1')).rejects.toMatchObject({
      code: 'incident.too-many',
      kind: 'transient',
    })
    expect(await world.store.backlog()).toMatchObject({ messages: 1, dead: 0 })
    world.clock.turn(60_000)
    expect(await world.host.deliver('m1')).toEqual({ outcome: 'delivered' })
    expect(await world.store.listActors({})).toHaveLength(4)
  })
})
