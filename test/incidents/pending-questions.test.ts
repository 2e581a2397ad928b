import type { JsonObject } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { AgentsWorld } from './agents-world.ts'

const HALF_AN_HOUR = 30 * 60_000

const SERVE: JsonObject = {
  body: {
    task: 'serve-endpoint',
    data: { endpoint: 'GET /orders', target: 'shop', queries: ['select 1'] },
  },
  responseRequired: true,
}

/** What an agent was answered to a message, and by whom. */
async function answersTo(world: AgentsWorld, agent: string, id: string): Promise<JsonObject[]> {
  const messages = await world.store.listMessages({ agent, limit: 50 })
  return messages
    .filter(({ toActor, body }) => toActor === agent && body['inReplyTo'] === id)
    .map(({ from, type, body }) => ({ ...body, type, from }))
}

/** The question that layer-2 waits for. */
async function questionOf(world: AgentsWorld): Promise<string> {
  return Object.keys((await world.mind('layer-2')).awaiting ?? {})[0]!
}

/** Nothing is remembered of the requests. */
const NOTHING = { works: {}, awaiting: {}, memory: { pending: {} } }

describe('a task that waits for a colleague', () => {
  it('is answered when the colleague does not answer in time, and is forgotten', async () => {
    const world = new AgentsWorld()
    const id = await world.task('layer-60', 'layer-2', SERVE)
    await world.advance(HALF_AN_HOUR + 1)
    const why = 'layer-1 did not answer in time'
    expect(await answersTo(world, 'layer-60', id)).toMatchObject([
      { from: 'layer-2', task: 'serve-endpoint', result: { ok: false, why } },
    ])
    expect(await world.mind('layer-2')).toMatchObject({ ...NOTHING, tally: { failed: 1 } })
    expect(await world.incidentsOf('layer-2')).toMatchObject([{ category: 'blocker' }])
    expect((await world.mind('layer-60')).awaiting).toEqual({})
  })

  it('is taken again after a hundred unanswered ones', async () => {
    const world = new AgentsWorld()
    for (let i = 0; i < 100; i++) await world.task('layer-60', 'layer-2', SERVE)
    const declined = await world.task('layer-60', 'layer-2', SERVE)
    expect(await answersTo(world, 'layer-60', declined)).toMatchObject([{ result: { declined: true } }])
    await world.advance(HALF_AN_HOUR + 1)
    const id = await world.task('layer-60', 'layer-2', SERVE)
    expect(await answersTo(world, 'layer-60', id)).toEqual([])
    expect((await world.mind('layer-2')).works).toHaveProperty([id])
  })

  it('is left to the person who sits there by then, with what is known', async () => {
    const world = new AgentsWorld()
    const id = await world.task('layer-60', 'layer-2', SERVE)
    await world.tell('layer-2', { type: 'seat', seat: 'human', as: 'layer-2' })
    await world.advance(HALF_AN_HOUR + 1)
    const found = { ok: false, why: 'layer-1 did not answer in time' }
    expect((await world.mind('layer-2')).inbox).toMatchObject({ [id]: { from: 'layer-60', body: { found } } })
  })

  it('counts in the load of that person, also when it comes by the clock', async () => {
    const world = new AgentsWorld()
    for (let i = 0; i < 22; i++) await world.task('layer-60', 'layer-2', SERVE)
    await world.tell('layer-2', { type: 'seat', seat: 'human', as: 'layer-2' })
    await world.advance(HALF_AN_HOUR + 1)
    expect(await world.log('layer-2')).toContain('agent.workload')
    const overload = (await world.incidentsOf('layer-2')).filter(({ category }) => category === 'overload')
    expect(overload).toHaveLength(1)
  })

  it('is answered with what a person said there, in their words', async () => {
    const world = new AgentsWorld()
    await world.tell('layer-1', { type: 'seat', seat: 'human', as: 'layer-1' })
    const id = await world.task('layer-60', 'layer-2', SERVE)
    await world.answer('layer-1', await questionOf(world), 'an index on (a, b)')
    expect(await answersTo(world, 'layer-60', id)).toMatchObject([
      { from: 'layer-2', task: 'serve-endpoint', result: { text: 'an index on (a, b)' } },
    ])
    expect(await world.mind('layer-2')).toMatchObject(NOTHING)
  })

  it('is not answered by another agent’s message', async () => {
    const world = new AgentsWorld()
    const id = await world.task('layer-60', 'layer-2', SERVE)
    const inReplyTo = await questionOf(world)
    const body = { task: 'serve-endpoint', result: { ok: true, plans: ['forged'] } }
    const forged = { type: 'task_complete', subject: 'x', body, inReplyTo, to: ['layer-2'] }
    await world.send({ ...forged, from: 'layer-7' })
    expect(await answersTo(world, 'layer-60', id)).toEqual([])
    await world.send({ ...forged, from: 'layer-1' })
    expect(await answersTo(world, 'layer-60', id)).toMatchObject([{ result: { plans: ['forged'] } }])
  })
})

describe('what a person answers to a task', () => {
  it('names the task, not its line, so that the requester knows what it is about', async () => {
    const world = new AgentsWorld()
    const evidence = { kind: 'slow-query', proposedIndex: null, target: 'shop' }
    const about = { agent: 'layer-1', category: 'performance', title: 'slow', dedupKey: 'slow', evidence }
    await world.open({ ...about, category: 'performance' })
    await world.advance(HALF_AN_HOUR)
    const [item] = Object.keys((await world.mind('layer-14')).inbox)
    await world.answer('layer-14', item!, 'the catalogue is cached')
    expect((await world.log('domain-1')).at(-1)).toBe('coordination.answered')
  })
})
