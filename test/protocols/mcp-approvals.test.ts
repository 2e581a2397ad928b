import type { Approval } from '@esa/escalation'
import { askApproval, seatAgent } from '@esa/operations'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { call, mcpClient, outcome } from './mcp-client.ts'
import { PATIENCE_MS, ProtocolWorld } from './protocol-world.ts'

const DROP = 'drop table old_orders'
const OTHER = '0'.repeat(64)

interface Listed {
  items: { id: string; statement: { text: string; hash: string } | null }[]
}

let world: ProtocolWorld
let asked: Approval
let tokens: { chief: string; operator: string }
beforeEach(async () => {
  world = await ProtocolWorld.start()
  const caller = {
    actAs: async () => 'tester',
    approveAs: async () => 'tester',
    account: async () => null,
    onHost: false,
    scopes: async () => null,
  }
  const operated = { ...world.ports().world, caller }
  await seatAgent(operated, 'chief-1', 'human')
  tokens = {
    chief: await world.personToken('Cem', 'chief-1', 'incidents:write'),
    operator: await world.personToken('Bea', 'operator', 'incidents:write', 'db:read'),
  }
  await world.advance(1)
  const about = { target: 'shop', statement: DROP, kind: 'destructive' as const }
  asked = await askApproval(operated, about, { by: 'tester', because: 'it is unused' })
  await world.settle()
})
afterEach(() => world.close())

describe('a statement that is to be approved', { timeout: PATIENCE_MS }, () => {
  it('is approved by its hash alone, by two holders, neither the requester', async () => {
    const robot = await mcpClient(world.url, await world.token('chief-1', 'incidents:write'))
    const chief = await mcpClient(world.url, tokens.chief)
    const { items } = await call<Listed>(chief, 'inbox_list', { agent: 'chief-1' })
    expect(items).toMatchObject([{ statement: { text: DROP, hash: asked.hash } }])
    const { id } = items[0]!
    expect(await outcome(chief, 'inbox_approve', { id })).toBe('approval.without-hash')
    expect(await outcome(chief, 'inbox_approve', { id, hash: OTHER })).toBe('approval.other-statement')
    expect(await outcome(robot, 'inbox_approve', { id, hash: asked.hash })).toBe('approval.not-a-person')
    expect(await outcome(chief, 'inbox_approve', { id, hash: asked.hash })).toBe('done')
    await world.settle()

    const operator = await mcpClient(world.url, tokens.operator)
    const { approvals } = await call<{ approvals: Approval[] }>(operator, 'approvals_list')
    expect(approvals).toMatchObject([{ id: asked.id, status: 'partly', given: [{ as: 'chief-1' }] }])
    expect(await outcome(operator, 'approvals_approve', { id: asked.id, hash: OTHER })).toBe(
      'approval.other-statement',
    )
    const second = await call<Approval>(operator, 'approvals_approve', { id: asked.id, hash: asked.hash })
    expect(second).toMatchObject({ status: 'granted', given: [{ as: 'chief-1' }, { as: 'operator' }] })
    await Promise.all([robot.close(), chief.close(), operator.close()])
  })

  it('is not approved without a token, also on this machine', async () => {
    const client = await mcpClient(world.url)
    const { items } = await call<Listed>(client, 'inbox_list', { agent: 'chief-1' })
    const given = { id: items[0]!.id, as: 'chief-1', hash: asked.hash }
    expect(await outcome(client, 'inbox_approve', given)).toBe('auth.token-required')
    expect(await outcome(client, 'approvals_approve', { ...given, id: asked.id })).toBe('auth.token-required')
    await client.close()
  })

  it('is rejected finally', async () => {
    const chief = await mcpClient(world.url, tokens.chief)
    const given = { id: asked.id, hash: asked.hash, because: 'it is read at night' }
    expect(await call<Approval>(chief, 'approvals_reject', given)).toMatchObject({ status: 'rejected' })
    expect(await outcome(chief, 'approvals_approve', given)).toBe('approval.over')
    await chief.close()
  })
})
