import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureEmbeddedServer } from '@esa/pg-server'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EsaHome } from './run-esa.ts'

interface Verdict {
  checked: number
  retired: number
  chain: { broken: { id: string; why: string }[] }
}

const DAY_MS = 86_400_000

describe('esa retain', () => {
  let home: EsaHome
  let closed: string
  const path = (name: string): string => join(home.folder, name)

  beforeAll(async () => {
    home = await EsaHome.create()
    const open = async (): Promise<string> => {
      const about = ['--agent', 'layer-1', '--category', 'integration', '--title', 'pools']
      return (await home.json<{ id: string }>('incidents', 'open', ...about)).id
    }
    closed = await open()
    await home.json('incidents', 'resolve', closed, '--as', 'operator', '--cause', 'done')
    await open()
    await home.json('replay', 'heads', '-o', path('before.json'))
    // What was closed just now was closed 100 days ago; its last notices are not delivered.
    const admin = new pg.Client({ connectionString: (await ensureEmbeddedServer(home)).url })
    await admin.connect()
    await admin.query(`update esa.actors set at = at - ${100 * DAY_MS} where not live`)
    await admin.query(`update esa.messages set done_at = at - ${100 * DAY_MS}`)
    await admin.query(`update esa.activities set done_at = at - ${100 * DAY_MS}, outcome = 'done'`)
    await admin.end()
  })
  afterAll(() => home.remove())

  it('moves what is old enough to a file of its own, and what remains still verifies', async () => {
    const none = await home.json('retain', '--older-than', '101d', '-o', path('none.jsonl'))
    expect(none).toMatchObject({ messages: 0, activities: 0, streams: 0 })
    const moved = await home.json<{ streams: number; events: number; messages: number; activities: number }>(
      'retain',
      '--older-than',
      '90d',
      '-o',
      path('old.jsonl'),
    )
    expect(moved.streams).toBe(1)
    const lines = (await readFile(path('old.jsonl'), 'utf8')).trimEnd().split('\n')
    expect(lines).toHaveLength(moved.messages + moved.activities + moved.streams + moved.events)
    for (const line of lines) expect(JSON.parse(line)).toHaveProperty('kind')

    const heads = ['replay', 'verify', '--all', '--heads']
    const verdict = await home.json<Verdict>(...heads, path('before.json'))
    expect(verdict).toMatchObject({ retired: 1, diverged: [], chain: { broken: [] } })
    await home.json('replay', 'heads', '-o', path('after.json'))
    expect((await home.json<Verdict>(...heads, path('after.json'))).chain.broken).toEqual([])
  })

  it.each([
    ['replay', 'show'],
    ['replay', 'verify'],
    ['replay', 'export'],
  ])('%s %s of what is gone says where it went', async (...verb) => {
    const { code, problem } = await home.refused(...verb, closed)
    expect(code).toBe(4)
    expect(problem.message).toContain('esa retain')
    expect(problem.hint).toContain('esa replay import')
    expect(problem.details).toMatchObject({ seq: expect.any(Number), hash: expect.any(String) })
  })

  it('lets its file be imported, up to the head that stayed here', async () => {
    const { problem } = await home.refused('replay', 'show', closed)
    await home.json('replay', 'import', path('old.jsonl'))
    const { events, head } = await home.json<{ events: unknown[]; head: string }>('replay', 'show', closed)
    expect(problem.details).toMatchObject({ seq: events.length, hash: head })
    expect(await home.json<Verdict>('replay', 'verify', closed)).toMatchObject({
      identical: 1,
      diverged: [],
      chain: { broken: [] },
    })
  })

  it('leaves a head that cannot be passed off for another', async () => {
    const kept = JSON.parse(await readFile(path('before.json'), 'utf8')) as {
      heads: Record<string, { seq: number; hash: string }>
    }
    kept.heads[closed]!.hash = '0'.repeat(64)
    await writeFile(path('forged.json'), JSON.stringify(kept))
    const ran = await home.run(['replay', 'verify', '--all', '--heads', path('forged.json'), '--json'])
    expect(ran.code).toBe(1)
    expect((JSON.parse(ran.stdout) as Verdict).chain.broken).toMatchObject([{ id: closed }])
  })

  it.concurrent.each([
    [6, 'file.exists', ['--older-than', '90d', '-o', 'README.md']],
    [4, 'file.unwritable', ['--older-than', '90d', '-o', '/nowhere/at/all.jsonl']],
    [2, 'usage.too-young', ['--older-than', '59m', '-o', 'x.jsonl']],
    [2, 'usage.duration', ['--older-than', 'long', '-o', 'x.jsonl']],
    [2, 'usage.wrong-call', ['-o', 'x.jsonl']],
  ])('ends with %i and %s', async (exit, code, args) => {
    const { code: ended, problem } = await home.refused('retain', ...args)
    expect([ended, problem.code]).toEqual([exit, code])
  })
})
