import { type JsonObject, statementHash, tokenedBy } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { Lone } from '../../lone-agent.ts'
import { judgeStatement, STATEMENT_POLICY } from './statement-policy.ts'

const INDEX = 'create index concurrently i on shop.orders (customer_id)'
const GOOD = { p95MsBefore: 400, p95MsAfter: 4, sizeBytes: 1_000_000 }

function data(statement: string, change: string, evidence: JsonObject, more: JsonObject = {}): JsonObject {
  const hash = statementHash(statement)
  return { kind: 'statement', approvalId: 'A', target: 'shop', statement, hash, change, evidence, ...more }
}

const proposal = (about: JsonObject): JsonObject => ({
  proposal: 'it helps',
  data: about,
  subject: 's',
  thread: 'T',
})

describe('the policy', () => {
  it.each<[string, string, string, string, JsonObject]>([
    ['approve', 'an index that was measured to help', INDEX, 'additive', GOOD],
    ['approve', 'ANALYZE', 'analyze shop.orders', 'additive', {}],
    ['approve', 'VALIDATE', 'alter table t validate constraint c', 'additive', {}],
    ['reject', 'an index without evidence', INDEX, 'additive', {}],
    ['reject', 'an index that stops writes', 'create index i on t (a)', 'additive', GOOD],
    [
      'reject',
      'an index over the budget',
      INDEX,
      'additive',
      { ...GOOD, sizeBytes: STATEMENT_POLICY.indexBytesMax + 1 },
    ],
    ['reject', 'an index that gains nothing', INDEX, 'additive', { ...GOOD, p95MsAfter: 390 }],
    ['ask', 'an index that was not tried', INDEX, 'additive', { method: null, why: 'no copy' }],
    ['ask', 'a change without a way back', 'alter table t alter a type text', 'major', { blockedMsMax: 3 }],
    ['ask', 'a change without a rehearsal', 'alter table t alter a type text', 'major', { rollback: 'x' }],
    [
      'approve',
      'a change with both',
      'alter table t alter a type text',
      'major',
      { rollback: 'x', blockedMsMax: 3 },
    ],
    [
      'reject',
      'a change that stops others',
      'alter table t alter a type text',
      'major',
      { rollback: 'x', blockedMsMax: 3_000 },
    ],
    ['reject', 'a change that loses data', 'alter table t alter a type int', 'major', { lossless: false }],
    [
      'pass-on',
      'a change of a giant',
      'alter table t alter a type text',
      'major',
      { rollback: 'x', blockedMsMax: 3, relationBytes: 2e11 },
    ],
    ['pass-on', 'what may lose data', 'drop table t', 'destructive', {}],
    ['approve', 'a drop that lost nothing', 'drop table t', 'destructive', { lossless: true, rollback: 'x' }],
    ['reject', 'a kind that is none', INDEX, 'harmless', GOOD],
  ])('says %s to %s', (verdict, _, statement, change, evidence) => {
    expect(judgeStatement(data(statement, change, evidence)).kind).toBe(verdict)
  })

  it('takes no statement whose hash is another’s, and none that lacks what it is bound to', () => {
    expect(judgeStatement(data(INDEX, 'additive', GOOD, { hash: 'f'.repeat(64) }))).toMatchObject({
      kind: 'reject',
    })
    const lacking = data(INDEX, 'additive', GOOD, { target: '' })
    expect(judgeStatement(lacking)).toEqual({ kind: 'ask', because: 'target is missing' })
  })
})

describe('chief-1', () => {
  it('tells the approval and the requester what it decided, and why', () => {
    const { sent, types } = new Lone('chief-1').tell('proposal', proposal(data(INDEX, 'additive', GOOD)))
    const because = 'p95 went from 400 ms to 4 ms on a copy, for 976.6 kB; building it blocks nobody'
    expect(types).toEqual(['agent.approved'])
    expect(sent).toMatchObject([
      {
        to: 'layer-1',
        type: 'decision',
        body: { decision: 'approved', because, inReplyTo: 'm-1001' },
        thread: 'T',
      },
      { to: 'A', type: 'approve', body: { hash: statementHash(INDEX), because } },
    ])
    const rejected = new Lone('chief-1').tell('proposal', proposal(data(INDEX, 'additive', {})))
    expect(rejected.sent).toMatchObject([{ body: { decision: 'rejected' } }, { to: 'A', type: 'reject' }])
  })

  it('asks back what is missing; the proposal waits in its inbox and its sender’s clock runs on', () => {
    const chief = new Lone('chief-1')
    const { sent, types } = chief.tell('proposal', proposal(data(INDEX, 'additive', { why: 'no copy' })))
    expect(types).toEqual(['agent.received', 'agent.asked_back', 'agent.undecided'])
    expect(sent).toMatchObject([{ to: 'layer-1', type: 'sync_request', body: { clarifies: 'm-1001' } }])
    expect(chief.inbox).toEqual(['m-1001'])
  })

  it('passes on to the CEO what exceeds it, who leaves it to a person, under its first id', () => {
    const { sent } = new Lone('chief-1').tell('proposal', proposal(data('drop table t', 'destructive', {})))
    expect(sent).toMatchObject([
      { to: 'agent-0', type: 'proposal' },
      { to: 'layer-1', type: 'task.handed_over', body: { original: 'm-1001', to: 'agent-0' } },
    ])
    const ceo = new Lone('agent-0')
    const passed = ceo.tell('proposal', (sent[0] as unknown as { body: JsonObject }).body, 'chief-1')
    expect([passed.types, ceo.inbox]).toEqual([['agent.received', 'agent.undecided'], ['m-1001']])
    const judged = ceo.tell(
      'judge',
      { item: 'm-1001', approved: true, by: tokenedBy('Ada', 't') },
      'operator',
    )
    expect(judged.sent).toMatchObject([
      { to: 'layer-1', type: 'decision' },
      { to: 'A', type: 'approve', body: { by: tokenedBy('Ada', 't') } },
    ])
  })

  it('leaves every proposal to the person who sits there, whose word then reaches the approval', () => {
    const chief = new Lone('chief-1')
    chief.tell('seat', { seat: 'human' }, 'operator')
    const { sent, types } = chief.tell('proposal', proposal(data(INDEX, 'additive', GOOD)))
    expect([sent, types]).toEqual([[], ['agent.received']])
    const by = tokenedBy('Ada', 't')
    const judged = chief.tell(
      'judge',
      { item: chief.inbox[0]!, approved: false, text: 'not now', by },
      'operator',
    )
    expect(judged.sent).toMatchObject([
      { to: 'layer-1', type: 'decision', body: { decision: 'rejected', because: 'not now' } },
      { to: 'A', type: 'reject', body: { by, because: 'not now' } },
    ])
  })

  it('has it in the inbox no longer once it is settled elsewhere, and its answer is not pending', () => {
    const chief = new Lone('chief-1')
    chief.tell('proposal', proposal(data(INDEX, 'additive', { why: 'no copy' })))
    expect(chief.tell('approval.settled', { approvalId: 'B', status: 'used' }, 'B').types).toEqual([])
    expect(chief.tell('approval.settled', { approvalId: 'A', status: 'withdrawn' }, 'A').types).toEqual([
      'agent.released',
    ])
    expect(chief.inbox).toEqual([])
    const layer = new Lone('layer-1')
    layer.tell(
      'approval.asked',
      { ...data(INDEX, 'additive', GOOD), kind: 'additive', because: 'x', answerMs: 1_000 },
      'A',
    )
    expect(Object.keys(layer.state.snapshot.context['awaiting'] as object)).toHaveLength(1)
    layer.tell('approval.settled', { approvalId: 'A', status: 'granted' }, 'A')
    expect(layer.state.snapshot.context['awaiting']).toEqual({})
  })

  it('does not decide what is not a statement', () => {
    const { sent, types } = new Lone('chief-1').tell('proposal', { proposal: 'rename the division' })
    expect([sent, types]).toEqual([[], ['agent.received', 'agent.undecided']])
  })
})
