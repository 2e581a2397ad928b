import type { Client } from '@modelcontextprotocol/client'
import { seatAgent } from '@esa/operations'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { call, mcpClient } from './mcp-client.ts'
import { PATIENCE_MS, ProtocolWorld } from './protocol-world.ts'

const INCIDENT = { agent: 'layer-1', category: 'integration', title: 'pool exhausted' } as const

interface Waited {
  items: { id: string }[]
  news: string[]
}

let world: ProtocolWorld
let client: Client
beforeEach(async () => {
  world = await ProtocolWorld.start({ loopback: false })
  const caller = {
    actAs: async () => 'tester',
    approveAs: async () => 'tester',
    account: async () => null,
    onHost: false,
    scopes: async () => null,
  }
  await seatAgent({ ...world.ports().world, caller }, 'layer-2', 'human')
  client = await mcpClient(world.url, await world.token('layer-2', 'incidents:read'))
})
afterEach(async () => {
  await client.close()
  await world.close()
})

async function scraped(): Promise<string> {
  const headers = { authorization: `Bearer ${await world.token('operator', 'admin')}` }
  return (await fetch(`${world.url}/metrics`, { headers })).text()
}

describe('a model that waits', { timeout: PATIENCE_MS }, () => {
  it('hears of what comes into its inbox, and only of what it does not know', async () => {
    const waiting = call<Waited>(client, 'inbox_wait', { agent: 'layer-2' })
    const { state } = await world.open(INCIDENT)
    expect((await waiting).news).toEqual([state.id])
    const again = await call<Waited>(client, 'inbox_wait', { agent: 'layer-2', known: [state.id], waitMs: 0 })
    expect([again.news, again.items.map(({ id }) => id)]).toEqual([[], [state.id]])
  })

  it('is notified of a resource that changed, once it has subscribed', async () => {
    const { state } = await world.open(INCIDENT)
    const uri = `esa://incidents/${state.id}/timeline`
    const told = new Promise((resolve) =>
      client.setNotificationHandler('notifications/resources/updated', ({ params }) => resolve(params.uri)),
    )
    const subscription = await client.listen({ resourceSubscriptions: [uri] })
    await world.command(state.id, { type: 'acknowledge', as: 'layer-3' })
    expect(await told).toBe(uri)
    await subscription.close()
    const following = async () => /^esa_sse_clients (\d+)$/m.exec(await scraped())?.[1]
    await expect.poll(following, { timeout: 10_000 }).toBe('0')
  })

  it('may not subscribe with a token that may not read', async () => {
    const other = await mcpClient(world.url, await world.token('layer-2', 'agents:read'))
    const uri = 'esa://agents/layer-2/inbox'
    await expect(other.listen({ resourceSubscriptions: [uri] })).rejects.toThrow(/403|scope/i)
    await other.close()
  })

  it('hears nothing more once its token was revoked', async () => {
    const { state } = await world.open(INCIDENT)
    const uri = `esa://incidents/${state.id}/timeline`
    const other = await mcpClient(world.url, await world.token('layer-9', 'incidents:read'))
    const told: string[] = []
    other.setNotificationHandler(
      'notifications/resources/updated',
      ({ params }) => void told.push(params.uri),
    )
    await other.listen({ resourceSubscriptions: [uri] })
    const { id } = (await world.store.listTokens()).find(({ holder }) => holder === 'layer-9')!
    await world.store.revokeToken(id)
    await world.command(state.id, { type: 'acknowledge', as: 'layer-3' })
    const following = async () => /^esa_sse_clients (\d+)$/m.exec(await scraped())?.[1]
    await expect.poll(following, { timeout: 10_000 }).toBe('0')
    expect(told).toEqual([])
    await other.close()
  })
})
