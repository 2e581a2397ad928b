import { type ActorState, type Effect, step, type StepInput } from '@esa/actor'
import { buildDirectory } from '@esa/org'
import type { JsonObject } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { agentDefinitions, agentType } from './minds.ts'

const directory = buildDirectory([])

/** An agent by itself: tell it something, and see what it records and sends. */
class Lone {
  state: ActorState
  at = 1_000
  readonly #id: string

  constructor(id: string) {
    this.#id = id
    const input = this.#definition.inputFrom(
      { actorId: id, from: id, body: {}, at: 0, consulted: [] },
      directory,
    )
    this.state = this.#step({ kind: 'start', id, input, event: {} }, null).state
  }

  tell(type: string, body: JsonObject = {}, from = 'layer-1') {
    const event = { ...body, type, from, as: from, messageId: `m-${this.at}` }
    return this.#step({ kind: 'event', id: `m-${this.at}`, event }, this.state)
  }

  /** Serves the armed timer one millisecond after it is due. */
  ring() {
    this.at = (this.state.timer?.dueAt ?? 0) + 1
    return this.#step({ kind: 'timer', id: 't', epoch: this.state.epoch }, this.state)
  }

  get inbox(): string[] {
    return Object.keys(this.state.snapshot.context['inbox'] as object)
  }

  get #definition() {
    return agentDefinitions().find(({ type }) => type === agentType(this.#id))!
  }

  #step(input: StepInput, state: ActorState | null) {
    this.at++
    const taken = step(this.#definition, state, input, { at: this.at, unreachable: [] })
    this.state = taken.state
    const sent = taken.effects.map(({ id: _, kind, ...rest }: Effect) => ({ kind, ...rest }))
    return { state: taken.state, types: taken.events.map(({ type }) => type), events: taken.events, sent }
  }
}

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
  it('keeps what it is told until a person answers, and sends the answer to whoever asked', () => {
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

  it('misses what it is told while it is stopped, and works again when it is resumed', () => {
    const agent = new Lone('layer-14')
    agent.tell('stop', {}, 'operator')
    expect(agent.state.status).toBe('stopped')
    expect(agent.tell('task_request', { task: 'x' }).types).toEqual(['agent.missed'])
    agent.tell('resume', {}, 'operator')
    expect(agent.tell('task_request', { task: 'x' }).types).toEqual(['agent.received'])
  })

  it('takes no more items than an inbox holds', () => {
    const agent = new Lone('layer-14')
    for (let i = 0; i < 500; i++) agent.tell('task_request', { task: `task ${i}` })
    expect(agent.tell('task_request', { task: 'one more' }).types).toEqual(['agent.inbox_full'])
    expect(agent.inbox).toHaveLength(500)
  })
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

  it('names each message after the command, so that a command that is told twice sends once', () => {
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
    const result = { ok: false, incidentId: 'I1', p95MsBefore: 400, p95MsAfter: 390 }
    const { sent, types } = chief.tell('task_complete', { task: 'build-index', result })
    expect([sent, types]).toEqual([[], ['agent.undecided']])
  })

  it('acknowledges an incident once; told again, it leaves the clock running', () => {
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
    expect(new Lone('domain-1').tell('incident.notice', slow(INDEX)).sent).toEqual([])
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
    expect(sent.map((effect) => 'type' in effect && effect.type)).toEqual(['acknowledge', 'directive'])
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
      evidence: { kind: 'slow-query' },
    })
    expect(types).toEqual(['database.measured', 'metric.breached'])
    expect(sent).toMatchObject([
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

  it('builds an index on the word of its chief only', () => {
    const data = { target: 'shop', proposedIndex: INDEX, incidentId: 'I1' }
    const refused = new Lone('layer-1').tell('task_request', { task: 'build-index', data }, 'layer-2')
    expect(refused.types).toEqual(['task.refused'])
    expect(refused.sent).toMatchObject([
      { to: 'layer-2', type: 'task_complete', body: { result: { ok: false } } },
    ])
    const ordered = new Lone('layer-1').tell('task_request', { task: 'build-index', data }, 'chief-1')
    expect(ordered.sent).toMatchObject([
      { kind: 'perform', activity: 'index.build', input: { target: 'shop', replyTo: 'chief-1' } },
    ])
  })

  it('measures again before it reports an index as a cure', () => {
    const layer = new Lone('layer-1')
    const built = layer.tell('index.built', {
      target: 'shop',
      incidentId: 'I1',
      replyTo: 'chief-1',
      before: 400,
      index: 'x',
      ms: 1,
      sizeBytes: 1,
    })
    expect(built.sent).toMatchObject([{ kind: 'perform', activity: 'database.measure' }])
    const recheck = { incidentId: 'I1', replyTo: 'chief-1', task: 'build-index', before: 400, index: 'x' }
    const reported = layer.tell('measure.done', {
      target: 'shop',
      readings: [{ ...reading, value: 4, ok: true }],
      recheck,
    })
    expect(reported.sent).toMatchObject([
      {
        kind: 'send',
        to: 'chief-1',
        type: 'task_complete',
        body: { result: { ok: true, p95MsBefore: 400, p95MsAfter: 4 } },
      },
    ])
  })

  it('reports a task to whoever asked for it, as the answer to that message, and counts it', () => {
    const layer = new Lone('layer-1')
    const data = { target: 'shop', proposedIndex: INDEX, incidentId: 'I1' }
    layer.tell('task_request', { task: 'build-index', data, thread: 'T' }, 'chief-1')
    const asked = `m-${layer.at - 1}`
    const failed = layer.tell('index.failed', { target: 'shop', replyTo: 'chief-1', why: 'no disk' })
    expect(failed.sent).toMatchObject([{ body: { inReplyTo: asked, thread: 'T' }, thread: 'T' }])
    expect(layer.state.snapshot.context).toMatchObject({ works: {}, tally: { completed: 0, failed: 1 } })
  })

  it('looks at its target every so often while it watches, and stops when it is told to', () => {
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
