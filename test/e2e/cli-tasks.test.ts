import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Incident, TimelineEvent } from '@esa/escalation'
import { EsaHome, says } from './run-esa.ts'

/** A message as `esa tasks` shows it. */
interface Task {
  id: string
  state: string
  holder: string | null
  thread: string
  answers: { from: string; said: unknown }[]
}

/** A worker finds an unannounced row within its sweep, a second; ten are for a busy machine. */
const POLL = { timeout: 10_000, interval: 200 }

let esa: EsaHome

beforeAll(async () => {
  esa = await EsaHome.create()
  await says(esa.start(['up']), 'ready ')
})

afterAll(() => esa.remove())

const send = async (
  from: string,
  to: string[],
  type: string,
  body: object,
  ...more: string[]
): Promise<string> => {
  const about = ['--type', type, '--subject', 'caching', '--body', JSON.stringify(body)]
  const flags = ['tasks', 'send', '--from', from, '--to', ...to, ...about, ...more]
  return (await esa.json<{ sent: { id: string }[] }>(...flags)).sent.at(-1)?.id ?? ''
}

const show = (id: string): Promise<Task> => esa.json<Task>('tasks', 'show', id)

describe('messages between agents', () => {
  it('are sent, listed, shown and answered, and read as one conversation', async () => {
    const id = await send(
      'layer-5',
      ['layer-14'],
      'task_request',
      { task: 'cache it' },
      '--response-required',
    )
    await expect.poll(async () => (await show(id)).state, POLL).toBe('open')
    const { tasks } = await esa.json<{ tasks: Task[] }>('tasks', 'ls', '--agent', 'layer-14', '--open')
    expect(tasks).toMatchObject([{ id, holder: 'layer-14', thread: id }])
    expect(await esa.json('tasks', 'answer', id, '--text', 'for 60 s')).toMatchObject({ agent: 'layer-14' })
    expect((await esa.refused('tasks', 'answer', id, '--text', 'again')).code).toBe(6)
    const said = { task: 'cache it', result: { text: 'for 60 s' } }
    expect(await show(id)).toMatchObject({ state: 'done', answers: [{ from: 'layer-14', said }] })

    const conversation = async () =>
      (await esa.json<{ events: (TimelineEvent & { stream: string })[] }>('replay', 'show', id)).events.map(
        ({ stream, type }) => `${stream} ${type}`,
      )
    await expect
      .poll(conversation, POLL)
      .toEqual([
        'layer-5 message.sent',
        'layer-14 agent.received',
        'layer-14 agent.answered',
        'layer-5 message.answered',
        'layer-5 agent.noted',
      ])
    expect(await esa.json('agents', 'show', 'layer-14', '--metrics')).toMatchObject({
      tasksCompleted: 1,
      team: null,
    })
    expect(await esa.json('agents', 'show', 'chief-2', '--metrics')).toMatchObject({
      team: { tasksCompleted: 1, trend: { last: { tasksCompleted: 1 }, before: { averageMs: null } } },
    })
    expect(await esa.json('agents', 'show', 'agent-0', '--metrics')).toMatchObject({ team: { agents: 104 } })
  })

  it('of an operator to several are answered in the log of each', async () => {
    const id = await send('operator', ['layer-15', 'layer-16'], 'proposal', { proposal: 'a queue' })
    await expect.poll(async () => (await show(id)).holder, POLL).toBe('layer-16')
    await esa.json('tasks', 'answer', id, '--text', 'no')
    expect(await show(id)).toMatchObject({ state: 'done', answers: [{ from: 'layer-16', said: 'no' }] })
    expect(await esa.json('replay', 'verify', '--all')).toMatchObject({ diverged: [], chain: { broken: [] } })
  })

  it('without an answer become a blocker of their sender, in the same conversation', async () => {
    const soon = new Date(Date.now() + 500).toISOString()
    const id = await send('layer-20', ['layer-21'], 'sync_request', { about: 'x' }, '--respond-by', soon)
    const blockers = async () =>
      (await esa.json<{ incidents: Incident[] }>('incidents', 'ls', '--open')).incidents.filter(
        ({ agent }) => agent === 'layer-20',
      )
    await expect.poll(blockers, POLL).toMatchObject([{ category: 'blocker', evidence: { messageId: id } }])
    const { events } = await esa.json<{ events: TimelineEvent[] }>('replay', 'show', id)
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['message.sent', 'message.unanswered', 'incident.opened', 'incident.notified']),
    )
  })

  const sending = (to: string, body: string, ...more: string[]): string[] => {
    const sent = `tasks send --from layer-1 --to ${to} --subject x`.split(' ')
    return [...sent, '--body', body, ...more]
  }
  it.each([
    [4, ['tasks', 'show', '01JZZZZZZZZZZZZZZZZZZZZZZZ']],
    [4, ['tasks', 'ls', '--agent', 'layer-999']],
    [4, sending('layer-999', '{"task":"x"}')],
    [2, sending('layer-2', '{')],
    [2, sending('layer-2', '{}', '--respond-by', 'soon')],
    [2, sending('layer-2', '{"task":"x"}', '--respond-by', 'soon')],
    [2, sending('layer-2', '{"task":"x"}', '--respond-by', '2020-01-01T00:00:00Z')],
  ])('ends with %i for esa %j', async (code, args) => {
    expect((await esa.refused(...args)).code).toBe(code)
  })

  it('leave no mailbox that is stopped', async () => {
    await esa.json('agents', 'stop', 'layer-30')
    const args = [
      'tasks',
      'send',
      '--from',
      'layer-30',
      '--to',
      'layer-2',
      '--subject',
      'x',
      '--body',
      '{"task":"x"}',
    ]
    expect(await esa.refused(...args)).toMatchObject({ code: 6, problem: { code: 'agent.stopped' } })
  })
})
