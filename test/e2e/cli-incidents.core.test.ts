import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Incident, TimelineEvent } from '@esa/escalation'
import { EsaHome, type Problem } from './run-esa.ts'

const INCIDENT_KEYS = [
  'id',
  'agent',
  'category',
  'status',
  'level',
  'epoch',
  'deadlineAt',
  'timerKind',
  'path',
  'policyHash',
  'duplicates',
  'openedAt',
  'nowAt',
  'timeScale',
  'seq',
]

const UNKNOWN_ID = '01JZZZZZZZZZZZZZZZZZZZZZZZ'

let esa: EsaHome

beforeAll(async () => {
  esa = await EsaHome.create()
  await esa.json('migrate')
})

afterAll(() => esa.remove())

const open = (category: string, ...more: string[]): Promise<Incident> =>
  esa.json<Incident>(
    'incidents',
    'open',
    '--agent',
    'layer-1',
    '--category',
    category,
    '--title',
    'pool',
    ...more,
  )

const told = (id: string, verb: string, as: string, ...more: string[]): Promise<Incident> =>
  esa.json<Incident>('incidents', verb, id, '--as', as, ...more)

const refused = (
  id: string,
  verb: string,
  as: string,
  ...more: string[]
): Promise<{ code: number | null; problem: Problem }> =>
  esa.refused('incidents', verb, id, '--as', as, ...more)

describe('a new world', () => {
  it.concurrent.each([
    ['incidents ls', { incidents: [] }],
    ['incidents ls --open --level chief', { incidents: [] }],
    ['timers', { timers: [] }],
    ['inbox ls', { items: [] }],
    ['targets ls', { targets: [] }],
    ['replay show layer-1', { incidentId: 'layer-1', events: [], head: null }],
    ['replay verify --all', { checked: 0, identical: 0, diverged: [], chain: { checked: 0, broken: [] } }],
    ['replay heads', { heads: {} }],
    ['agents seat layer-1 --show', { agent: 'layer-1', seat: 'built-in' }],
    ['status', { running: false, open: { total: 0 }, timeScale: 1 }],
    ['migrate', { before: 'current', after: 'current' }],
  ])('esa %s answers with JSON', async (args, expected) => {
    expect(await esa.json(...args.split(' '))).toMatchObject(expected)
  })
})

describe('an incident', () => {
  it.concurrent('opens at the first rung of its card, with a deadline', async () => {
    const incident = await open('integration')
    expect(Object.keys(incident)).toEqual(expect.arrayContaining(INCIDENT_KEYS))
    expect(incident).toMatchObject({ agent: 'layer-1', status: 'triggered', level: 'peer', duplicates: 0 })
    expect(incident.path[0]).toMatchObject({
      level: 'peer',
      agents: ['layer-2', 'layer-3'],
      waitMs: 1_800_000,
    })
    expect(Date.parse(incident.deadlineAt ?? '') - Date.parse(incident.openedAt)).toBe(1_800_000)
    const { timers } = await esa.json<{ timers: object[] }>('timers')
    expect(timers).toContainEqual(
      expect.objectContaining({ incidentId: incident.id, dueAt: incident.deadlineAt, overdueMs: 0 }),
    )
  })

  it.concurrent('is acknowledged once, by an agent on its path', async () => {
    const { id } = await open('integration')
    expect(await refused(id, 'ack', 'layer-50')).toMatchObject({
      code: 5,
      problem: { code: 'incident.not-allowed', message: expect.any(String) },
    })
    expect(await told(id, 'ack', 'layer-2', '--for', '2h')).toMatchObject({
      status: 'acknowledged',
      heldBy: 'layer-2',
    })
    expect(await refused(id, 'ack', 'layer-3')).toMatchObject({
      code: 6,
      problem: { code: 'incident.wrong-state' },
    })
    const { events } = await esa.json<{ events: TimelineEvent[] }>('replay', 'show', id)
    const refusals = events.filter(({ type }) => type === 'command.refused')
    expect(refusals.map(({ actor, data }) => [actor, data['command'], data['code']])).toEqual([
      ['layer-50', 'acknowledge', 'incident.not-allowed'],
      ['layer-3', 'acknowledge', 'incident.wrong-state'],
    ])
    expect(await told(id, 'resolve', 'layer-2', '--cause', 'restarted')).toMatchObject({
      status: 'resolved',
      deadlineAt: null,
    })
  })

  it.concurrent('climbs when all decline, is escalated, and refuses a stale epoch', async () => {
    const { id, epoch } = await open('integration')
    await told(id, 'decline', 'layer-2', '--reason', 'not mine')
    const climbed = await told(id, 'decline', 'layer-3', '--reason', 'not mine')
    expect(climbed.level).toBe('chief')
    expect((await refused(id, 'escalate', 'chief-1', '--epoch', String(epoch))).code).toBe(6)
    const ceo = await told(id, 'escalate', 'chief-1', '--epoch', String(climbed.epoch))
    expect(ceo.level).toBe('ceo')
  })

  it.concurrent('is snoozed, suppressed, handed over, raised and withdrawn', async () => {
    const { id } = await open('integration')
    expect((await told(id, 'snooze', 'layer-2', '--for', '1h')).status).toBe('snoozed')
    expect((await refused(id, 'snooze', 'layer-2', '--for', '5h')).code).toBe(6)
    const other = await open('integration')
    expect((await told(other.id, 'suppress', 'operator', '--for', '1h')).status).toBe('suppressed')
    expect((await esa.json<Incident>('incidents', 'unsuppress', other.id)).status).toBe('triggered')
    expect((await told(other.id, 'reassign', 'operator', '--to', 'layer-14')).addressees).toEqual([
      'layer-14',
    ])
    expect(await told(other.id, 'raise', 'layer-1')).toMatchObject({ level: 'ceo', dataLoss: true })
    expect((await told(other.id, 'withdraw', 'layer-1')).status).toBe('resolved')
  })

  it.concurrent('is counted, not opened again, under the same key', async () => {
    await writeFile(join(esa.folder, 'evidence.json'), '{"waiting": 41}')
    const evidence = ['--evidence', join(esa.folder, 'evidence.json')]
    const first = await open('performance', '--dedup-key', 'pool', ...evidence)
    expect(first.evidence).toEqual({ waiting: 41 })
    const second = await open('performance', '--dedup-key', 'pool')
    expect(second).toMatchObject({ id: first.id, duplicates: 1 })
  })

  it.concurrent('of lost data is at the CEO at once', async () => {
    expect(await open('data-loss')).toMatchObject({ level: 'ceo', dataLoss: true })
    const { incidents } = await esa.json<{ incidents: Incident[] }>(
      'incidents',
      'ls',
      '--open',
      '--level',
      'ceo',
    )
    expect(incidents.length).toBeGreaterThan(0)
    for (const { level } of incidents) expect(level).toBe('ceo')
  })

  it.concurrent('keeps its waits divided where the world is scaled, and says so', async () => {
    const scaled = await open('integration', '--time-scale', '360')
    expect(scaled).toMatchObject({ timeScale: 360, path: [{ waitMs: 5_000 }, { waitMs: 10_000 }, {}] })
    expect((await esa.run(['incidents', 'ls'])).stdout).toMatch(
      new RegExp(`^${scaled.id} .*\\(waits divided by 360\\)$`, 'm'),
    )
  })
})

describe('wrong calls', () => {
  it.concurrent.each([
    [2, 'incidents open --agent layer-1 --category blocker'],
    [4, 'incidents open --agent layer-999 --category blocker --title x'],
    [4, 'incidents open --agent layer-1 --category blocker --title x --evidence gone.json'],
    [4, `incidents show ${UNKNOWN_ID}`],
    [4, 'incidents show layer-1'],
    [4, `incidents ack ${UNKNOWN_ID} --as layer-2`],
    [2, 'frobnicate'],
    [6, `inbox answer ${UNKNOWN_ID} --as layer-14 --text x`],
    [4, 'inbox ls --agent layer-999'],
    [4, 'agents seat layer-999 --human'],
    [4, 'agents stop layer-999'],
    [4, `replay show ${UNKNOWN_ID}`],
    [4, 'replay verify --all --heads gone.json'],
    [3, 'status --time-scale 0'],
  ])('ends with %i: esa %s', async (expected, args) => {
    const { code, problem } = await esa.refused(...args.split(' '))
    expect([code, problem.code]).toEqual([expected, expect.stringMatching(/^[a-z]+\.[a-z-]+$/)])
    expect(problem.detail).toEqual(expect.any(String))
  })
})

describe('an agent', () => {
  it('gives its seat to a person and takes it back', async () => {
    expect(await esa.json<{ seat: string }>('agents', 'seat', 'domain-1', '--human')).toEqual({
      agent: 'domain-1',
      seat: 'human',
    })
    expect((await esa.json<{ seat: string }>('agents', 'seat', 'domain-1', '--show')).seat).toBe('human')
    expect((await esa.json<{ seat: string }>('agents', 'seat', 'domain-1', '--built-in')).seat).toBe(
      'built-in',
    )
    const { events } = await esa.json<{ events: TimelineEvent[] }>('replay', 'show', 'domain-1')
    expect(events.map(({ type }) => type)).toEqual(['agent.opened', 'agent.seated', 'agent.seated'])
  })

  it('that is stopped is passed by the incidents that wait for it', async () => {
    const { id } = await open('integration')
    const held = await open('integration')
    await told(held.id, 'ack', 'layer-2')
    const stopped = await esa.json<{ incidents: string[] }>('agents', 'stop', 'layer-2')
    expect(stopped.incidents).toEqual(expect.arrayContaining([id, held.id]))
    expect((await esa.json<Incident>('incidents', 'show', id)).level).toBe('peer')
    // What it had acknowledged is notified again at its level, and it requests nothing.
    expect(await esa.json<Incident>('incidents', 'show', held.id)).toMatchObject({
      status: 'triggered',
      level: 'peer',
      heldBy: null,
    })
    expect((await refused(id, 'ack', 'layer-2')).code).toBe(5)
    const { incidents } = await esa.json<{ incidents: string[] }>('agents', 'stop', 'layer-3')
    expect(incidents).toContain(id)
    expect((await esa.json<Incident>('incidents', 'show', id)).level).toBe('chief')
    expect(await esa.refused('agents', 'seat', 'layer-3', '--human')).toMatchObject({
      code: 6,
      problem: { code: 'agent.stopped' },
    })
    for (const agent of ['layer-2', 'layer-3']) await esa.json('agents', 'resume', agent)
    expect((await esa.json<{ seat: string }>('agents', 'seat', 'layer-3', '--human')).seat).toBe('human')
  })
})
