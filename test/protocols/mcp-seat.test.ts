import type { Incident } from '@esa/escalation'
import { seatAgent } from '@esa/operations'
import { afterEach, describe, expect, it } from 'vitest'
import { call, mcpClient, outcome } from './mcp-client.ts'
import { PATIENCE_MS, ProtocolWorld } from './protocol-world.ts'

let world: ProtocolWorld | undefined
afterEach(() => world?.close())

async function seated(): Promise<ProtocolWorld> {
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
  return world
}

describe('an outside model in the seat of Layer 2', { timeout: PATIENCE_MS }, () => {
  it('sees the incident, and answers it before the deadline', async () => {
    const { url } = await seated()
    const client = await mcpClient(url, await world!.token('layer-2', 'incidents:ack'))
    const { state } = await world!.open({
      agent: 'layer-1',
      category: 'integration',
      title: 'pool exhausted',
    })
    await world!.advance(29 * 60_000)
    const { incidents } = await call<{ incidents: Incident[] }>(client, 'incidents_list')
    expect(incidents.map(({ id, level, addressees }) => [id, level, addressees.includes('layer-2')])).toEqual(
      [[state.id, 'peer', true]],
    )
    const taken = await call<Incident>(client, 'incidents_ack', { id: state.id })
    expect(taken).toMatchObject({ status: 'acknowledged', heldBy: 'layer-2' })
    await world!.advance(10 * 60_000)
    expect(await world!.incident(state.id)).toMatchObject({ level: 'peer', heldBy: 'layer-2' })
    await client.close()
  })

  it('lets it pass, and sees the chief take over', async () => {
    const { url } = await seated()
    const client = await mcpClient(url, await world!.token('layer-2', 'incidents:ack'))
    const { state } = await world!.open({
      agent: 'layer-1',
      category: 'integration',
      title: 'pool exhausted',
    })
    await world!.advance(30 * 60_000 + 1)
    const after = await call<Incident>(client, 'incidents_show', { id: state.id })
    expect(after).toMatchObject({ level: 'chief' })
    expect(after.heldBy ?? after.addressees[0]).toBe('chief-1')
    expect(await outcome(client, 'incidents_resolve', { id: state.id, cause: 'x' })).toBe('auth.scope')
    await client.close()
  })
})
