import { type JsonObject, statementHash } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { Lone } from '../../lone-agent.ts'

const DDL = 'CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON shop.orders (customer_id)'
const INDEX = { schema: 'shop', relation: 'orders', columns: ['customer_id'], name: 'i', ddl: DDL }
const ORDER = {
  task: 'build-index',
  data: { target: 'shop', proposedIndex: INDEX, incidentId: 'I1', before: 400 },
}
const EVIDENCE = { p95MsBefore: 400, p95MsAfter: 4, sizeBytes: 1_000 }
const HASH = statementHash(DDL)

/** Layer 1 with an order in hand, and the order as it travels with every step. */
function ordered() {
  const layer = new Lone('layer-1')
  const { sent } = layer.tell('task_request', { ...ORDER, thread: 'T' }, 'chief-1')
  const { input } = sent[0] as unknown as { input: JsonObject }
  return { layer, sent, input }
}

/** What the approval sends to Layer 1. */
const said = (input: JsonObject): JsonObject => ({
  approvalId: 'A',
  target: 'shop',
  hash: HASH,
  kind: 'additive',
  reference: input,
})

describe('an index', () => {
  it('is tried on a copy on the word of the chief only', () => {
    expect(ordered().sent).toMatchObject([
      { kind: 'perform', activity: 'index.rehearse', input: { target: 'shop' } },
    ])
    const refused = new Lone('layer-1').tell('task_request', ORDER, 'layer-2')
    expect([refused.types, refused.sent]).toMatchObject([
      ['task.refused'],
      [{ to: 'layer-2', type: 'task_complete', body: { result: { ok: false, declined: true } } }],
    ])
    const byHand = new Lone('layer-1').tell('task_request', { ...ORDER, by: 'Ada' }, 'chief-1')
    expect(byHand.sent).toMatchObject([{ body: { result: { why: 'an order by hand takes a token' } } }])
  })

  it('is requested by its very statement, with what was measured, and built only once that is used up', () => {
    const { layer, input } = ordered()
    const asked = layer.tell('index.rehearsed', { ...input, evidence: EVIDENCE })
    expect(asked.sent).toMatchObject([
      {
        kind: 'open',
        actorType: 'approval',
        key: `shop ${HASH}`,
        body: { statement: DDL, kind: 'additive', evidence: EVIDENCE },
      },
    ])
    expect(layer.tell('approval.granted', said(input)).sent).toEqual([
      { kind: 'send', to: 'A', type: 'use', body: { target: 'shop', hash: HASH, kind: 'additive' } },
    ])
    expect(layer.tell('approval.used', said(input)).sent).toMatchObject([
      { kind: 'perform', activity: 'index.build', input: { target: 'shop', hash: HASH } },
    ])
  })

  it('is measured after it was built, and only then reported, as the answer to the order', () => {
    const { layer, input } = ordered()
    const built = layer.tell('index.built', { ...input, hash: HASH, index: 'i', ms: 1, sizeBytes: 1 })
    const { recheck } = (built.sent[0] as unknown as { input: JsonObject }).input as { recheck: JsonObject }
    expect(built.sent).toMatchObject([{ kind: 'perform', activity: 'database.measure' }])
    const readings = [{ key: 'query-response-time', value: 4, ok: true }]
    const { sent } = layer.tell('measure.done', { target: 'shop', readings, recheck })
    const result = { ok: true, incidentId: 'I1', index: 'i', hash: HASH, p95MsBefore: 400, p95MsAfter: 4 }
    expect(sent).toMatchObject([
      {
        to: 'chief-1',
        type: 'task_complete',
        body: { result, inReplyTo: 'm-1001', thread: 'T' },
        thread: 'T',
      },
    ])
    expect(layer.state.snapshot.context).toMatchObject({ works: {}, tally: { completed: 1, failed: 0 } })
  })

  it.each([
    [
      'rejected',
      { because: 'over the budget', decidedBy: 'chief-1' },
      'rejected by chief-1: over the budget',
    ],
    ['lapsed', {}, 'lapsed: nobody used it in 15 minutes'],
    ['expired', {}, 'expired: nobody approved it in 7 days'],
    ['withdrawn', { because: 'not wanted any more' }, 'withdrawn: not wanted any more'],
    ['withdrawn', {}, 'withdrawn: no reason given'],
    ['refused', { code: 'approval.expired' }, 'refused: approval.expired'],
  ])('that is %s is not built, and the orderer learns why', (how, more, why) => {
    const { layer, input } = ordered()
    const { sent } = layer.tell(`approval.${how}`, { ...said(input), ...more })
    expect(sent).toMatchObject([{ to: 'chief-1', body: { result: { ok: false, why } } }])
    expect(layer.state.snapshot.context).toMatchObject({ works: {}, tally: { failed: 1 } })
  })

  it('is built without asking only when the operator’s policy says so', () => {
    const { layer, input } = ordered()
    layer.tell('authority', { alone: ['create-index'] }, 'operator')
    const { types, sent } = layer.tell('index.rehearsed', { ...input, evidence: EVIDENCE })
    expect(types).toEqual(['index.rehearsed', 'authority.alone'])
    expect(sent).toMatchObject([{ kind: 'perform', activity: 'index.build', input: { hash: HASH } }])
    layer.tell('authority', { alone: ['analyze'] }, 'operator')
    expect(layer.tell('index.rehearsed', { ...input, evidence: EVIDENCE }).sent).toMatchObject([
      { kind: 'open' },
    ])
  })
})

describe('a frozen target', () => {
  it('is not changed: neither by a new order nor by an approval that comes through meanwhile', () => {
    const { layer, input } = ordered()
    layer.tell('freeze', { target: 'shop', reason: 'rows are missing' }, 'agent-0')
    expect(layer.tell('approval.granted', said(input)).sent).toMatchObject([
      { to: 'chief-1', body: { result: { ok: false, why: 'shop is frozen: rows are missing' } } },
    ])
    expect(layer.tell('task_request', ORDER, 'chief-1').sent).toMatchObject([
      { body: { result: { declined: true } } },
    ])
    layer.tell('thaw', { target: 'shop' }, 'operator')
    expect(layer.tell('task_request', ORDER, 'chief-1').sent).toMatchObject([{ activity: 'index.rehearse' }])
  })

  it('is not changed by what may be done alone, nor by an approval that was used before the freeze', () => {
    const why = 'shop is frozen: rows are missing'
    const failed = [{ to: 'chief-1', body: { result: { ok: false, incidentId: 'I1', why } } }]
    const alone = ordered()
    alone.layer.tell('authority', { alone: ['create-index'] }, 'operator')
    alone.layer.tell('freeze', { target: 'shop', reason: 'rows are missing' }, 'agent-0')
    const rehearsed = alone.layer.tell('index.rehearsed', { ...alone.input, evidence: EVIDENCE })
    expect([rehearsed.types, rehearsed.sent]).toMatchObject([['index.rehearsed', 'index.failed'], failed])
    const asked = ordered()
    asked.layer.tell('approval.granted', said(asked.input))
    asked.layer.tell('freeze', { target: 'shop', reason: 'rows are missing' }, 'agent-0')
    const used = asked.layer.tell('approval.used', said(asked.input))
    expect([used.types, used.sent]).toMatchObject([['approval.heard', 'index.failed'], failed])
    expect(asked.layer.state.snapshot.context).toMatchObject({ works: {}, tally: { failed: 1 } })
  })

  it('is frozen and thawed by an operator or the CEO only, with any person in its seat', () => {
    const layer = new Lone('layer-1')
    layer.tell('seat', { seat: 'human' }, 'operator')
    expect(layer.tell('freeze', { target: 'shop', reason: 'x' }, 'layer-2').types).toEqual(['task.refused'])
    expect(layer.tell('freeze', { target: 'shop', reason: 'x' }, 'agent-0').types).toEqual(['target.frozen'])
    expect(layer.tell('thaw', { target: 'shop' }, 'chief-1').types).toEqual(['task.refused'])
  })
})
