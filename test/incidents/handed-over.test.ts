import { behaviors } from '@esa/agents'
import { requireTask } from '@esa/operations'
import type { JsonObject } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { AgentsWorld } from './agents-world.ts'

const DAY = 24 * 3_600_000

/** Something that waits for an answer and cannot be handed to anybody. */
async function burden(world: AgentsWorld, agent: string, items: number): Promise<void> {
  const message = { from: 'operator', to: [agent], type: 'proposal', subject: 'x', body: { proposal: 'x' } }
  for (let i = 0; i < items; i++) await world.send(message)
}

/** A world in which an agent has as much to do as it can bear: its next task goes to its first peer. */
async function busy(agent: string): Promise<AgentsWorld> {
  const world = new AgentsWorld()
  await burden(world, agent, 16)
  return world
}

const asking = (task: string, data: JsonObject = { target: 'shop' }): JsonObject => ({
  body: { task, data },
  responseRequired: true,
})

/** What an agent was answered to a message, and by whom. */
async function answersTo(world: AgentsWorld, agent: string, id: string): Promise<JsonObject[]> {
  const messages = await world.store.listMessages({ agent, limit: 50 })
  return messages
    .filter(({ toActor, body }) => toActor === agent && body['inReplyTo'] === id)
    .map(({ from, type, body }) => ({ ...body, type, from }))
}

describe('a task that was handed over to a colleague with code', () => {
  it('is answered by its task handler to the requester, whose wait ends', async () => {
    const world = await busy('layer-6')
    const id = await world.task('layer-60', 'layer-6', asking('integrity'))
    expect((await world.mind('layer-1')).works).toMatchObject({ [id]: { from: 'layer-60' } })
    const asker = { from: 'layer-60', task: 'integrity', messageId: id, thread: id }
    await world.tell('layer-1', { type: 'look.done', asker, kind: 'integrity', target: 'shop', found: {} })
    expect(await answersTo(world, 'layer-60', id)).toMatchObject([
      { from: 'layer-1', type: 'task_complete', result: { ok: true }, handedOverBy: 'layer-6' },
    ])
    expect((await world.mind('layer-60')).awaiting).toEqual({})
    await world.advance(2 * DAY)
    expect(await world.incidentsOf('layer-60')).toEqual([])
    expect(await world.mind('layer-1')).toMatchObject({ works: {}, tally: { completed: 1 } })
  })

  it('is declined to the requester, whose wait ends, also before they hear where it went', async () => {
    const world = await busy('layer-1')
    await world.tell('layer-1', { type: 'seat', seat: 'human', as: 'layer-1' })
    const id = await world.task('layer-60', 'layer-1', asking('explain'))
    const why = 'that is what layer-1 does: ask there'
    expect(await answersTo(world, 'layer-60', id)).toMatchObject([
      { from: 'layer-2', result: { declined: true, why }, handedOverBy: 'layer-1' },
    ])
    expect((await world.mind('layer-60')).awaiting).toEqual({})
  })

  it('is queried with the requester, and waits under its own id', async () => {
    const world = await busy('layer-6')
    const id = await world.task('layer-60', 'layer-6', asking('explain'))
    expect(await world.mind('layer-1')).toMatchObject({ inbox: { [id]: { from: 'layer-60' } } })
    const [question] = Object.values((await world.mind('layer-60')).inbox)
    expect(question).toMatchObject({ from: 'layer-1', type: 'sync_request', body: { clarifies: id } })
  })

  it('builds no index: neither the agent that gave the order elsewhere nor the one that handed it over orders it', async () => {
    const world = await busy('layer-6')
    const id = await world.task('chief-1', 'layer-6', asking('build-index'))
    expect(await world.log('layer-1')).toEqual(['agent.opened', 'task.refused'])
    expect(await answersTo(world, 'chief-1', id)).toMatchObject([
      { from: 'layer-1', result: { declined: true, why: 'an order to build is given to me, by my chief' } },
    ])
    const handedOver = { messageId: 'M', from: 'layer-60', by: 'chief-1' }
    const passed = { type: 'task_request', task: 'build-index', from: 'chief-1', messageId: 'm', handedOver }
    await world.tell('layer-1', { ...passed, as: 'chief-1' })
    expect((await world.log('layer-1')).slice(2)).toEqual(['task.refused'])
  })

  it('moves no load: an order to hand over that was itself handed over waits for a person', async () => {
    const world = await busy('layer-6')
    await burden(world, 'layer-1', 16)
    const given = await world.task('layer-60', 'layer-1')
    expect((await world.mind('layer-2')).inbox[given]).toBeDefined()
    const order = { body: { task: 'hand-over', data: { to: 'layer-9' } } }
    const id = await world.task('layer-60', 'chief-1', order)
    const handedOver = { messageId: id, from: 'layer-60', by: 'chief-1' }
    const passed = { type: 'task_request', ...order.body, from: 'chief-1', as: 'chief-1', messageId: 'm' }
    await world.tell('layer-2', { ...passed, handedOver })
    expect((await world.mind('layer-2')).inbox).toMatchObject({ [id]: { from: 'layer-60' } })
  })

  it('is what the runtime says it is: no outside agent can send one, and none hands over in another’s name', async () => {
    const world = new AgentsWorld()
    const handedOver = { messageId: 'M', from: 'chief-1', by: 'layer-60' }
    const body = { task: 'integrity', handedOver }
    await expect(world.task('layer-60', 'layer-1', { body })).rejects.toThrow('body of task_request')
    await expect(world.task('layer-60', 'layer-1', { handedOver })).rejects.toThrow('handedOver')
    const data = { target: 'shop' }
    const event = { type: 'task_request', task: 'integrity', data, from: 'layer-7', messageId: 'm' }
    await world.tell('layer-1', { ...event, as: 'layer-7', handedOver })
    expect((await world.mind('layer-1')).works).toMatchObject({ m: { from: 'layer-7' } })
  })
})

describe('a task that a colleague does', () => {
  it('is declined to an operator in the log, who has no mailbox', async () => {
    const world = new AgentsWorld()
    const id = await world.task('operator', 'layer-2', asking('explain'))
    const { events } = await world.history('layer-2')
    expect(events.at(-1)).toMatchObject({
      type: 'agent.answered',
      data: { item: id, to: 'operator', text: { declined: true } },
    })
    expect(await world.store.listMessages({ agent: 'operator', types: ['task_complete'], limit: 9 })).toEqual(
      [],
    )
  })
})

describe('a task of an operator that was handed over', () => {
  const answersOf = async (world: AgentsWorld, id: string) =>
    (await requireTask({ store: world.store, behaviors }, id)).answers.map(({ from, said }) => [from, said])

  it('shows what the colleague answered, a person or a skill', async () => {
    const world = await busy('layer-6')
    const id = await world.task('operator', 'layer-6')
    await world.answer('layer-1', id, 'for 60 s')
    expect(await answersOf(world, id)).toEqual([['layer-1', 'for 60 s']])
    const look = await world.task('operator', 'layer-6', asking('integrity'))
    const asker = { from: 'operator', task: 'integrity', messageId: look, thread: look }
    await world.tell('layer-1', { type: 'look.done', asker, kind: 'integrity', target: 'shop', found: {} })
    expect(await answersOf(world, look)).toMatchObject([['layer-1', { ok: true, kind: 'integrity' }]])
  })
})

describe('what a skill works on', () => {
  it('is nothing that waits for a person, from any agent', async () => {
    const world = await busy('layer-6')
    const ids = [0, 1, 2].map(() => world.task('layer-60', 'layer-6'))
    for (const id of await Promise.all(ids))
      expect(await world.answer('layer-1', id)).toEqual(['agent.answered'])
    expect(await world.mind('layer-1')).toMatchObject({ inbox: {}, tally: { completed: 3 } })
    expect((await world.mind('layer-1')).works ?? {}).toEqual({})
  })

  it('is nothing that a full inbox refused', async () => {
    const world = new AgentsWorld()
    await burden(world, 'layer-60', 500)
    await world.task('layer-5', 'layer-60')
    await world.task('layer-5', 'layer-60')
    expect((await world.log('layer-60')).slice(-2)).toEqual(['agent.inbox_full', 'agent.inbox_full'])
    expect((await world.mind('layer-60')).works ?? {}).toEqual({})
  })

  it('is the newest thousand tasks: one that never ended makes room', async () => {
    const world = new AgentsWorld()
    const old = await world.task('layer-60', 'layer-1', asking('schema'))
    await world.advance(1)
    for (let i = 0; i < 999; i++) await world.task('operator', 'layer-1', asking('schema'))
    const id = await world.task('layer-60', 'layer-1', asking('schema'))
    const { works = {} } = await world.mind('layer-1')
    expect([Object.keys(works).length, old in works, id in works]).toEqual([1_000, false, true])
  })
})

describe('an order to hand over', () => {
  /** The chief's order to move the newest tasks of an agent to another; gives its id. */
  const order = (world: AgentsWorld, to: string, agent = 'layer-5') =>
    world.task('chief-1', agent, { body: { task: 'hand-over', data: { to } }, responseRequired: true })

  it('is answered: it is no longer pending', async () => {
    const world = new AgentsWorld()
    const id = await order(world, 'layer-9')
    expect((await world.mind('chief-1')).awaiting).toEqual({})
    expect(await answersTo(world, 'chief-1', id)).toMatchObject([{ from: 'layer-5', result: { moved: 0 } }])
  })

  /** A world in which layer-5 is at its limit, with tasks of these agents among what it has, and no peer of it can be reached. */
  async function loaded(...askers: string[]): Promise<{ world: AgentsWorld; ids: string[] }> {
    const world = new AgentsWorld()
    for (const peer of world.org.peersOf('layer-5')) await world.tell(peer, { type: 'stop', as: 'operator' })
    const ids: string[] = []
    for (const asker of askers) ids.push(await world.task(asker, 'layer-5', { responseRequired: true }))
    await burden(world, 'layer-5', 18 - ids.length)
    return { world, ids }
  }

  it('gives no agent its own request', async () => {
    const { world, ids } = await loaded('layer-9', 'layer-8', 'layer-9')
    await order(world, 'layer-9')
    expect(Object.keys((await world.mind('layer-9')).inbox)).toEqual([ids[1]])
    expect(Object.keys((await world.mind('layer-9')).awaiting ?? {})).toEqual([ids[0], ids[2]])
    expect((await world.mind('layer-5')).inbox).toMatchObject({ [ids[0]!]: {}, [ids[2]!]: {} })
  })

  it.each(['', 'nobody', 'layer-5', 'layer-9', 'layer-999'])(
    'to %j, not a reachable agent, moves nothing',
    async (to) => {
      const { world, ids } = await loaded('layer-8', 'layer-7')
      await world.tell('layer-9', { type: 'stop', as: 'operator' })
      const id = await order(world, to)
      const { inbox } = await world.mind('layer-5')
      expect(ids.filter((one) => inbox[one] !== undefined)).toEqual(ids)
      const why = expect.stringContaining('no agent that can be reached')
      expect(await answersTo(world, 'chief-1', id)).toMatchObject([{ result: { ok: false, moved: 0, why } }])
    },
  )
})
