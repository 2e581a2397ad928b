import { ANSWERABLE, bodySchemas, type JsonObject, type MessageType } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { AgentsWorld } from './agents-world.ts'

const HOUR = 3_600_000

/** What a type of message does with its recipient, and with its sender's ladder. Source: docs/protocol.md, "Message types". */
interface Row {
  body: JsonObject
  /** A body that lacks what the type is about. */
  faulty: JsonObject
  /** The type of a person's answer; null where it only informs. */
  answer: 'task_complete' | 'decision' | null
  /** What its sender opens, and after how long without an answer, ms. */
  opens?: { category: string; afterMs: number }
}

const ROWS: Record<MessageType, Row> = {
  task_request: { body: { task: 'cache it', data: [1] }, faulty: { data: 1 }, answer: 'task_complete' },
  task_complete: { body: { task: 'cache it', result: { ok: true } }, faulty: { result: 1 }, answer: null },
  status_update: { body: { status: 'half done', data: null }, faulty: { status: '' }, answer: null },
  best_practice: { body: { practice: 'measure first' }, faulty: { lesson: 'x' }, answer: null },
  lesson_learned: { body: { lesson: 'caches lie' }, faulty: { practice: 'x' }, answer: null },
  insight_share: { body: { insight: 'reads are 9 of 10' }, faulty: { data: 1 }, answer: null },
  sync_request: { body: { about: 'cache keys' }, faulty: {}, answer: 'task_complete' },
  dependency_update: {
    body: { dependency: 'pg', change: '8 to 9' },
    faulty: { dependency: 'pg' },
    answer: null,
  },
  resource_request: {
    body: { resource: 'a disk', reason: 'full' },
    faulty: { resource: 'a disk' },
    answer: 'task_complete',
    opens: { category: 'blocker', afterMs: HOUR },
  },
  conflict: {
    body: { about: 'tokens', positions: ['mine', 'yours'] },
    faulty: { positions: [] },
    answer: 'decision',
    opens: { category: 'conflict', afterMs: 24 * HOUR },
  },
  blocker: {
    body: { blockedBy: 'a licence' },
    faulty: {},
    answer: 'task_complete',
    opens: { category: 'blocker', afterMs: 0 },
  },
  incident: {
    body: { what: 'it is down', evidence: { kind: 'probe' } },
    faulty: { what: 'it is down', situation: 'bad weather' },
    answer: 'task_complete',
    opens: { category: 'production', afterMs: 0 },
  },
  proposal: { body: { proposal: 'a queue' }, faulty: { proposal: 1 }, answer: 'decision' },
  decision: {
    body: { decision: 'a queue', because: 'it is there' },
    faulty: { decision: 'a queue' },
    answer: null,
  },
  directive: {
    body: { directive: 'nothing is dropped' },
    faulty: { directive: ' ' },
    answer: 'task_complete',
  },
}

const cases = Object.keys(bodySchemas).map((type) => ({
  type: type as MessageType,
  ...ROWS[type as MessageType],
}))

describe.each(cases)('a $type', ({ type, body, faulty, answer, opens }) => {
  const message = { from: 'layer-5', to: ['layer-14'], type, subject: 'x' }

  it('arrives with its body: in the inbox where it is answered, else in the log', async () => {
    const world = new AgentsWorld()
    const [id] = await world.send({ ...message, body })
    expect(ANSWERABLE.has(type)).toBe(answer !== null)
    const { events } = await world.history('layer-14')
    const about = { type, from: 'layer-5', about: 'x', thread: id }
    const { inbox } = await world.mind('layer-14')
    const entry =
      answer === null
        ? { type: 'agent.noted', data: { ...about, messageId: id } }
        : { type: 'agent.received', data: { ...about, item: id } }
    const item = { kind: 'message', from: 'layer-5', type, body: { ...body, priority: 'medium' } }
    expect(events.at(-1)).toMatchObject(entry)
    expect(Object.values(inbox)).toMatchObject(answer === null ? [] : [item])
  })

  it('waits in the inbox when a response is required, and a person answers it to the requester', async () => {
    const world = new AgentsWorld()
    const [id] = await world.send({ ...message, body, responseRequired: true })
    expect(await world.answer('layer-14', id!, 'yes')).toEqual(['agent.answered'])
    const task = 'task' in body ? body.task : 'x'
    const said = answer === 'decision' ? { decision: 'yes' } : { task, result: { text: 'yes' } }
    const replies = await world.store.listMessages({ types: [answer ?? 'task_complete'], limit: 9 })
    expect(replies.filter(({ from }) => from === 'layer-14')).toMatchObject([
      { toActor: 'layer-5', body: { ...said, inReplyTo: id, thread: id } },
    ])
    expect((await world.mind('layer-14')).inbox).toEqual({})
  })

  it('opens what its sender escalates by it, without an answer by then', async () => {
    const world = new AgentsWorld()
    await world.send({ ...message, body })
    await world.advance(opens?.afterMs ?? 30 * 24 * HOUR)
    const before = await world.incidentsOf('layer-5')
    expect(before).toHaveLength(opens?.afterMs === 0 ? 1 : 0)
    await world.advance(1)
    const after = await world.incidentsOf('layer-5')
    expect(after.map(({ category }) => category)).toEqual(opens === undefined ? [] : [opens.category])
  })

  it('is refused at the edge with another body', async () => {
    const world = new AgentsWorld()
    for (const wrong of [faulty, { ...body, extra: 1 }, null]) {
      await expect(world.send({ ...message, body: wrong })).rejects.toMatchObject({ code: 'message.invalid' })
    }
    expect(await world.store.listActors({})).toEqual([])
  })
})
