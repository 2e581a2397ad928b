import type { JsonObject } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { Lone } from '../../lone-agent.ts'
import { LOOKS } from './tasks.ts'

const NEEDED: JsonObject = { sql: 'select 1', queries: ['select 1'] }

describe('whatever Layer 1 can look at', () => {
  it.each(Object.keys(LOOKS))('%s is done when another agent asks, and answered in its thread', (task) => {
    const layer = new Lone('layer-1')
    const { sent, types } = layer.tell(
      'task_request',
      { task, data: { target: 'shop', ...NEEDED }, thread: 'T' },
      'layer-2',
    )
    expect([types, sent]).toMatchObject([
      ['task.accepted'],
      [{ activity: 'database.look', input: { kind: task } }],
    ])
    const { asker } = (sent[0] as unknown as { input: JsonObject }).input
    const done = layer.tell('look.done', {
      asker: asker!,
      kind: task,
      target: 'shop',
      found: { findings: [] },
    })
    expect(done.sent).toMatchObject([
      {
        to: 'layer-2',
        type: 'task_complete',
        body: { task, result: { ok: true, findings: [] }, inReplyTo: 'm-1001', thread: 'T' },
      },
    ])
    expect(layer.state.snapshot.context).toMatchObject({ works: {}, tally: { completed: 1 } })
  })

  it('is answered for the requesting message, also when two request the same', () => {
    const layer = new Lone('layer-1')
    const ask = () =>
      layer.tell('task_request', { task: 'schema', data: { target: 'shop' } }, 'layer-2').sent[0]
    const askers = [ask(), ask()].map((sent) => (sent as unknown as { input: JsonObject }).input['asker']!)
    const answers = askers
      .toReversed()
      .map((asker) => layer.tell('look.done', { asker, kind: 'schema', target: 'shop', found: {} }).sent[0])
    expect(answers).toMatchObject([{ body: { inReplyTo: 'm-1002' } }, { body: { inReplyTo: 'm-1001' } }])
  })

  it('is the watched target when none is named, and asks back when there is none', () => {
    const layer = new Lone('layer-1')
    const lacking = layer.tell('task_request', { task: 'explain' }, 'layer-2')
    expect(lacking.sent).toMatchObject([
      {
        to: 'layer-2',
        type: 'sync_request',
        body: { clarifies: 'm-1001', about: expect.stringContaining('target and sql') },
      },
    ])
    // A question is not an answer: the request waits on, where a person may take it.
    expect(layer.inbox).toEqual(['m-1001'])
    layer.tell('watch', { target: 'shop', everyMs: null }, 'operator')
    expect(layer.tell('task_request', { task: 'schema' }, 'layer-2').sent).toMatchObject([
      { input: { target: 'shop' } },
    ])
  })

  it('is declined for a URL, and answered with the reason when it fails', () => {
    const layer = new Lone('layer-1')
    const url = layer.tell('task_request', { task: 'schema', data: { target: 'postgres://x/y' } }, 'layer-2')
    expect(url.sent).toMatchObject([{ body: { result: { ok: false, declined: true } } }])
    const asker = { from: 'layer-2', task: 'schema', messageId: 'm', thread: 'm' }
    const failed = layer.tell('look.failed', {
      asker,
      kind: 'schema',
      target: 'x',
      why: 'target.unknown: no x',
    })
    expect(failed.sent).toMatchObject([
      { to: 'layer-2', body: { result: { ok: false, why: 'target.unknown: no x' } } },
    ])
  })

  it('reaches an operator through the log, who has no mailbox', () => {
    const layer = new Lone('layer-1')
    const { sent } = layer.tell('task_request', { task: 'schema', data: { target: 'shop' } }, 'operator')
    const { asker } = (sent[0] as unknown as { input: JsonObject }).input
    const done = layer.tell('look.done', {
      asker: asker!,
      kind: 'schema',
      target: 'shop',
      found: { findings: [] },
    })
    expect([done.sent, done.events.at(-1)]).toMatchObject([
      [],
      { type: 'agent.answered', data: { item: 'm-1001', text: { ok: true, kind: 'schema' } } },
    ])
  })

  it('waits for the person who sits at Layer 1, and what is unknown waits as well', () => {
    const layer = new Lone('layer-1')
    expect(layer.tell('task_request', { task: 'paint the shop' }, 'layer-2').types).toEqual([
      'agent.received',
    ])
    layer.tell('seat', { seat: 'human' }, 'operator')
    const asked = layer.tell('task_request', { task: 'schema', data: { target: 'shop' } }, 'layer-2')
    expect([asked.types, asked.sent]).toEqual([['agent.received'], []])
  })
})
