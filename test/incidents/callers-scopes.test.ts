import { INCIDENT_TYPE } from '@esa/escalation'
import type { JsonObject, Scopes } from '@esa/protocol'
import { dispatch } from '@esa/runtime'
import { describe, expect, it } from 'vitest'
import { AgentsWorld } from './agents-world.ts'

const INDEX = { name: 'i', ddl: 'create index i on shop.orders (customer_id)' }
const EVIDENCE = { kind: 'slow-query', target: 'shop', proposedIndex: INDEX, metric: { value: 400 } }

/** Sends a task over an edge, by a caller with these scopes; it arrives with all that comes of it. */
async function send(
  world: AgentsWorld,
  scopes: Scopes,
  { from = 'operator', to, task, ...data }: JsonObject & { from?: string; to: string; task: string },
): Promise<void> {
  const body = { task, data: { target: 'shop', ...data } }
  const message = { from, to: [to], type: 'task_request', subject: task, body }
  await dispatch(world.host, world.registry, message, { scopes })
  await world.settle()
}

/** Why Layer 1 declined a task, or null when it took the task. */
async function declined(world: AgentsWorld, task: string): Promise<unknown> {
  const { events } = await world.history('layer-1')
  const outcomes = events.filter(
    ({ type, data }) => ['task.refused', 'task.accepted'].includes(type) && data['task'] === task,
  )
  expect(outcomes).toHaveLength(1)
  return outcomes[0]!.data['why'] ?? null
}

describe('a task for Layer 1', () => {
  it.each([
    ['lint', { sql: 'select 1' }, 'db:plan'],
    ['verify', { sql: 'select 1' }, 'db:plan'],
    ['advise', {}, 'db:plan'],
    ['serve-endpoint', { queries: ['select 1'] }, 'db:plan'],
    ['schema', {}, 'db:read'],
  ])('%s takes the scope of the caller who sent it', async (task, data, scope) => {
    for (const [scopes, why] of [
      [['incidents:write'], `${task} takes the scope ${scope}`],
      [[], `${task} takes the scope ${scope}`],
      [[scope], null],
      [['admin'], null],
      [null, null],
    ] as [Scopes, string | null][]) {
      const world = new AgentsWorld()
      await send(world, scopes, { to: 'layer-1', task, ...data })
      expect([scopes, await declined(world, task)]).toEqual([scopes, why])
    }
  })

  it('takes the scope also when another agent sends it for the caller', async () => {
    for (const [scopes, why] of [
      [['incidents:write'], 'lint takes the scope db:plan'],
      [['incidents:write', 'db:plan'], null],
    ] as [Scopes, string | null][]) {
      const world = new AgentsWorld()
      await send(world, scopes, { from: 'layer-2', to: 'layer-1', task: 'lint', sql: 'select 1' })
      expect(await declined(world, 'lint')).toBe(why)
    }
  })

  it.each([
    ['by an agent with too much to do already', 16, 0],
    ['by an agent that others load later', 0, 17],
  ])('gains nothing by being handed over %s', async (_, before, after) => {
    const world = new AgentsWorld()
    const load = {
      from: 'operator',
      to: ['layer-6'],
      type: 'proposal',
      subject: 'x',
      body: { proposal: 'x' },
    }
    for (let i = 0; i < before; i++) await world.send(load)
    await send(world, ['incidents:write'], { from: 'layer-60', to: 'layer-6', task: 'lint', sql: 'select 1' })
    for (let i = 0; i < after; i++) await world.send(load)
    expect(await declined(world, 'lint')).toBe('lint takes the scope db:plan')
  })

  it('gains nothing by an incident that has a chief order it', async () => {
    for (const [scopes, why] of [
      [['incidents:write'], 'build-index takes the scope db:plan'],
      [['incidents:write', 'db:plan'], null],
    ] as [Scopes, string | null][]) {
      const world = new AgentsWorld()
      const body = { agent: 'layer-1', category: 'performance', title: 'slow', evidence: EVIDENCE }
      const { state } = await world.host.open({
        type: INCIDENT_TYPE,
        key: 'layer-1 slow',
        from: 'operator',
        body,
        scopes,
      })
      await world.host.command(state.id, { type: 'escalate', as: 'operator' }, { scopes })
      await world.settle()
      expect(await declined(world, 'build-index')).toBe(why)
    }
  })
})
