import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectPool, ensureEmbeddedServer } from '@esa/pg-server'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Incident, TimelineEvent } from '@esa/escalation'
import { ended, EsaHome, says } from './run-esa.ts'

type Fault = { id: string; seq: number; why: string }
type Verdict = { code: number | null; identical: number; diverged: Fault[]; chain: { broken: Fault[] } }
type Item = { id: string; agent: string; kind: string; about: string }

let esa: EsaHome
let pool: Pool
let url: string
let id: string
const path = (name: string): string => join(esa.folder, name)

/** The verdict on every stream, and how the command ended. */
async function verdict(...more: string[]): Promise<Verdict> {
  const { code, stdout } = await esa.run(['replay', 'verify', '--all', ...more, '--json'])
  return { ...(JSON.parse(stdout) as Verdict), code }
}

beforeAll(async () => {
  esa = await EsaHome.create()
  await esa.json('migrate')
  url = (await ensureEmbeddedServer({ home: esa.home })).url
  // The holder of the server gets past the log's triggers.
  pool = await connectPool(`${url}?options=-c%20session_replication_role%3Dreplica`, { max: 2 })
  const title = ['--title', 'pool | exhausted <b>']
  const opened = await esa.json<Incident>(
    'incidents',
    'open',
    '--agent',
    'layer-1',
    '--category',
    'integration',
    ...title,
  )
  id = opened.id
  await esa.json('incidents', 'ack', id, '--as', 'layer-2')
  await esa.json('incidents', 'resolve', id, '--as', 'layer-2', '--cause', 'restarted')
})

afterAll(async () => {
  await pool.end()
  await esa.remove()
})

describe('esa replay show', () => {
  it('tells the story, with the line of the card that caused each step', async () => {
    const { events, head } = await esa.json<{ events: TimelineEvent[]; head: string }>('replay', 'show', id)
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1))
    expect(events.at(-1)).toMatchObject({
      type: 'incident.resolved',
      actor: 'layer-2',
      data: { cause: 'restarted' },
    })
    expect(head).toMatch(/^[0-9a-f]{64}$/)
    const { stdout } = await esa.run(['replay', 'show', id])
    expect(stdout).toMatch(/\d{4}-\d\d-\d\dT\S+Z +\+00:00\.000 .*incident\.opened/)
    expect(stdout).toMatch(/agents\/layers\/layer-1\/card\.md:\d+/)
  })
})

describe('esa replay export', () => {
  it('writes every stored event on a line behind a header', async () => {
    await esa.json('replay', 'export', id, '-o', path('events.jsonl'))
    const [header, ...events] = (await readFile(path('events.jsonl'), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { hash?: string })
    expect(header).toMatchObject({ format: 'esa.stream', id, type: 'incident', head: events.at(-1)?.hash })
    expect(events[0]).toMatchObject({ seq: 1, type: 'incident.opened', input: { kind: 'start' } })
  })

  it('writes a post-mortem that no title can break', async () => {
    const { stdout } = await esa.run(['replay', 'export', id, '--format', 'md'])
    expect(stdout).toMatch(/^# pool \\\| exhausted &lt;b>\n/)
    expect(stdout).toContain('| Cause | restarted |')
    expect(stdout).toContain('## Timeline')
  })

  it('refuses a folder that is not there', async () => {
    const refusal = await esa.refused('replay', 'export', id, '-o', path('gone/events.jsonl'))
    expect(refusal).toMatchObject({ code: 4, problem: { code: 'file.unwritable' } })
  })
})

describe('esa replay verify', () => {
  it('finds the log identical and its chains unbroken', async () => {
    expect(await verdict()).toMatchObject({ code: 0, identical: 1, unchecked: 0, diverged: [] })
    const { stdout, code } = await esa.run(['replay', 'verify', id])
    expect([code, stdout]).toEqual([0, expect.stringContaining('1 identical, 0 diverged')])
  })

  it('finds a flipped event, by its number', async () => {
    const flip = (to: string) =>
      pool.query(`update esa.events set actor = $2 where stream = $1 and seq = 3`, [id, to])
    const { rows } = await pool.query<{ actor: string }>(
      `select actor from esa.events where stream = $1 and seq = 3`,
      [id],
    )
    await flip('chief-1')
    expect(await verdict()).toMatchObject({
      code: 1,
      identical: 0,
      diverged: [{ id, seq: 3 }],
      chain: { broken: [{ id, seq: 3 }] },
    })
    await flip(rows[0]!.actor)
    expect((await verdict()).code).toBe(0)
  })

  it('finds a cut tail and a lost stream against heads that were kept elsewhere', async () => {
    await esa.json('replay', 'heads', '-o', path('heads.json'))
    const kept = await readFile(path('heads.json'), 'utf8')
    expect((await verdict('--heads', path('heads.json'))).code).toBe(0)
    await writeFile(path('longer.json'), kept.replace(/"seq": \d+/, '"seq": 99'))
    expect(await verdict('--heads', path('longer.json'))).toMatchObject({
      code: 1,
      chain: { broken: [{ id }] },
    })
    await writeFile(path('gone.json'), kept.replace(id, '01JZZZZZZZZZZZZZZZZZZZZZZZ'))
    expect(await verdict('--heads', path('gone.json'))).toMatchObject({
      code: 1,
      chain: { broken: [{ id: '01JZZZZZZZZZZZZZZZZZZZZZZZ' }] },
    })
  })

  it('refuses heads of another world', async () => {
    const kept = JSON.parse(await readFile(path('heads.json'), 'utf8')) as object
    await writeFile(path('other.json'), JSON.stringify({ ...kept, runtimeId: 'other' }))
    expect((await esa.refused('replay', 'verify', '--all', '--heads', path('other.json'))).code).toBe(2)
  })

  it('counts a machine version it does not know as unchecked', async () => {
    const turn = (version: number) =>
      pool.query('update esa.actors set version = $1 where id = $2', [version, id])
    const { rows } = await pool.query('select version from esa.actors where id = $1', [id])
    await turn(99)
    expect(await verdict()).toMatchObject({ code: 0, identical: 0, unchecked: 1 })
    await turn(rows[0].version)
  })
})

describe('esa replay import and play', () => {
  let other: EsaHome
  const lines = async (): Promise<string[]> =>
    (await readFile(path('moved.jsonl'), 'utf8')).trimEnd().split('\n')
  const written = async (name: string, changed: string[]): Promise<string> => {
    await writeFile(path(name), `${changed.join('\n')}\n`)
    return path(name)
  }

  beforeAll(async () => {
    other = await EsaHome.create()
    await esa.json('replay', 'export', id, '-o', path('moved.jsonl'))
    await other.json('replay', 'import', path('moved.jsonl'))
  })
  afterAll(() => other.remove())

  it('shows, verifies and exports in another world what it was in this one', async () => {
    const here = await esa.json('replay', 'show', id)
    expect(await other.json('replay', 'show', id)).toEqual(here)
    expect(await other.json('replay', 'show', `imported/${id}`)).toEqual(here)
    expect(await other.json<Verdict>('replay', 'verify', id)).toMatchObject({
      identical: 1,
      diverged: [],
      chain: { checked: 1, broken: [] },
    })
    await other.json('replay', 'export', id, '-o', path('again.jsonl'))
    expect(await readFile(path('again.jsonl'), 'utf8')).toBe(await readFile(path('moved.jsonl'), 'utf8'))
    expect((await other.run(['replay', 'export', id, '--format', 'md'])).stdout).toContain(
      '| Cause | restarted |',
    )
  })

  it('is not an incident there: nothing lists it, it takes no command', async () => {
    expect(await other.json('incidents', 'ls')).toEqual({ incidents: [] })
    expect((await other.refused('incidents', 'raise', id, '--as', 'operator')).code).toBe(4)
    expect((await other.json<Verdict & { checked: number }>('replay', 'verify', '--all')).checked).toBe(0)
  })

  it('plays it event by event, in order, and sends nothing', async () => {
    const { stdout, stderr } = await other.run(['replay', 'play', id, '--speed', '1000000'])
    const told = stdout.split('\n').flatMap((line) => /incident\.\w+/.exec(line)?.[0] ?? [])
    expect([told[0], told.at(-1)]).toEqual(['incident.opened', 'incident.resolved'])
    expect(stderr).toContain('sends nothing')
    const { events } = await other.json<{ events: unknown[] }>('replay', 'show', id)
    expect(await other.json('replay', 'play', id, '--speed', '1000000')).toMatchObject({
      speed: 1_000_000,
      events,
    })
    expect((await other.refused('replay', 'play', id, '--speed', 'fast')).code).toBe(2)
  })

  it('refuses a log that was changed or cut, and keeps what it has', async () => {
    const [header = '', ...events] = await lines()
    const changed = [header, ...events.map((line) => line.replace('"restarted"', '"by itself"'))]
    const cut = [header, ...events.slice(0, -1)]
    for (const wrong of [changed, cut]) {
      const refusal = await other.refused('replay', 'import', await written('wrong.jsonl', wrong))
      expect(refusal).toMatchObject({ code: 1, problem: { code: 'stream.broken' } })
    }
    expect(await other.json('replay', 'show', id)).toEqual(await esa.json('replay', 'show', id))
  })

  it.each([
    ['nothing', '', 1],
    ['no JSON', 'hello', 1],
    ['an event without its header', '{"seq": 1}', 1],
    ['a header of a later format', '{"format": "esa.stream", "formatVersion": 2, "id": "x"}', 1],
  ])('refuses a file with %s, and names the line', async (_, text, line) => {
    const refusal = await other.refused('replay', 'import', await written('bad.jsonl', [text]))
    expect(refusal).toMatchObject({ code: 3, problem: { code: 'stream.unreadable', details: { line } } })
  })

  it('refuses a file that is not there, and a name that was not imported', async () => {
    expect((await other.refused('replay', 'import', path('gone.jsonl'))).problem.code).toBe('file.unreadable')
    expect((await esa.refused('replay', 'show', `imported/${id}`)).code).toBe(4)
  })
})

describe('a running worker', () => {
  it('fills the inboxes, hands on an answer, and stops on demand', async () => {
    const up = esa.start(['up'])
    const whole = ended(up)
    await says(up, 'ready ')
    await esa.json('agents', 'seat', 'layer-2', '--human')
    const from = ['tasks', 'send', '--from', 'layer-3', '--to', 'layer-14']
    const sending = [
      ...from,
      '--subject',
      'caching',
      '--type',
      'sync_request',
      '--body',
      '{"about": "cache keys"}',
    ]
    const { sent } = await esa.json<{ sent: { id: string }[] }>(...sending)
    const asked = sent[0]?.id ?? ''
    const waiting = async (item: string): Promise<Item | undefined> =>
      (await esa.json<{ items: Item[] }>('inbox', 'ls')).items.find((found) => found.id === item)
    await expect.poll(() => waiting(asked), POLL).toMatchObject({ agent: 'layer-14', about: 'caching' })
    expect(await esa.json('status')).toMatchObject({ running: true })
    const answered = ['inbox', 'answer', asked, '--as', 'layer-14', '--text', 'per tenant']
    expect(await esa.json(...answered)).toMatchObject({ answered: true })
    expect(await waiting(asked)).toBeUndefined()
    expect((await esa.refused(...answered)).code).toBe(6)

    const opening = ['incidents', 'open', '--agent', 'layer-1', '--category', 'integration', '--title', 'x']
    const { id: incident } = await esa.json<Incident>(...opening)
    await expect.poll(() => waiting(incident), POLL).toMatchObject({ kind: 'incident' })
    const wrong = await esa.refused('inbox', 'answer', incident, '--as', 'layer-2', '--text', 'x')
    expect(wrong).toMatchObject({ code: 6, problem: { code: 'inbox.is-an-incident' } })

    up.kill('SIGTERM')
    const { code, stderr } = await whole
    expect([code, stderr]).toEqual([0, expect.stringContaining('ready ')])
    expect(await verdict()).toMatchObject({ code: 0, diverged: [] })
  })
})

/** A worker finds an unannounced row within its sweep, a second. Each look is a process of its own: a busy machine takes seconds for one. */
const POLL = { timeout: 60_000, interval: 200 }
