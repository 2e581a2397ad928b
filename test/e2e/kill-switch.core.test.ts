import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Incident, TimelineEvent } from '@esa/escalation'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '@esa/runtime/testing'
import { EsaHome, says } from './run-esa.ts'

let esa: EsaHome
let worker: ChildProcess

beforeAll(async () => {
  esa = await EsaHome.create()
  worker = esa.start(['up'])
  await says(worker, 'ready in ')
})
afterAll(async () => {
  worker.kill('SIGTERM')
  await once(worker, 'exit')
  await esa.remove()
})

const open = (): Promise<Incident> =>
  esa.json<Incident>(
    'incidents',
    'open',
    '--agent',
    'layer-1',
    '--category',
    'integration',
    '--title',
    'pools',
  )
const show = (id: string): Promise<Incident> => esa.json<Incident>('incidents', 'show', id)
const events = async (id: string): Promise<TimelineEvent[]> =>
  (await esa.json<{ events: TimelineEvent[] }>('replay', 'show', id)).events
const told = async (id: string): Promise<unknown[]> =>
  (await events(id)).filter(({ type }) => type === 'incident.notified').map(({ data }) => data['targets'])

describe('an agent that is stopped', () => {
  it('is out of reach from then on: it acts no more, gets no notice, and the others go on', async () => {
    const { id } = await open()
    await esa.json('agents', 'stop', 'layer-2')
    const { code, problem } = await esa.refused('incidents', 'ack', id, '--as', 'layer-2')
    expect([code, problem.code]).toEqual([5, 'incident.not-allowed'])
    expect(await show(id)).toMatchObject({ status: 'triggered', level: 'peer' })
    const next = await open()
    await until('its notice failed', async () =>
      (await events(next.id)).some(
        ({ type, data }) => type === 'notice.failed' && data['target'] === 'layer-2',
      ),
    )
    expect(await show(next.id)).toMatchObject({ status: 'triggered', level: 'peer' })
    expect(
      (
        await esa.refused(
          'tasks',
          'send',
          '--from',
          'layer-2',
          '--to',
          'layer-3',
          '--type',
          'insight_share',
          '--subject',
          's',
          '--body',
          '{"insight":"i"}',
        )
      ).problem.code,
    ).toBe('agent.stopped')
    expect((await esa.json<Incident>('incidents', 'ack', next.id, '--as', 'layer-3')).status).toBe(
      'acknowledged',
    )
    await esa.json('agents', 'resume', 'layer-2')
  })

  it('takes its level with it without another agent: the next one is notified at once', async () => {
    const { id } = await open()
    await esa.json('agents', 'stop', 'layer-2')
    const before = await show(id)
    const { incidents } = await esa.json<{ incidents: string[] }>('agents', 'stop', 'layer-3')
    expect(incidents).toContain(id)
    const after = await show(id)
    expect([after.level, after.status]).toEqual(['chief', 'triggered'])
    expect(Date.parse(after.nowAt)).toBeLessThan(Date.parse(before.deadlineAt!))
    expect((await events(id)).map(({ type }) => type)).toContain('incident.level_passed')
    await until('an alarm leaves the bus', async () =>
      (await readFile(join(esa.home, 'alarms.jsonl'), 'utf8').catch(() => '')).includes(id),
    )
    for (const agent of ['layer-2', 'layer-3']) await esa.json('agents', 'resume', agent)
  })

  it('lets go of what it had acknowledged: its level is notified again, and the clock runs', async () => {
    const { id } = await open()
    await esa.json('incidents', 'ack', id, '--as', 'layer-2')
    const { incidents } = await esa.json<{ incidents: string[] }>('agents', 'stop', 'layer-2')
    expect(incidents).toContain(id)
    const after = await show(id)
    expect([after.status, after.level, after.timerKind]).toEqual(['triggered', 'peer', 'ack-wait'])
    expect(await told(id)).toEqual([
      ['layer-2', 'layer-3'],
      ['layer-2', 'layer-3'],
    ])
    await esa.json('agents', 'resume', 'layer-2')
  })

  it('lets go of what it took from a level below, which is notified again', async () => {
    const { id } = await open()
    await esa.json('incidents', 'ack', id, '--as', 'chief-1')
    const { incidents } = await esa.json<{ incidents: string[] }>('agents', 'stop', 'chief-1')
    expect(incidents).toContain(id)
    expect(await show(id)).toMatchObject({ status: 'triggered', level: 'peer', timerKind: 'ack-wait' })
    expect(await told(id)).toHaveLength(2)
    await esa.json('agents', 'resume', 'chief-1')
  })

  it('lets go at a level where it was alone: the next level is notified at once', async () => {
    const { id } = await esa.json<Incident>(
      'incidents',
      'open',
      '--agent',
      'layer-1',
      '--category',
      'blocker',
      '--title',
      'x',
    )
    await esa.json('incidents', 'ack', id, '--as', 'chief-1')
    await esa.json('agents', 'stop', 'chief-1')
    expect(await show(id)).toMatchObject({ status: 'triggered', level: 'ceo' })
    await esa.json('agents', 'resume', 'chief-1')
    const { code, chain } = await (async () => {
      const ran = await esa.run(['replay', 'verify', '--all', '--json'])
      return { code: ran.code, ...(JSON.parse(ran.stdout) as { chain: { broken: unknown[] } }) }
    })()
    expect([code, chain.broken]).toEqual([0, []])
  })
})
