import { createIndexSql, type JsonObject, statementHash } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { LoneActor } from '../../testing/lone-actor.ts'
import { databaseDefinition } from './database-definition.ts'
import { indexChangeDefinition } from './index-change-definition.ts'

const INDEX = { schema: 'shop', relation: 'orders', columns: ['customer_id'], name: 'i' }
const STATEMENT = createIndexSql(INDEX)
const HASH = statementHash(STATEMENT)
const REQUESTER = { from: 'chief-1', task: 'build-index', messageId: 'm1', thread: 't1' }
const ORDER = {
  agentId: 'layer-1',
  target: 'shop',
  index: INDEX,
  incidentId: 'I1',
  before: 400,
  requester: REQUESTER,
}
const APPROVAL = { approvalId: 'A', hash: HASH }
const FROZEN = { reason: 'rows are missing', frozenBy: 'agent-0' }
const FAILED = { activity: 'index-change.rehearse', code: 'database.unreachable', message: 'no answer' }
const EVIDENCE = { p95MsBefore: 400, p95MsAfter: 4 }

const opened = (order: JsonObject = {}): LoneActor =>
  new LoneActor(indexChangeDefinition, { ...ORDER, ...order })

/** What brings a change from its start into each state. */
const WAY: [string, JsonObject][] = [
  ['index.rehearsed', { evidence: EVIDENCE }],
  ['approval.granted', APPROVAL],
  ['approval.used', APPROVAL],
  ['index.built', { index: 'i', ms: 1, sizeBytes: 2 }],
]
const STATES = ['rehearsing', 'awaitingApproval', 'usingApproval', 'building', 'rechecking']
const PREPARING = STATES.slice(0, 3)

function inState(name: string): LoneActor {
  const change = opened()
  for (const [type, body] of WAY.slice(0, STATES.indexOf(name))) change.give(type, body)
  expect(change.state.status).toBe(name)
  return change
}

/** The requester's answer, which every end sends once. */
const answerOf = (effects: readonly object[]) =>
  effects.filter((effect) => 'type' in effect && effect.type === 'task.finished')

describe('a change of an index', () => {
  it('is tried on a copy, approved, built and measured, and then answers the one who ordered it', () => {
    const change = opened()
    expect(change.started.effects).toMatchObject([
      { kind: 'open', actorType: 'database', key: 'shop', body: { target: 'shop', agentId: 'layer-1' } },
      { kind: 'open', actorType: 'database', key: 'shop', tell: { type: 'change.opened' } },
      {
        kind: 'perform',
        activity: 'index-change.rehearse',
        input: { target: 'shop', index: INDEX, hash: HASH },
      },
    ])
    expect(change.give('index.rehearsed', { evidence: EVIDENCE }).effects).toMatchObject([
      {
        kind: 'open',
        actorType: 'approval',
        key: `shop ${HASH}`,
        body: {
          target: 'shop',
          statement: STATEMENT,
          kind: 'additive',
          askedBy: 'layer-1',
          evidence: EVIDENCE,
        },
      },
    ])
    expect(change.give('approval.granted', APPROVAL).effects).toMatchObject([
      { kind: 'send', to: 'A', type: 'use', body: { target: 'shop', hash: HASH, kind: 'additive' } },
    ])
    expect(change.give('approval.used', APPROVAL).effects).toMatchObject([
      { kind: 'perform', activity: 'index-change.build', input: { index: INDEX, hash: HASH } },
    ])
    expect(change.give('index.built', { index: 'i', ms: 1, sizeBytes: 2 }).effects).toMatchObject([
      { kind: 'perform', activity: 'index-change.recheck' },
    ])
    const { effects } = change.give('index.rechecked', { ok: true, p95Ms: 4 })
    const result = { ok: true, incidentId: 'I1', index: 'i', hash: HASH, p95MsBefore: 400, p95MsAfter: 4 }
    expect(effects).toMatchObject([
      { kind: 'send', to: 'layer-1', type: 'task.finished', body: { requester: REQUESTER, result } },
      { kind: 'open', actorType: 'database', key: 'shop', tell: { type: 'change.ended' } },
    ])
    expect(change.state).toMatchObject({ status: 'done', live: false })
    expect(change.replayed()).toMatchObject({ identical: true, state: change.state })
  })

  it('spells its statement from the names of the order, whatever text the order brings along', () => {
    const change = opened({
      index: { ...INDEX, ddl: 'DROP TABLE shop.orders' },
      statement: 'DROP TABLE shop.orders',
    })
    expect(change.state.snapshot.context).toMatchObject({ statement: STATEMENT, hash: HASH })
    expect(() => opened({ index: { ...INDEX, columns: [] } })).toThrow(
      expect.objectContaining({ code: 'index.invalid-order' }),
    )
  })

  it('is built without an approval where that is allowed, and not once that was taken back', () => {
    const alone = opened({ mayBuildAlone: true })
    expect(alone.give('index.rehearsed', { evidence: EVIDENCE }).effects).toMatchObject([
      { kind: 'perform', activity: 'index-change.build' },
    ])
    const withdrawn = opened({ mayBuildAlone: true })
    withdrawn.give('authority', { mayBuildAlone: false })
    expect(withdrawn.give('index.rehearsed', { evidence: EVIDENCE }).effects).toMatchObject([
      { kind: 'open', actorType: 'approval' },
    ])
  })

  it('builds by an approval of this very statement and by no other one', () => {
    const change = inState('awaitingApproval')
    expect(change.give('approval.granted', { ...APPROVAL, hash: 'other' }).effects).toEqual([])
    const used = inState('usingApproval')
    expect(used.give('approval.used', { ...APPROVAL, hash: 'other' }).effects).toEqual([])
    expect([change.state.status, used.state.status]).toEqual(['awaitingApproval', 'usingApproval'])
  })

  it('declines the same order while it goes on, and stays as it is', () => {
    const change = inState('building')
    const again = change.give('open', { requester: { ...REQUESTER, messageId: 'm2' } })
    expect(answerOf(again.effects)).toMatchObject([
      { body: { requester: { messageId: 'm2' }, result: { ok: false, declined: true } } },
    ])
    expect(change.state.status).toBe('building')
  })
})

describe('a freeze of the database', () => {
  it.each(PREPARING)('ends a change that is %s, once, and builds nothing', (state) => {
    const change = inState(state)
    const { effects } = change.give('database.frozen', FROZEN)
    const result = { ok: false, incidentId: 'I1', why: 'shop is frozen: rows are missing' }
    expect(answerOf(effects)).toMatchObject([{ body: { requester: REQUESTER, result } }])
    expect(change.state).toMatchObject({ status: 'failed', live: false })
    for (const [type, body] of WAY) expect(change.give(type, body).effects).toEqual([])
    expect(change.replayed()).toMatchObject({ identical: true })
  })

  it('that stood at the opening ends it at once', () => {
    const database = new LoneActor(databaseDefinition, { target: 'shop', agentId: 'layer-1' })
    database.give('freeze', { reason: 'rows are missing', orderedBy: { as: 'operator' }, orderedAt: 1 })
    const change = new LoneActor(indexChangeDefinition, ORDER, [database.state])
    expect(answerOf(change.started.effects)).toHaveLength(1)
    expect(change.state.status).toBe('failed')
    const elsewhere = new LoneActor(indexChangeDefinition, { ...ORDER, target: 'other' }, [database.state])
    expect(elsewhere.state.status).toBe('rehearsing')
  })

  it.each(['building', 'rechecking'])(
    'is noted by a change that is %s: the build asks the flag itself',
    (state) => {
      const change = inState(state)
      expect(change.give('database.frozen', FROZEN).types).toEqual(['target.frozen'])
      expect(change.state.status).toBe(state)
    },
  )
})

describe('a change that fails', () => {
  it.each(STATES)('of an activity while it is %s answers once, and leaves no approval open', (state) => {
    const change = inState(state)
    const { effects } = change.give('activity.failed', FAILED)
    expect(answerOf(effects)).toMatchObject([
      { body: { result: { ok: false, why: 'database.unreachable: no answer' } } },
    ])
    const withdrawals = effects.filter((effect) => effect.kind === 'open' && effect.actorType === 'approval')
    expect(withdrawals).toHaveLength(['awaitingApproval', 'usingApproval'].includes(state) ? 1 : 0)
    expect(change.state.status).toBe('failed')
  })

  it.each([
    [
      'rejected',
      { because: 'over the budget', decidedBy: 'chief-1' },
      'rejected by chief-1: over the budget',
    ],
    ['lapsed', {}, 'lapsed: no one used it in 15 minutes'],
    ['expired', {}, 'expired: no one approved it in 7 days'],
    ['withdrawn', { because: 'not wanted' }, 'withdrawn: not wanted'],
    ['withdrawn', {}, 'withdrawn: no reason given'],
    ['refused', { code: 'approval.expired' }, 'refused: approval.expired'],
  ])('because its approval was %s says so', (how, body, why) => {
    const change = inState('awaitingApproval')
    const { effects } = change.give(`approval.${how}`, body)
    expect(answerOf(effects)).toMatchObject([{ body: { result: { ok: false, why } } }])
    expect(effects.filter((effect) => effect.kind === 'open' && effect.actorType === 'approval')).toEqual([])
  })

  it.each(['awaitingApproval', 'usingApproval'])(
    'because its approval never answers, while it is %s',
    (state) => {
      const change = inState(state)
      const before = change.at
      const { effects } = change.serveTimer()
      expect(change.at - before).toBe(8 * 24 * 3_600_000 + 1)
      expect(answerOf(effects)).toHaveLength(1)
      expect(change.state.status).toBe('failed')
    },
  )
})

describe('a withdrawal', () => {
  const order = (as: string): JsonObject => ({ orderedBy: { as }, reason: 'no longer needed' })

  it.each(PREPARING)(
    'by the one who ordered it, an operator or the CEO ends a change that is %s',
    (state) => {
      for (const as of ['chief-1', 'operator', 'agent-0']) {
        const change = inState(state)
        expect(answerOf(change.give('withdraw', order(as)).effects)).toMatchObject([
          { body: { result: { ok: false, why: `withdrawn by ${as}: no longer needed` } } },
        ])
        expect(change.state).toMatchObject({ status: 'withdrawn', live: false })
      }
    },
  )

  it('by another, or once it is being built, is refused', () => {
    expect(inState('rehearsing').give('withdraw', order('layer-2')).types).toEqual(['order.refused'])
    expect(inState('building').give('withdraw', order('chief-1')).types).toEqual(['order.refused'])
  })
})

describe('every event', () => {
  const EVENTS: [string, JsonObject][] = [
    ...WAY,
    ['index.rechecked', { ok: true, p95Ms: 1 }],
    ['open', { requester: REQUESTER }],
    ['database.frozen', FROZEN],
    ['authority', { mayBuildAlone: true }],
    ['withdraw', { orderedBy: { as: 'layer-2' }, reason: 'x' }],
    ['approval.rejected', {}],
    ['approval.withdrawn', {}],
    ['approval.lapsed', {}],
    ['approval.expired', {}],
    ['approval.refused', {}],
    ['activity.failed', FAILED],
  ]

  it.each([...STATES, 'done', 'failed', 'withdrawn'])(
    'leaves a trace in the log of a change that is %s',
    (state) => {
      for (const [type, body] of EVENTS) {
        const change = STATES.includes(state) ? inState(state) : ended(state)
        expect([type, change.give(type, body).types.length > 0]).toEqual([type, true])
        expect(change.replayed()).toMatchObject({ identical: true, state: change.state })
      }
    },
  )
})

function ended(state: string): LoneActor {
  const change = inState(state === 'done' ? 'rechecking' : 'rehearsing')
  if (state === 'done') change.give('index.rechecked', { ok: true, p95Ms: 4 })
  if (state === 'failed') change.give('activity.failed', FAILED)
  if (state === 'withdrawn') change.give('withdraw', { orderedBy: { as: 'operator' }, reason: 'x' })
  expect(change.state.status).toBe(state)
  return change
}
