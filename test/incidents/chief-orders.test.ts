import type { JsonObject } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { AgentsWorld } from './agents-world.ts'

const DDL = 'CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON shop.orders (customer_id)'
const INDEX = { schema: 'shop', relation: 'orders', columns: ['customer_id'], name: 'i', ddl: DDL }

/** An incident that Chief 1 was notified of: of layer 1 one that an index would cure, of others an unknown one. */
async function told(agent: string): Promise<{ world: AgentsWorld; id: string; report: JsonObject }> {
  const world = new AgentsWorld()
  const cure = { kind: 'slow-query', target: 'shop', proposedIndex: INDEX, metric: { value: 400 } }
  const own = agent === 'layer-1'
  const { state } = await world.open({
    agent,
    category: own ? 'performance' : 'architecture',
    title: 'x',
    dedupKey: 'x',
    evidence: own ? cure : {},
  })
  if (own) await world.advance(30 * 60_000 + 1)
  const result = { ok: true, incidentId: state.id, p95MsBefore: 400, p95MsAfter: 4, moved: 1, to: 'layer-2' }
  return { world, id: state.id, report: result }
}

const reports = (world: AgentsWorld, from: string, task: string, result: JsonObject): Promise<string[]> =>
  world.send({ from, to: ['chief-1'], type: 'task_complete', subject: task, body: { task, result } })

describe('a report to the chief', () => {
  it.each(['build-index', 'hand-over'])('of a %s that it never ordered resolves nothing', async (task) => {
    const { world, id, report } = await told('layer-5')
    await reports(world, 'layer-60', task, report)
    await reports(world, 'layer-5', task, report)
    expect(await world.incident(id)).toMatchObject({ status: 'triggered' })
    expect((await world.log('chief-1')).slice(-2)).toEqual(['agent.noted', 'agent.noted'])
  })

  it('of what it ordered is taken from whom it was ordered alone, for the task that was ordered', async () => {
    const { world, id, report } = await told('layer-1')
    expect(await world.incident(id)).toMatchObject({ status: 'acknowledged', heldBy: 'chief-1' })
    await reports(world, 'layer-2', 'build-index', report)
    await reports(world, 'layer-1', 'hand-over', report)
    expect(await world.incident(id)).toMatchObject({ status: 'acknowledged' })
    await reports(world, 'layer-1', 'build-index', report)
    expect(await world.incident(id)).toMatchObject({ status: 'resolved' })
  })

  it('ends the order, whatever it says: nothing is resolved by a second one', async () => {
    const { world, id, report } = await told('layer-1')
    await reports(world, 'layer-1', 'build-index', { ...report, ok: false, why: 'no copy' })
    await reports(world, 'layer-1', 'build-index', report)
    expect(await world.incident(id)).toMatchObject({ status: 'acknowledged' })
    expect((await world.log('chief-1')).slice(-2)).toEqual(['agent.undecided', 'agent.noted'])
  })

  it('is left to the person who has taken the seat meanwhile', async () => {
    const { world, id, report } = await told('layer-1')
    await world.tell('chief-1', { type: 'seat', seat: 'human', as: 'operator' })
    await reports(world, 'layer-1', 'build-index', report)
    expect(await world.incident(id)).toMatchObject({ status: 'acknowledged' })
    expect((await world.log('chief-1')).at(-1)).toBe('agent.noted')
  })
})
