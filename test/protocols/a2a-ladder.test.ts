import { type Task } from '@a2a-js/sdk'
import type { Client } from '@a2a-js/sdk/client'
import { seatAgent } from '@esa/operations'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { a2aClient, EVERYTHING, line, lineOf, message } from './a2a-client.ts'
import { PATIENCE_MS, ProtocolWorld } from './protocol-world.ts'

const OPENING = { type: 'incident.open', category: 'integration' }

let world: ProtocolWorld
let operator: Client
beforeEach(async () => {
  world = await ProtocolWorld.start({ loopback: false })
  const caller = {
    actAs: async () => 'tester',
    approveAs: async () => 'tester',
    account: async () => null,
    onHost: false,
    scopes: async () => null,
  }
  for (const agent of ['layer-2', 'layer-3'])
    await seatAgent({ ...world.ports().world, caller }, agent, 'human')
  operator = await a2aClient(world.url, 'layer-1', await world.token('operator', 'admin'))
})
afterEach(() => world.close())

describe('an incident over A2A', { timeout: PATIENCE_MS }, () => {
  it('waits for a tier, is taken by an outside agent before the deadline, and is completed by it', async () => {
    const layer2 = await a2aClient(
      world.url,
      'layer-2',
      await world.token('layer-2', 'agents:read', 'incidents:write'),
    )
    const stream = operator.sendMessageStream(message('pool exhausted', OPENING))
    const first = (await stream.next()).value
    const task = first?.payload?.value as Task
    expect(lineOf(first!)).toBe('INPUT_REQUIRED peer layer-2+layer-3')
    await world.settle()
    await world.advance(29 * 60_000)

    const { tasks } = await layer2.listTasks(EVERYTHING)
    expect(tasks.map((one) => [one.id, line(one)])).toEqual([
      [task.id, 'INPUT_REQUIRED peer layer-2+layer-3'],
    ])
    const taken = (await layer2.sendMessage(message('', { type: 'acknowledge' }, task.id))) as Task
    expect(line(taken)).toBe('WORKING peer held by layer-2')
    await world.settle()
    expect(lineOf((await stream.next()).value!)).toBe('WORKING peer held by layer-2')
    await layer2.sendMessage(message('', { type: 'resolve', cause: 'a leak in a client' }, task.id))
    expect(lineOf((await stream.next()).value!)).toMatch(/^COMPLETED/)
    expect((await stream.next()).done).toBe(true)
    expect((await world.incident(task.id)).status).toBe('resolved')
  })

  it('that no agent takes is seen to go to the chief', async () => {
    const stream = operator.sendMessageStream(message('pool exhausted', OPENING))
    const task = (await stream.next()).value?.payload?.value as Task
    await world.settle()
    await world.advance(30 * 60_000 + 1)
    expect(lineOf((await stream.next()).value!)).toMatch(/ chief .*chief-1/)
    expect(line(await operator.getTask({ tenant: '', id: task.id }))).toMatch(/ chief .*chief-1/)
    await stream.return()
  })
})
