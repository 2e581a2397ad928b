import { tokenedBy } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { judge } from './approval.ts'
import type { AgentContext, AgentEvent } from './mind.ts'

const ADA = tokenedBy('Ada', 't1')
const BEA = tokenedBy('Bea', 't2')

function judged(
  item: { from?: string; type?: string; by?: string },
  event: { by?: string; approved?: boolean },
) {
  const { from = 'layer-1', type = 'proposal', by = ADA } = item
  const kept = {
    id: 'm1',
    kind: 'message' as const,
    from,
    type,
    about: 'x',
    body: { by, thread: 'th' },
    at: 1,
  }
  const context = { agentId: 'chief-1', inbox: { m1: kept } } as unknown as AgentContext
  const told = { type: 'judge', item: 'm1', at: 5, as: 'chief-1', text: 'fits', approved: true, ...event }
  const { record = [], send = [], set } = judge(context, told as unknown as AgentEvent)
  return { record, send, inbox: set?.inbox, fact: record[0]?.type, code: record[0]?.data?.['code'] }
}

describe('a proposal', () => {
  it('is approved or rejected by another person, and the requester learns who decided', () => {
    const { fact, send, inbox } = judged({}, { by: BEA })
    expect([fact, inbox]).toEqual(['agent.approved', {}])
    expect(send).toMatchObject([
      { to: 'layer-1', type: 'decision', body: { decision: 'approved', decidedBy: BEA }, thread: 'th' },
    ])
    expect(judged({}, { by: BEA, approved: false }).fact).toBe('agent.rejected')
  })

  it.each([
    ['its own agent, with any person in the seat', { from: 'chief-1' }, { by: BEA }, 'approval.own-request'],
    ['the requester, from another seat', {}, { by: ADA }, 'approval.own-request'],
    ['the requester, with another token', {}, { by: tokenedBy('Ada', 't3') }, 'approval.own-request'],
    ['a requester without a token', { by: 'Ada' }, { by: ADA }, 'approval.own-request'],
    ['no one known', {}, {}, 'approval.without-token'],
    ['a person without a token', {}, { by: 'Bea' }, 'approval.without-token'],
    ['a person who takes a task for one', { type: 'task_request' }, { by: BEA }, 'inbox.no-such-proposal'],
  ])('is not approved by %s', (_, item, event, code) => {
    const refused = judged(item, event)
    expect([refused.fact, refused.code, refused.send, refused.inbox]).toEqual([
      'command.refused',
      code,
      [],
      undefined,
    ])
  })
})
