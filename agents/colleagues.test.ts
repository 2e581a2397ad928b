import type { JsonObject } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { Lone } from './lone-agent.ts'

const pendingId = (agent: Lone): string =>
  Object.keys(agent.state.snapshot.context['awaiting'] as object)[0] ?? 'none'

describe.each([
  {
    id: 'layer-2',
    task: 'serve-endpoint',
    data: { endpoint: 'GET /orders', target: 'shop', queries: ['select * from orders offset 100'] },
    answer: { ok: true, plans: [{ id: 'query-1' }] },
    gives: {
      endpoint: 'GET /orders',
      plans: [{ id: 'query-1' }],
      contract: expect.arrayContaining([expect.stringContaining('keyset')]),
    },
    wrong: { endpoint: 'GET /orders', target: 'shop', queries: Array.from({ length: 21 }, () => 'select 1') },
  },
  {
    id: 'layer-3',
    task: 'tune-connections',
    data: { target: 'shop', processes: 4 },
    answer: {
      ok: true,
      advice: { poolSize: 9, statementTimeoutMs: 30_000, idleInTransactionTimeoutMs: 10_000, pooled: true },
    },
    gives: {
      settings: { pool: { max: 9 }, transactions: { statement_timeout: '30000ms' }, orm: { prepare: false } },
    },
    wrong: { target: 'shop', processes: 0 },
  },
])('$id', ({ id, task, data, answer, gives, wrong }) => {
  const asked = (agent: Lone, about: JsonObject = data) =>
    agent.tell('task_request', { task, data: about, thread: 'T' }, 'domain-1')

  it('asks layer-1 for what it does not know, waits for the answer, and gives it to the requester', () => {
    const agent = new Lone(id)
    const { sent, types } = asked(agent)
    expect(types).toEqual(['task.accepted', 'message.sent'])
    expect(sent).toMatchObject([
      { to: 'layer-1', type: 'task_request', body: { task, data: { target: 'shop' } }, thread: 'T' },
    ])
    const done = agent.tell('task_complete', { task, result: answer, inReplyTo: pendingId(agent) })
    expect(done.types).toEqual(['message.answered', 'task.answered'])
    expect(done.sent).toMatchObject([
      {
        to: 'domain-1',
        type: 'task_complete',
        body: { task, result: { ok: true, ...gives }, inReplyTo: 'm-1001' },
        thread: 'T',
      },
    ])
    expect(agent.state.snapshot.context).toMatchObject({ awaiting: {}, works: {}, memory: { pending: {} } })
  })

  it('says what layer-1 could not measure instead of guessing', () => {
    const agent = new Lone(id)
    asked(agent)
    const result = { ok: false, why: 'target.unknown: there is no target' }
    const { sent } = agent.tell('task_complete', { task, result, inReplyTo: pendingId(agent) })
    expect(sent).toMatchObject([{ to: 'domain-1', body: { result: { ok: false, why: result.why } } }])
  })

  it('says so, and goes up its own ladder, when layer-1 does not answer in 30 minutes', () => {
    const agent = new Lone(id)
    asked(agent)
    const { types, sent } = agent.ring()
    expect(types).toEqual(['task.answered', 'message.unanswered'])
    const why = 'layer-1 did not answer in time'
    expect(sent).toMatchObject([
      { to: 'domain-1', body: { task, result: { ok: false, why }, inReplyTo: 'm-1001' }, thread: 'T' },
      { kind: 'open', actorType: 'incident', body: { category: 'blocker', agent: id } },
    ])
  })

  it('asks back what a request lacks, and declines what it cannot be', () => {
    const lacking = new Lone(id)
    const { sent } = asked(lacking, {})
    expect([sent, lacking.inbox]).toMatchObject([
      [{ to: 'domain-1', type: 'sync_request', body: { clarifies: 'm-1001' } }],
      ['m-1001'],
    ])
    const declined = asked(new Lone(id), wrong)
    expect([declined.types, declined.sent]).toMatchObject([
      ['task.refused'],
      [{ body: { result: { ok: false, declined: true } } }],
    ])
    const operator = new Lone(id).tell('task_request', { task, data: {} }, 'operator')
    expect([operator.sent, operator.types]).toEqual([[], ['task.refused', 'agent.answered']])
  })

  it('leaves its tasks to the person who sits there, also in the middle of one', () => {
    const agent = new Lone(id)
    agent.tell('seat', { seat: 'human' }, 'operator')
    expect([asked(agent).types, agent.inbox]).toEqual([['agent.received'], ['m-1002']])
    agent.tell('seat', { seat: 'built-in' }, 'operator')
    expect(asked(agent).types).toEqual(['task.accepted', 'message.sent'])
    agent.tell('seat', { seat: 'human' }, 'operator')
    const found = agent.tell('task_complete', { task, result: answer, inReplyTo: pendingId(agent) })
    expect([found.sent, found.types]).toEqual([[], ['message.answered', 'agent.received']])
    const answered = agent.tell('answer', { item: 'm-1004', text: 'as found' }, 'operator')
    expect(answered.sent).toMatchObject([
      { to: 'domain-1', type: 'task_complete', body: { inReplyTo: 'm-1004' } },
    ])
    expect(agent.state.snapshot.context).toMatchObject({ works: {} })
  })

  it('keeps for the person there who handed a task over, so that it is not handed over again', () => {
    const agent = new Lone(id)
    const handedOver = { messageId: 'M', from: 'domain-1', by: 'layer-9' }
    agent.tell('task_request', { task, data, handedOver }, 'layer-9')
    agent.tell('seat', { seat: 'human' }, 'operator')
    agent.tell('task_complete', { task, result: answer, inReplyTo: pendingId(agent) })
    const { sent } = agent.tell('answer', { item: 'M', text: 'as found' }, 'operator')
    expect(sent).toMatchObject([{ to: 'domain-1', body: { inReplyTo: 'M', handedOverBy: 'layer-9' } }])
  })
})

describe.each(['domain-1', 'chief-1', 'agent-0', 'layer-2', 'layer-3'])('%s', (id) => {
  it('declines what a colleague does, and says who; what no colleague does waits for a person', () => {
    const agent = new Lone(id)
    const { sent } = agent.tell('task_request', { task: 'schema', data: { target: 'shop' } }, 'layer-7')
    const result = { ok: false, declined: true, why: 'that is what layer-1 does: ask there' }
    expect(sent).toMatchObject([
      { to: 'layer-7', type: 'task_complete', body: { result, inReplyTo: 'm-1001' } },
    ])
    expect(agent.tell('task_request', { task: 'paint' }, 'layer-7').types).toEqual(['agent.received'])
    agent.tell('seat', { seat: 'human' }, 'operator')
    expect(agent.tell('task_request', { task: 'schema' }, 'layer-7').types).toEqual(['agent.received'])
  })
})

describe('layer-3', () => {
  it('says that nothing could be measured instead of a size', () => {
    const agent = new Lone('layer-3')
    agent.tell('task_request', { task: 'tune-connections', data: { target: 'shop' } }, 'domain-1')
    const advice = { poolSize: null, because: ['not measurable: grant pg_read_all_stats'] }
    const told = { task: 'tune-connections', result: { ok: true, advice }, inReplyTo: pendingId(agent) }
    expect(agent.tell('task_complete', told).sent).toMatchObject([
      { to: 'domain-1', body: { result: { ok: false, why: 'not measurable: grant pg_read_all_stats' } } },
    ])
  })
})

const MEASURED = {
  measure: 'p95 ms',
  better: 'lower',
  positions: [
    { position: 'cache the catalogue', by: 'layer-14', value: 12, samples: 400 },
    { position: 'a larger pool', by: 'layer-3', value: 80, samples: 400 },
  ],
}

describe.each(['domain-1', 'chief-1'])('a conflict before %s', (id) => {
  it('is decided by what was measured, for all its parties', () => {
    const { sent, types } = new Lone(id).tell(
      'conflict',
      { about: 'x', evidence: MEASURED, thread: 'T' },
      'layer-3',
    )
    expect(types).toEqual(['agent.decided'])
    expect(sent.map((effect) => 'to' in effect && effect.to)).toEqual(['layer-3', 'layer-14'])
    expect(sent[0]).toMatchObject({
      type: 'decision',
      body: { decision: 'cache the catalogue', inReplyTo: 'm-1001' },
    })
  })

  it.each<[string, JsonObject | null]>([
    ['opinions alone', null],
    ['one position', { ...MEASURED, positions: MEASURED.positions.slice(0, 1) }],
    ['an anecdote', { ...MEASURED, positions: MEASURED.positions.map((one) => ({ ...one, samples: 3 })) }],
    [
      'a difference within the noise',
      { ...MEASURED, positions: MEASURED.positions.map((one) => ({ ...one, value: 12 })) },
    ],
    ['numbers that may mean either', { ...MEASURED, better: 'faster' }],
  ])('is not decided by %s: it waits for a person, and the clock runs on', (_, evidence) => {
    const agent = new Lone(id)
    const { sent, types } = agent.tell('conflict', { about: 'x', evidence }, 'layer-3')
    expect([sent, types, agent.inbox]).toEqual([[], ['agent.received', 'agent.undecided'], ['m-1001']])
  })
})

describe('domain-1', () => {
  it('mediates between its own layers only', () => {
    const { sent, types } = new Lone('domain-1').tell(
      'conflict',
      { about: 'x', evidence: MEASURED },
      'layer-20',
    )
    expect([sent, types]).toEqual([[], ['agent.received', 'agent.undecided']])
  })

  it('remembers the last report of each target, and what its colleagues answered', () => {
    const domain = new Lone('domain-1')
    const report = (breached: string[]) =>
      domain.tell('status_update', { status: 's', data: { kind: 'performance', target: 'shop', breached } })
    report(['query-response-time'])
    expect(report([]).events).toMatchObject([
      {
        type: 'performance.reported',
        data: { target: 'shop', breached: [], before: ['query-response-time'] },
      },
    ])
    const answered = domain.tell(
      'task_complete',
      { task: 'tune-connections', result: { ok: true } },
      'layer-3',
    )
    expect(answered.types).toEqual(['coordination.answered'])
  })
})

describe('chief-1, before a conflict that climbed', () => {
  it('decides it by the evidence, binding, and holds it; else it is the CEO’s in a day', () => {
    const notice = {
      incidentId: 'I1',
      agent: 'layer-3',
      category: 'conflict',
      level: 'chief',
      title: 'x',
      visit: 1,
    }
    const { sent } = new Lone('chief-1').tell('incident.notice', { ...notice, evidence: MEASURED })
    expect(sent).toMatchObject([
      { to: 'I1', type: 'acknowledge' },
      { to: 'layer-3', type: 'decision', body: { binding: true } },
      { to: 'layer-14', type: 'decision' },
    ])
    const opinions = new Lone('chief-1').tell('incident.notice', {
      ...notice,
      evidence: { kind: 'conflict' },
    })
    expect([opinions.sent, opinions.types]).toEqual([[], ['agent.received', 'agent.undecided']])
  })
})

describe('the CEO', () => {
  const loss = (evidence: JsonObject) =>
    new Lone('agent-0').tell('incident.notice', {
      incidentId: 'I1',
      agent: 'layer-1',
      category: 'data-loss',
      level: 'ceo',
      title: 'x',
      visit: 1,
      evidence,
    })

  it('freezes the database, binds, assigns and decides when a loss was counted', () => {
    const { sent } = loss({ kind: 'rows-missing', missing: 7, source: 'a', copy: 'b', target: 'shop' })
    expect(sent).toMatchObject([
      { to: 'I1', type: 'acknowledge' },
      { to: 'layer-1', type: 'directive' },
      { to: 'layer-1', type: 'task_request', body: { task: 'restore-data' } },
      { to: 'chief-1', type: 'decision', body: { binding: true } },
      { to: 'layer-1', type: 'freeze', body: { target: 'shop' } },
      { kind: 'perform', activity: 'database.freeze', input: { target: 'shop' } },
    ])
    const freezing = expect.objectContaining({ activity: 'database.freeze' })
    expect(loss({ mismatches: [{ relation: 'a' }], target: 'shop' }).sent).toContainEqual(freezing)
    // On a copy nothing is lost yet: the migration is not applied, and everything else goes on.
    const rehearsed = loss({
      mismatches: [{ relation: 'a' }],
      target: 'shop',
      migration: 'm.sql',
      rehearsed: true,
    })
    expect(rehearsed.sent).not.toContainEqual(freezing)
    expect(rehearsed.sent[1]).toMatchObject({
      body: { directive: expect.stringContaining('m.sql is not applied') },
    })
  })

  it('freezes nothing on a rumour, and says by whose hand when it may not', () => {
    expect(loss({ kind: 'rows-missing', missing: 0 }).sent).toEqual([])
    const failed = new Lone('agent-0').tell('freeze.failed', {
      target: 'shop',
      why: 'database.permission: no',
    })
    expect(failed.events).toMatchObject([
      { type: 'target.freeze_failed', data: { byHand: 'esa db freeze --target shop' } },
    ])
  })
})
