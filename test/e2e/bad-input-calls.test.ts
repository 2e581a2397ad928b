import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open as openFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Incident } from '@esa/escalation'
import { EsaHome } from './run-esa.ts'

const OPEN = 'incidents open --agent layer-1 --category integration --title pool'.split(' ')

let esa: EsaHome
const path = (name: string): string => join(esa.folder, name)
const open = (...more: string[]): Promise<Incident> => esa.json<Incident>(...OPEN, ...more)
const incidents = async (): Promise<Incident[]> =>
  (await esa.json<{ incidents: Incident[] }>('incidents', 'ls')).incidents

beforeAll(async () => {
  esa = await EsaHome.create()
  await esa.json('migrate')
})
afterAll(() => esa.remove())

/** Arrays in arrays, as JSON. */
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)

describe('evidence that cannot be kept', () => {
  let before: number
  beforeAll(async () => (before = (await incidents()).length))

  it.each([
    ['more than 256 KB', JSON.stringify({ seen: 'x'.repeat(262_144) }), 2, 'message.too-large'],
    ['deeper than 32 levels', nested(32), 2, 'message.too-deep'],
    ['a NUL character', '{"seen":"a\\u0000b"}', 2, 'message.nul'],
    ['half a character', '{"seen":"a\\ud83d"}', 2, 'message.half-character'],
    ['what is not JSON', '{"seen":', 2, 'usage.evidence'],
    ['nothing at all', '', 2, 'usage.evidence'],
    ['brackets without end', '['.repeat(200_000), 2, 'usage.evidence'],
    ['bytes that are not text', Buffer.from([0xff, 0xfe, 0x00]), 2, 'usage.evidence'],
  ])('%s is refused', async (_, content, code, problem) => {
    await writeFile(path('evidence.json'), content)
    expect(await esa.refused(...OPEN, '--evidence', path('evidence.json'))).toMatchObject({
      code,
      problem: { code: problem, message: expect.any(String) },
    })
  })

  it('a folder, a device without end, a file that is not there', async () => {
    await mkdir(path('folder'))
    for (const file of [path('folder'), '/dev/zero', path('gone.json')]) {
      const refused = await esa.refused(...OPEN, '--evidence', file)
      expect(refused).toMatchObject({
        code: 4,
        problem: { code: 'file.unreadable', hint: expect.any(String) },
      })
    }
  })

  it('and nothing was opened', async () => {
    expect(await incidents()).toHaveLength(before)
  })

  it('and just as much as can be kept is kept', async () => {
    const seen = 'x'.repeat(261_000)
    await writeFile(path('much.json'), JSON.stringify({ seen }))
    expect((await open('--evidence', path('much.json'))).evidence).toEqual({ seen })
    const deep = nested(31)
    await writeFile(path('deep.json'), deep)
    expect(JSON.stringify((await open('--evidence', path('deep.json'))).evidence)).toBe(deep)
  })
})

describe('impossible durations', () => {
  let opened: Incident
  beforeAll(async () => (opened = await open()))

  it.each([
    ['ack', '0'],
    ['snooze', '-5m'],
    ['suppress', '1 fortnight'],
    ['ack', '1e9h'],
    ['snooze', 'NaN'],
    ['suppress', ''],
  ])('%s --for "%s" is refused', async (verb, given) => {
    const refused = await esa.refused('incidents', verb, opened.id, '--as', 'operator', '--for', given)
    expect(refused).toMatchObject({
      code: 2,
      problem: { code: 'usage.duration', hint: expect.stringContaining('30m') },
    })
  })

  it('and they changed nothing', async () => {
    expect((await esa.json<Incident>('incidents', 'show', opened.id)).seq).toBe(opened.seq)
  })

  it('99 days are a duration, but longer than anybody may hold an incident', async () => {
    const { id, epoch } = await open()
    expect(await esa.refused('incidents', 'snooze', id, '--as', 'layer-2', '--for', '99d')).toMatchObject({
      code: 6,
      problem: { code: 'incident.too-long', message: expect.stringContaining('longer') },
    })
    expect(await esa.json('incidents', 'show', id)).toMatchObject({ status: 'triggered', epoch })
  })
})

describe('a resolved incident', () => {
  it('no longer takes a command, and each refusal is on its timeline', async () => {
    const { id } = await open('--dedup-key', 'over')
    await esa.json('incidents', 'resolve', id, '--as', 'operator', '--cause', 'restarted')
    const asked = [
      'ack',
      'decline --reason x',
      'resolve --cause y',
      'withdraw',
      'snooze --for 1h',
      'suppress --for 1h',
      'unsuppress',
      'escalate',
      'reassign --to layer-14',
      'raise',
    ]
    for (const line of asked) {
      const [verb = '', ...more] = line.split(' ')
      const refused = await esa.refused('incidents', verb, id, '--as', 'operator', ...more)
      expect([line, refused.code, refused.problem.code]).toEqual([line, 6, 'incident.resolved'])
    }
    const { events } = await esa.json<{ events: { type: string }[] }>('replay', 'show', id)
    expect(events.filter(({ type }) => type === 'command.refused')).toHaveLength(asked.length)
    const next = await open('--dedup-key', 'over')
    expect(next).toMatchObject({ status: 'triggered', duplicates: 0 })
    expect(next.id).not.toBe(id)
  })
})

describe('who and what is not there', () => {
  it.each([
    [2, 'incidents open --agent layer-1 --category weather --title x'],
    [4, 'incidents open --agent layer-01 --category blocker --title x'],
    [4, 'incidents open --agent layer-99 --category blocker --title x'],
    [4, 'incidents ack 01JZZZZZZZZZZZZZZZZZZZZZZZ --as operator'],
    [4, 'incidents ack nonsense --as operator'],
    [4, "incidents show 1';drop"],
    [2, 'complete powershell'],
  ])('ends with %i: esa %s', async (expected, line) => {
    const { code, problem } = await esa.refused(...line.split(' '))
    expect([code, problem.detail]).toEqual([expected, expect.any(String)])
  })

  it('ends with 2 or 4 for what is far too long', async () => {
    const title = ['--title', 'x'.repeat(201)]
    expect((await esa.refused(...OPEN.slice(0, -2), ...title)).code).toBe(2)
    expect((await esa.refused('incidents', 'show', 'x'.repeat(10_000))).code).toBe(4)
  })

  it('opens the same thing once, from however many at once', async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => open('--dedup-key', 'at-once')))
    expect(new Set(all.map(({ id }) => id)).size).toBe(1)
    expect(all.map(({ duplicates }) => duplicates).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3])
  })
})

it('an answer that cannot be written is an error, and no finding', async () => {
  const { command, args } = esa.command(['agents', 'ls', '--json'])
  const full = await openFile('/dev/full', 'w')
  const child = spawn(command, args, { env: esa.environment, stdio: ['ignore', full.fd, 'pipe'] })
  let said = ''
  child.stderr!.on('data', (part: Buffer) => (said += part.toString()))
  const [code] = (await once(child, 'close')) as [number]
  await full.close()
  expect([code, JSON.parse(said)]).toMatchObject([7, { code: 'output.unwritable' }])
})
