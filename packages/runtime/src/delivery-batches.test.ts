import { ORG_CHART } from '@esa/org'
import { EsaError } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import type { Delivery } from './actor-host.ts'
import { type BatchHost, DeliveryBatches } from './delivery-batches.ts'
import { BROKEN_AGENT, scriptedWorld, type ScriptedWorld } from '../testing/scripted-world.ts'

const AGENTS = ORG_CHART.map(({ id }) => id).filter((id) => id !== BROKEN_AGENT)

/** Batches on a real host, and how many messages each transaction took. */
function batching({ host }: ScriptedWorld): {
  batches: DeliveryBatches
  together: number[]
  alone: string[]
} {
  const together: number[] = []
  const alone: string[] = []
  const counted: BatchHost = {
    deliver: (id) => {
      alone.push(id)
      return host.deliver(id)
    },
    deliverTogether: async (ids) => {
      const left = await host.deliverTogether(ids)
      together.push(ids.length - left.again.length - left.alone.length)
      return left
    },
  }
  return { batches: new DeliveryBatches(counted), together, alone }
}

/** Agents that are there already, and a message for each. */
async function written({ host }: ScriptedWorld, agents: string[], type = 'note'): Promise<string[]> {
  for (const id of agents) await host.command(id, { type: 'hello' })
  return Promise.all(agents.map((to, n) => host.post({ from: 'layer-1', to, type, body: { n } })))
}

describe('a batch of deliveries', () => {
  it('takes the messages of distinct agents in one transaction, each once', async () => {
    const world = scriptedWorld()
    const ids = await written(world, AGENTS.slice(0, 20))
    const { batches, together, alone } = batching(world)
    const outcomes = await Promise.all([...ids, ...ids].map((id) => batches.deliver(id)))
    expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['delivered']))
    expect([together, alone]).toEqual([[40], []])
    for (const agent of AGENTS.slice(0, 20)) expect(await world.events(agent, 'got.note')).toHaveLength(1)
    expect((await world.store.backlog()).messages).toBe(0)
    await Promise.all(ids.map((id) => batches.deliver(id)))
    for (const agent of AGENTS.slice(0, 20)) expect(await world.events(agent, 'got.note')).toHaveLength(1)
  })

  it('takes one message of an agent at a time, in the order they were written', async () => {
    const world = scriptedWorld()
    await world.host.command('layer-2', { type: 'hello' })
    const ids = await world.host.postAll(() => ({
      messages: Array.from({ length: 7 }, (_, n) => ({
        from: 'layer-1',
        to: 'layer-2',
        type: 'note',
        body: { n },
      })),
    }))
    const { batches, together, alone } = batching(world)
    await Promise.all(ids.toReversed().map((id) => batches.deliver(id)))
    expect([together, alone]).toEqual([Array(7).fill(1), []])
    const got = await world.events('layer-2', 'got.note')
    expect(got.map(({ data }) => data['n'])).toEqual([0, 1, 2, 3, 4, 5, 6])
  })

  it('starts who is new, and buries what breaks its recipient, without the others', async () => {
    const world = scriptedWorld()
    const [sound, poison, late] = [AGENTS.slice(0, 5), AGENTS[5]!, AGENTS[6]!]
    const ids = await written(world, sound)
    ids.push(...(await written(world, [poison], 'explode')))
    ids.push(await world.host.post({ from: 'layer-1', to: late, type: 'note', body: {} }))
    const { batches, together, alone } = batching(world)
    const outcomes = await Promise.all(ids.map((id) => batches.deliver(id)))
    const dead: Delivery['outcome'] = 'dead'
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([...Array(5).fill('delivered'), dead, 'delivered'])
    expect([together, alone.toSorted()]).toEqual([[5], ids.slice(5).toSorted()])
    for (const agent of [...sound, late]) expect(await world.events(agent, 'got.note')).toHaveLength(1)
    expect(await world.store.backlog()).toMatchObject({ messages: 0, dead: 1 })
  })

  it('leaves nothing of an agent whose machine fails behind a deadline that it had settled', async () => {
    const world = scriptedWorld()
    const { host, clock, store } = world
    const perform = { activity: 'measure', input: {} }
    await host.command('layer-1', { type: 'arm', waitMs: 1_000, performWhenFired: perform })
    const ids = await written(world, ['layer-2'])
    const poison = await host.post({ from: 'layer-2', to: 'layer-1', type: 'explode', body: {} })
    clock.turn(1_001)
    expect(await host.deliverTogether([...ids, poison])).toEqual({ again: [], alone: [poison] })
    expect(await world.events('layer-2', 'got.note')).toHaveLength(1)
    expect(await store.backlog()).toMatchObject({ activities: 0, messages: 1 })
    expect(await world.events('layer-1', 'fired')).toEqual([])
  })

  it('does not wait for a locked agent: the others go, and that one follows', async () => {
    const world = scriptedWorld()
    const agents = AGENTS.slice(0, 3)
    const [held = '', ...free] = await written(world, agents)
    const { batches } = batching(world)
    const following: Promise<Delivery>[] = []
    await world.store.transact(async (tx) => {
      await tx.lockActors([agents[0]!])
      following.push(batches.deliver(held))
      await Promise.all(free.map((id) => batches.deliver(id)))
      expect(await world.events(agents[0]!, 'got.note')).toEqual([])
    })
    expect(await Promise.all(following)).toEqual([{ outcome: 'delivered' }])
  })

  it('that the store refuses is tried one by one, and what the store cannot do fails for all', async () => {
    let refuse = false
    let away = false
    const beforeCommit = (): void => {
      if (away) throw new EsaError('database.unreachable', 'transient', 'away')
      if (refuse) throw new EsaError('database.data', 'terminal', 'a value that it cannot take')
    }
    const world = scriptedWorld({ faults: { beforeCommit } })
    const ids = await written(world, AGENTS.slice(0, 3))
    const { batches, alone } = batching(world)
    away = true
    const failed = await Promise.allSettled(ids.map((id) => batches.deliver(id)))
    expect(failed.map(({ status }) => status)).toEqual(Array(3).fill('rejected'))
    expect(await world.store.backlog()).toMatchObject({ messages: 3, dead: 0 })
    away = false
    refuse = true
    const refused = await Promise.all(ids.map((id) => batches.deliver(id)))
    expect(refused.map(({ outcome }) => outcome)).toEqual(Array(3).fill('dead'))
    expect(alone).toEqual([...ids, ...ids])
  })
})
