import { describe, expect, it } from 'vitest'
import { AgentsWorld } from './agents-world.ts'

/** Something that waits for an answer and cannot be handed to anybody. */
async function burden(world: AgentsWorld, agent: string, items: number): Promise<void> {
  const message = { from: 'operator', to: [agent], type: 'proposal', subject: 'x', body: { proposal: 'x' } }
  for (let i = 0; i < items; i++) await world.send(message)
}

async function levels(world: AgentsWorld, agent: string): Promise<unknown[]> {
  const { events } = await world.history(agent)
  return events.filter(({ type }) => type === 'agent.workload').map(({ data }) => data['level'])
}

describe('workload', () => {
  it('is recorded as it crosses a threshold, on the way up and down', async () => {
    const world = new AgentsWorld()
    await burden(world, 'layer-60', 13)
    expect(await levels(world, 'layer-60')).toEqual([])
    await burden(world, 'layer-60', 1)
    expect(await levels(world, 'layer-60')).toEqual(['busy'])
    await burden(world, 'layer-60', 5)
    expect(await levels(world, 'layer-60')).toEqual(['busy', 'overloaded'])
    await burden(world, 'layer-60', 1)
    expect(await levels(world, 'layer-60')).toEqual(['busy', 'overloaded', 'critical'])
    const [item] = Object.keys((await world.mind('layer-60')).inbox)
    await world.answer('layer-60', item!)
    expect(await levels(world, 'layer-60')).toEqual(['busy', 'overloaded', 'critical', 'overloaded'])
  })

  it('that is too much hands the newest task to the first peer who can be reached; its answer goes to the requester', async () => {
    const world = new AgentsWorld()
    await world.tell('layer-2', { type: 'stop', as: 'operator' })
    await burden(world, 'layer-1', 16)
    const id = await world.task('layer-60', 'layer-1', { responseRequired: true, thread: 'caching' })
    expect((await world.mind('layer-1')).inbox[id]).toBeUndefined()
    expect((await world.mind('layer-3')).inbox[id]).toMatchObject({
      from: 'layer-60',
      body: { thread: 'caching' },
    })
    expect((await world.mind('layer-60')).awaiting?.[id]).toMatchObject({ to: 'layer-3' })
    expect((await world.log('layer-1')).slice(-4)).toEqual([
      'agent.received',
      'agent.workload',
      'task.handed_over',
      'agent.workload',
    ])
    await world.answer('layer-3', id)
    expect((await world.mind('layer-60')).awaiting).toEqual({})
  })

  it('is what an agent says of itself: no report about another one counts', async () => {
    const world = new AgentsWorld()
    const body = { status: 'overloaded', data: { kind: 'workload', agent: 'layer-2', level: 'overloaded' } }
    const status = { to: ['chief-1', 'agent-0'], type: 'status_update', subject: 'load', body }
    await world.send({ ...status, from: 'layer-60' })
    expect((await world.mind('chief-1')).memory['overloaded'] ?? {}).toEqual({})
    expect((await world.mind('agent-0')).memory['overloaded'] ?? {}).toEqual({})
    await world.send({ ...status, from: 'layer-2' })
    expect((await world.mind('chief-1')).memory['overloaded']).toEqual({ 'layer-2': 'overloaded' })
  })

  it('hands a task on once: the recipient keeps it', async () => {
    const world = new AgentsWorld()
    for (const agent of ['layer-1', 'layer-2', 'layer-3']) await burden(world, agent, 16)
    const id = await world.task('layer-60', 'layer-1')
    expect((await world.mind('layer-2')).inbox[id]).toMatchObject({ from: 'layer-60' })
    expect((await world.mind('layer-3')).inbox[id]).toBeUndefined()
  })
})

describe('a critical load', () => {
  /** Layer 1 with as much to do as it can bear and more, without a peer. */
  async function overloaded(): Promise<{ world: AgentsWorld; id: string }> {
    const world = new AgentsWorld()
    for (const peer of world.org.peersOf('layer-1')) await world.tell(peer, { type: 'stop', as: 'operator' })
    for (let i = 0; i < 22; i++) await world.task('layer-60', 'layer-1')
    const [incident, ...others] = await world.incidentsOf('layer-1')
    expect(others).toEqual([])
    return { world, id: incident!.id }
  }

  it('is one incident, which the chief ends by moving the newest tasks to a colleague with room', async () => {
    const { world, id } = await overloaded()
    expect(await world.incident(id)).toMatchObject({
      category: 'overload',
      status: 'triggered',
      duplicates: 0,
      evidence: { kind: 'overload', load: 1, capacity: 20 },
    })
    await world.advance(30 * 60_000 + 1)
    expect(await world.incident(id)).toMatchObject({ status: 'resolved' })
    expect(Object.keys((await world.mind('layer-1')).inbox)).toHaveLength(16)
    const moved = (await world.history('layer-1')).events.filter(({ type }) => type === 'task.handed_over')
    const chiefs = moved.map(({ data }) => world.org.chiefOf(data['to'] as string))
    expect(new Set(chiefs)).toEqual(new Set(['chief-1']))
  })

  it('leaves the clock running when the chief finds no agent with room', async () => {
    const { world, id } = await overloaded()
    const overload = { type: 'status_update', subject: 'load', to: ['chief-1'] }
    const peers = world.org.peersOf('layer-1')
    for (const agent of (await world.mind('chief-1')).team.filter((id) => !peers.includes(id))) {
      const body = { status: 'overloaded', data: { kind: 'workload', agent, level: 'overloaded' } }
      await world.send({ ...overload, from: agent, body })
    }
    await world.advance(90 * 60_000 + 2)
    expect(await world.incident(id)).toMatchObject({ level: 'ceo', status: 'triggered' })
    expect((await world.log('chief-1')).at(-1)).toBe('agent.undecided')
  })

  it('of more than half of the organization reaches the CEO, once', async () => {
    const world = new AgentsWorld()
    const ids = world.org.all().map(({ id }) => id)
    const some = ids.filter((id) => id !== 'agent-0')
    for (const agent of some.slice(0, 52)) await burden(world, agent, 17)
    const own = async () =>
      (await world.incidentsOf('agent-0')).filter(({ dedupKey }) => dedupKey === 'organisation overloaded')
    expect(await own()).toEqual([])
    await burden(world, some[52]!, 17)
    expect(await own()).toMatchObject([
      {
        category: 'overload',
        level: 'ceo',
        title: '53 of 105 agents are overloaded',
        addressees: ['agent-0'],
      },
    ])
    await burden(world, some[53]!, 17)
    expect(await own()).toMatchObject([{ duplicates: 0 }])
  })

  it('is what an agent says of itself: no agent reports another, nor one that does not exist', async () => {
    const world = new AgentsWorld()
    const report = (from: string, to: string, agent: string, level: string) => {
      const body = { status: level, data: { kind: 'workload', agent, level } }
      return world.send({ from, to: [to], type: 'status_update', subject: 'load', body })
    }
    for (let i = 0; i < 53; i++) await report('layer-60', 'agent-0', `ghost-${i}`, 'critical')
    for (let i = 0; i < 53; i++) await report('operator', 'agent-0', `layer-${i}`, 'critical')
    expect(await world.incidentsOf('agent-0')).toEqual([])
    await report('layer-9', 'chief-1', 'layer-9', 'critical')
    await report('layer-60', 'chief-1', 'layer-9', 'normal')
    await report('layer-60', 'chief-1', 'layer-8', 'critical')
    expect((await world.mind('chief-1')).memory['overloaded']).toEqual({ 'layer-9': 'critical' })
  })
})
