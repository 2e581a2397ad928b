import { once } from 'node:events'
import type { ChildProcess } from 'node:child_process'
import { readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { stubReceiver } from '@esa/notify/testing'
import { ensureEmbeddedServer } from '@esa/pg-server'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '@esa/runtime/testing'
import { EsaHome, says } from './run-esa.ts'

interface Verdict {
  chain: { broken: unknown[] }
  seals: { checked: number; broken: { id: string; seq: number; why: string }[]; lastAt: string } | null
}

interface Listed {
  incidents: { id: string; agent: string; category: string; duplicates: number }[]
}

let esa: EsaHome
let admin: pg.Client
const path = (name: string): string => join(esa.home, name)
const about = ['--agent', 'layer-1', '--category', 'integration', '--title', 'pools']

const open = async (): Promise<string> => (await esa.json<{ id: string }>('incidents', 'open', ...about)).id
const verify = async (environment = {}): Promise<{ code: number | null; verdict: Verdict }> => {
  const { code, stdout } = await esa.run(['replay', 'verify', '--all', '--json'], environment)
  return { code, verdict: JSON.parse(stdout) as Verdict }
}
/** A worker from its start to its end: what happened until then is sealed. */
async function work(
  during: (worker: ChildProcess) => Promise<void> = async () => {},
  environment = {},
): Promise<void> {
  const worker = esa.start(['up'], environment)
  await says(worker, 'ready in ')
  await during(worker)
  const gone = once(worker, 'exit')
  worker.kill('SIGTERM')
  expect((await gone)[0]).toBe(0)
}
const raised = async (): Promise<Listed['incidents'][number] | undefined> =>
  (await esa.json<Listed>('incidents', 'ls', '--open')).incidents.find(({ agent }) => agent === 'agent-0')

/** The owner of the database removes a stream, and everything that the database itself says of it. */
const remove = (id: string): Promise<unknown> =>
  admin.query(`set session_replication_role = replica;
    delete from esa.events where stream = '${id}'; delete from esa.actors where id = '${id}'`)

beforeAll(async () => {
  esa = await EsaHome.create()
  await open()
  admin = new pg.Client({ connectionString: (await ensureEmbeddedServer(esa)).url })
  await admin.connect()
})
afterAll(async () => {
  await admin.end()
  await esa.remove()
})

describe('a home that seals the log', () => {
  it('has none before its first worker, and the verdict is as it was', async () => {
    expect(await verify()).toMatchObject({ code: 0, verdict: { seals: null } })
  })

  it('seals what its worker saw, with a key that its owner alone can read and no database has', async () => {
    await work()
    const { code, verdict } = await verify()
    expect(code).toBe(0)
    expect(verdict.seals).toMatchObject({ broken: [], lastAt: expect.stringMatching(/^\d{4}-.*Z$/) })
    expect(verdict.seals!.checked).toBeGreaterThan(0)
    for (const name of ['seal.key', 'seals.jsonl']) expect((await stat(path(name))).mode & 0o777).toBe(0o600)
    const key = (await readFile(path('seal.key'), 'utf8')).split('\n')[1]!
    const { rows } = await admin.query<{ text: string }>('select s::text as text from esa.sealers s')
    expect(rows).toHaveLength(1)
    expect(rows[0]!.text).not.toContain(key)
  })

  it('finds a stream that was removed: by verify, and by the next worker by itself', async () => {
    const id = await open()
    await work()
    await remove(id)
    const { code, verdict } = await verify()
    expect(code).toBe(1)
    expect(verdict.chain.broken).toEqual([])
    expect(verdict.seals!.broken).toMatchObject([{ id }])
    expect(await raised()).toBeUndefined()
    await work(async () => {
      await until('an incident is open', async () => (await raised()) !== undefined)
    })
    expect(await raised()).toMatchObject({ category: 'security' })
    const alarms = (await readFile(path('alarms.jsonl'), 'utf8')).trimEnd().split('\n')
    expect(alarms.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ subject: 'log-integrity' }),
    )
    expect((await verify()).code).toBe(1)
  })

  it('takes the log as it is once its operator says so', async () => {
    const adopted = await esa.json<{ seals: { accepted: number } }>('adopt')
    expect(adopted).toMatchObject({ adopted: false, seals: { accepted: 1, aside: null } })
    expect(await verify()).toMatchObject({ code: 0, verdict: { seals: { broken: [] } } })
    expect(await esa.json('adopt')).toMatchObject({ adopted: false, seals: null })
  })

  it('takes another key, which the one before signs', async () => {
    const before = await esa.json<{ key: string; last: number }>('seals')
    const { key } = await esa.json<{ key: string }>('seals', 'rotate')
    expect(key).not.toBe(before.key)
    await work()
    const after = await esa.json<{ key: string; last: number; broken: unknown[] }>('seals')
    expect(after).toMatchObject({ key, broken: [] })
    expect(after.last).toBeGreaterThan(before.last + 1)
    expect((await verify()).code).toBe(0)
  })

  it('knows what esa retain removed', async () => {
    const id = await open()
    await esa.json('incidents', 'resolve', id, '--as', 'operator', '--cause', 'done')
    await work()
    const old = 100 * 86_400_000
    await admin.query(`update esa.actors set at = at - ${old} where not live;
      update esa.messages set done_at = at - ${old};
      update esa.activities set done_at = at - ${old}, outcome = 'done'`)
    const gone = await esa.json<{ streams: number }>('retain', '--older-than', '90d', '-o', path('old.jsonl'))
    expect(gone.streams).toBeGreaterThan(0)
    const { verdict } = await verify()
    expect(verdict.seals!.broken).toEqual([])
    await admin.query(`delete from esa.retired where stream = '${id}'`)
    expect((await verify()).verdict.seals!.broken).toMatchObject([{ id }])
    await esa.json('adopt')
  })

  it('posts each seal, in order, and hears of a later one that the receiver has', async () => {
    const receiver = await stubReceiver(204)
    await work(async () => {}, { ESA_SEAL_URL: receiver.url })
    const lines = (await readFile(path('seals.jsonl'), 'utf8')).trimEnd().split('\n')
    const posted = receiver.got.map(({ body }) => body)
    expect(posted.slice(0, lines.length)).toEqual(lines.slice(0, posted.length))
    expect(posted).toContain(lines.at(-1))
    receiver.close()
    const other = await stubReceiver(409)
    const { code, verdict } = await verify({ ESA_SEAL_URL: other.url })
    expect(code).toBe(1)
    expect(verdict.seals!.broken).toMatchObject([{ id: 'seals', why: expect.stringContaining('receiver') }])
    other.close()
  })

  it('says that its seals are gone', async () => {
    for (const name of ['seals.jsonl', 'seal.key']) await rm(path(name))
    const { code, verdict } = await verify()
    expect(code).toBe(1)
    expect(verdict.seals!.broken.map(({ id }) => id)).toContain('seals')
    await esa.json('adopt')
    expect((await verify()).code).toBe(0)
  })
})
