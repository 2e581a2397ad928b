import type { JsonObject } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { Lone } from './lone-agent.ts'

/** Filling an inbox is five hundred steps, which take their time beside other work, ms. */
const FILLING_MS = 60_000

const INDEX = {
  schema: 'shop',
  relation: 'orders',
  columns: ['customer_id'],
  name: 'orders_customer_id_idx',
  ddl: 'create index',
}
const slow = (proposedIndex: JsonObject | null): JsonObject => ({
  incidentId: 'I1',
  agent: 'layer-1',
  category: 'performance',
  level: 'chief',
  title: 'slow',
  visit: 1,
  evidence: { kind: 'slow-query', target: 'shop', proposedIndex, metric: { value: 400 } },
})

describe('an agent without code', () => {
  it('keeps a message until a person answers, and sends the answer to the requester', () => {
    const agent = new Lone('layer-14')
    const { types } = agent.tell('task_request', { task: 'cache the catalogue' }, 'domain-1')
    expect(types).toEqual(['agent.received'])
    const [item] = agent.inbox
    const answered = agent.tell('answer', { item: item!, text: 'for 60 s' }, 'operator')
    expect(answered.sent).toEqual([
      {
        kind: 'send',
        to: 'domain-1',
        type: 'task_complete',
        body: {
          task: 'cache the catalogue',
          result: { text: 'for 60 s' },
          inReplyTo: item,
          thread: item,
        },
        thread: item,
      },
    ])
    expect(agent.inbox).toEqual([])
    expect(agent.tell('answer', { item: item!, text: 'again' }, 'operator').events[0]).toMatchObject({
      type: 'command.refused',
      data: { code: 'inbox.no-such-item' },
    })
  })

  it('never answers a notice by itself, and lets go of an incident that is taken or closed', () => {
    const agent = new Lone('layer-14')
    expect(agent.tell('incident.notice', slow(INDEX)).sent).toEqual([])
    expect(agent.inbox).toEqual(['I1'])
    agent.tell('incident.taken', { incidentId: 'I1' })
    expect(agent.inbox).toEqual([])
  })

  it('misses messages while it is stopped, and works again when it is resumed', () => {
    const agent = new Lone('layer-14')
    agent.tell('stop', {}, 'operator')
    expect(agent.state.status).toBe('stopped')
    expect(agent.tell('task_request', { task: 'x' }).types).toEqual(['agent.missed'])
    agent.tell('resume', {}, 'operator')
    expect(agent.tell('task_request', { task: 'x' }).types).toEqual(['agent.received'])
  })

  it(
    'takes no more items than an inbox holds',
    () => {
      const agent = new Lone('layer-14')
      for (let i = 0; i < 500; i++) agent.tell('task_request', { task: `task ${i}` })
      expect(agent.tell('task_request', { task: 'one more' }).types).toEqual(['agent.inbox_full'])
      expect(agent.inbox).toHaveLength(500)
    },
    FILLING_MS,
  )
})

describe('an agent that sends', () => {
  const message = (to: string[], more: JsonObject = {}) => ({
    message: {
      to,
      type: 'task_request',
      subject: 'x',
      priority: 'low',
      body: { task: 'x' },
      responseRequired: true,
      ...more,
    },
    timeScale: 1,
  })

  it('names each message after the command, so that a repeated command sends once', () => {
    const { sent } = new Lone('layer-14').tell('dispatch', message(['layer-15', 'layer-16']))
    expect(sent).toMatchObject([
      { to: 'layer-15', thread: 'm-1001', body: { task: 'x', thread: 'm-1001', priority: 'low' } },
      { to: 'layer-16', thread: 'm-1001' },
    ])
  })

  it('waits for no more answers at once than it can remember', () => {
    const agent = new Lone('layer-14')
    for (let i = 0; i < 5; i++) agent.tell('dispatch', message(Array.from({ length: 100 }, () => 'layer-15')))
    expect(agent.tell('dispatch', message(['layer-15'])).events).toMatchObject([
      { type: 'command.refused', data: { code: 'agent.awaits-too-much' } },
    ])
    expect(agent.tell('dispatch', message(['layer-15'], { responseRequired: false })).types).toEqual([
      'message.sent',
    ])
  })
})

describe('chief-1', () => {
  it('acknowledges a slow query that lacks an index, orders it, and resolves on the number measured after it', () => {
    const chief = new Lone('chief-1')
    expect(chief.tell('incident.notice', slow(INDEX)).sent).toEqual([
      { kind: 'send', to: 'I1', type: 'acknowledge', body: {} },
      {
        kind: 'send',
        to: 'layer-1',
        type: 'task_request',
        body: {
          task: 'build-index',
          data: { incidentId: 'I1', target: 'shop', proposedIndex: INDEX, before: 400 },
        },
      },
    ])
    const result = { ok: true, incidentId: 'I1', p95MsBefore: 400, p95MsAfter: 4 }
    expect(chief.tell('task_complete', { task: 'build-index', result }).sent).toEqual([
      {
        kind: 'send',
        to: 'I1',
        type: 'resolve',
        body: { cause: 'index built: p95 went from 400 ms to 4 ms' },
      },
    ])
  })

  it('resolves nothing when the number did not get better, and says so', () => {
    const chief = new Lone('chief-1')
    chief.tell('incident.notice', slow(INDEX))
    const result = { ok: false, incidentId: 'I1', p95MsBefore: 400, p95MsAfter: 390 }
    const { sent, types } = chief.tell('task_complete', { task: 'build-index', result })
    expect([sent, types]).toEqual([[], ['agent.undecided']])
  })

  it('acknowledges an incident once; notified again, it leaves the clock running', () => {
    const chief = new Lone('chief-1')
    chief.tell('incident.notice', slow(INDEX))
    const again = chief.tell('incident.notice', slow(INDEX))
    expect([again.sent, again.types]).toEqual([[], ['agent.received', 'agent.undecided']])
  })

  it('is silent while a person holds its seat', () => {
    const chief = new Lone('chief-1')
    chief.tell('seat', { seat: 'human' }, 'operator')
    expect(chief.tell('incident.notice', slow(INDEX)).sent).toEqual([])
    chief.tell('seat', { seat: 'built-in' }, 'operator')
    expect(chief.tell('incident.notice', slow(INDEX)).sent).toHaveLength(2)
  })
})

describe.each(['agent-0', 'chief-1', 'domain-1', 'layer-2', 'layer-3'])('the built-in seat of %s', (id) => {
  it.each(['integration', 'performance', 'data-loss', 'architecture', 'production'])(
    'never fakes care: %s without evidence that it knows leaves the clock running',
    (category) => {
      const { sent, events } = new Lone(id).tell('incident.notice', {
        ...slow(INDEX),
        category,
        evidence: { kind: 'rumour' },
      })
      expect(sent).toEqual([])
      expect(events.at(-1)).toMatchObject({ type: 'agent.undecided', data: { incidentId: 'I1' } })
    },
  )
})

describe('the other playbooks', () => {
  const acknowledged = (id: string, category: string, evidence: JsonObject) =>
    new Lone(id).tell('incident.notice', { ...slow(null), category, evidence }).sent

  it('domain-1 leaves an index to the chief, and coordinates layers 3 and 14 where none would help', () => {
    const asked = new Lone('domain-1').tell('incident.notice', slow(INDEX))
    expect(asked.types).toEqual(['agent.received', 'agent.undecided'])
    expect(asked.sent).toMatchObject([
      { to: 'layer-3', type: 'task_request', body: { task: 'tune-connections', data: { target: 'shop' } } },
      { to: 'layer-14', type: 'task_request', body: { task: 'relieve-database' } },
    ])
    const sent = new Lone('domain-1').tell('incident.notice', slow(null)).sent
    expect(sent.map((effect) => 'to' in effect && effect.to)).toEqual(['I1', 'layer-3', 'layer-14'])
  })

  it('layer-3 works the pool size out of the server’s own numbers', () => {
    expect(
      acknowledged('layer-3', 'integration', { kind: 'connections', maxConnections: 100, processes: 3 }),
    ).toContainEqual(
      expect.objectContaining({
        type: 'resolve',
        body: { cause: expect.stringContaining('at most 30 connections') },
      }),
    )
  })

  it('layer-2 answers an endpoint that pages by OFFSET', () => {
    const evidence = {
      kind: 'endpoint-query',
      endpoint: 'GET /orders',
      offset: 5_000,
      sort: ['placed_at', 'id'],
    }
    expect(acknowledged('layer-2', 'integration', evidence)).toContainEqual(
      expect.objectContaining({
        body: { cause: 'GET /orders pages by keyset on (placed_at, id) instead of OFFSET 5000' },
      }),
    )
  })

  it('the CEO takes a counted data loss and binds its opener', () => {
    const sent = acknowledged('agent-0', 'data-loss', {
      kind: 'rows-missing',
      missing: 7,
      source: 'a',
      copy: 'b',
    })
    expect(sent.map((effect) => 'type' in effect && effect.type)).toEqual([
      'acknowledge',
      'directive',
      'task_request',
      'decision',
    ])
  })
})

describe('layer-1', () => {
  const reading = {
    key: 'query-response-time',
    value: 400,
    unit: 'ms',
    comparator: '<',
    threshold: 100,
    ok: false,
  }

  it('opens one incident a metric that is out of bounds, with its evidence and a key that keeps it single', () => {
    const { sent, types } = new Lone('layer-1').tell('measure.done', {
      target: 'shop',
      readings: [
        reading,
        { ...reading, key: 'index-hit-ratio', ok: true },
        { ...reading, key: 'database-uptime', ok: null, value: null },
      ],
      evidence: { 'query-response-time': { kind: 'slow-query' } },
    })
    expect(types).toEqual(['database.measured', 'metric.breached'])
    expect(sent.filter(({ kind }) => kind === 'open')).toMatchObject([
      {
        kind: 'open',
        actorType: 'incident',
        key: 'layer-1 query-response-time shop',
        body: {
          category: 'performance',
          evidence: { kind: 'slow-query', target: 'shop', metric: { value: 400 } },
        },
      },
    ])
  })

  it('looks at its target every so often while it watches, and stops on command', () => {
    const layer = new Lone('layer-1')
    layer.tell('watch', { target: 'shop', everyMs: 60_000 }, 'operator')
    expect(layer.state.timer?.kind).toBe('wake')
    expect(layer.ring().sent).toMatchObject([
      { kind: 'perform', activity: 'database.measure', input: { target: 'shop' } },
    ])
    expect(layer.ring().types).toEqual(['measure.due'])
    layer.tell('watch', { target: 'shop', everyMs: null }, 'operator')
    expect(layer.state.timer).toBeNull()
  })
})
