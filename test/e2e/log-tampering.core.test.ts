import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureEmbeddedServer } from '@esa/pg-server'
import { openPostgresStore, type StoredEvent } from '@esa/store'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EsaHome } from './run-esa.ts'

interface Verdict {
  chain: { broken: { id: string; seq: number }[] }
}

let esa: EsaHome
let admin: pg.Client
let runtimeUrl: string
let id: string
const path = (name: string): string => join(esa.folder, name)

beforeAll(async () => {
  esa = await EsaHome.create()
  const about = ['--agent', 'layer-1', '--category', 'integration', '--title', 'pools']
  id = (await esa.json<{ id: string }>('incidents', 'open', ...about)).id
  await esa.json('incidents', 'ack', id, '--as', 'layer-2')
  await esa.json('incidents', 'resolve', id, '--as', 'layer-2', '--cause', 'done')
  await esa.json('replay', 'heads', '-o', path('heads.json'))
  const server = await ensureEmbeddedServer(esa)
  runtimeUrl = server.runtimeUrl
  admin = new pg.Client({ connectionString: server.url })
  await admin.connect()
  await admin.query('create table kept as table esa.events; create table kept_actors as table esa.actors')
})
afterAll(async () => {
  await admin.end()
  await esa.remove()
})

const where = (seq: number): string => `where stream = '${id}' and seq = ${seq}`

/** What the holder of the server did, and its traces; then everything is as before. */
async function tampered(sql: string, ...more: string[]): Promise<{ code: number | null; broken: number[] }> {
  await admin.query(`set session_replication_role = replica; ${sql}`)
  const { code, stdout } = await esa.run(['replay', 'verify', '--all', ...more, '--json'])
  await admin.query(
    `delete from esa.events; insert into esa.events table kept; delete from esa.actors; insert into esa.actors table kept_actors`,
  )
  return { code, broken: (JSON.parse(stdout) as Verdict).chain.broken.map(({ seq }) => seq) }
}

/** The stream without its second step, made from end to end as the runtime itself would have made it. */
async function recomputed(): Promise<string> {
  const { chainSteps, recordedSteps } = await import('@esa/store')
  const store = await openPostgresStore({ url: runtimeUrl, max: 1 })
  const events: StoredEvent[] = await store.readStream(id)
  await store.close()
  const steps = recordedSteps(events)
  for (const { events: written } of steps)
    for (const event of written)
      if (event.type === 'incident.resolved') event.data = { ...event.data, cause: 'not a fault' }
  const { rows, head } = chainSteps(id, '', steps)
  const changes = rows.map(
    (row) =>
      `update esa.events set data = ${admin.escapeLiteral(JSON.stringify(row.data))}, hash = '${row.hash}' ${where(row.seq)}`,
  )
  return [...changes, `update esa.actors set head = '${head}' where id = '${id}'`].join(';')
}

describe('a rewritten log', () => {
  it('is as it was written before', async () => {
    expect(await tampered('select 1', '--heads', path('heads.json'))).toEqual({ code: 0, broken: [] })
  })

  it('shows a row that was flipped, deleted, inserted or put elsewhere', async () => {
    expect(await tampered(`update esa.events set at = at + 1 ${where(2)}`)).toEqual({ code: 1, broken: [2] })
    expect(await tampered(`delete from esa.events ${where(3)}`)).toEqual({ code: 1, broken: [3] })
    expect(
      await tampered(
        `insert into esa.events select stream, 99, at, type, epoch, level, actor, late_ms, data, null, null, null, hash from esa.events ${where(3)}`,
      ),
    ).toMatchObject({ code: 1, broken: [expect.any(Number)] })
    expect(
      await tampered(`update esa.events set seq = 99 ${where(2)}; update esa.events set seq = 2 ${where(3)};
        update esa.events set seq = 3 ${where(99)}`),
    ).toEqual({ code: 1, broken: [2] })
  })

  it('shows a stream that was removed whole, or recomputed from end to end, only against heads kept elsewhere', async () => {
    const gone = `delete from esa.events where stream = '${id}'; delete from esa.actors where id = '${id}'`
    expect(await tampered(gone)).toEqual({ code: 0, broken: [] })
    expect((await tampered(gone, '--heads', path('heads.json'))).code).toBe(1)
    const again = await recomputed()
    expect((await tampered(again)).broken).toEqual([])
    const { heads } = JSON.parse(await readFile(path('heads.json'), 'utf8')) as {
      heads: Record<string, { seq: number }>
    }
    expect((await tampered(again, '--heads', path('heads.json'))).broken).toEqual([heads[id]!.seq])
  })

  it('shows a tail that was cut together with its actor', async () => {
    const store = await openPostgresStore({ url: runtimeUrl, max: 1 })
    const events = await store.readStream(id)
    await store.close()
    const cut = events.length - 1
    const sql = `delete from esa.events ${where(events.length)};
      update esa.actors set seq = ${cut}, head = '${events[cut - 1]!.hash}' where id = '${id}'`
    expect((await tampered(sql)).broken).toEqual([])
    expect((await tampered(sql, '--heads', path('heads.json'))).broken).toEqual([events.length])
  })
})

describe('the role that commands and workers connect as', () => {
  it('owns no table, and may not rewrite the log', async () => {
    const { log } = await esa.json<{ log: { role: string; owner: string; guarded: boolean } }>('status')
    expect(log).toEqual({ role: 'esa_runtime', owner: 'postgres', guarded: true })
    const runtime = new pg.Client({ connectionString: runtimeUrl })
    await runtime.connect()
    const { rows } = await runtime.query(
      `select tablename from pg_tables where schemaname in ('esa', 'esa_migrations') and tableowner = current_user`,
    )
    expect(rows).toEqual([])
    for (const sql of ['update esa.events set at = 0', 'delete from esa.events', 'truncate esa.events'])
      await expect(runtime.query(sql)).rejects.toMatchObject({ code: '42501' })
    await runtime.end()
  })

  it('is found to be the owner when one URL is all there is, with the way out', async () => {
    const environment = { DATABASE_URL: (await ensureEmbeddedServer(esa)).url }
    const { stdout } = await esa.run(['doctor', '--json'], environment)
    const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string; fix?: string }[] }
    expect(checks.find(({ name }) => name === 'log')).toMatchObject({
      status: 'warning',
      fix: expect.stringContaining('create role esa_runtime login'),
    })
    const status = JSON.parse((await esa.run(['status', '--json'], environment)).stdout) as { log: object }
    expect(status.log).toMatchObject({ role: 'postgres', guarded: false })
  })

  it('is split by ESA_OWNER_URL: the owner migrates, the runtime only runs', async () => {
    for (const role of ['ada', 'work']) await admin.query(`create role ${role} login password 'hunter2'`)
    await admin.query('create database two owner ada')
    const as = (role: string): string => {
      const url = new URL(runtimeUrl)
      Object.assign(url, { username: role, password: 'hunter2', pathname: '/two' })
      return url.href
    }
    const environment = { DATABASE_URL: as('work'), ESA_OWNER_URL: as('ada') }
    expect((await esa.run(['migrate'], environment)).code).toBe(0)
    const ran = await esa.run(
      ['incidents', 'open', '--agent', 'layer-1', '--category', 'blocker', '--title', 't', '--json'],
      environment,
    )
    expect(ran.code).toBe(0)
    const status = JSON.parse((await esa.run(['status', '--json'], environment)).stdout) as { log: object }
    expect(status.log).toEqual({ role: 'work', owner: 'ada', guarded: true })
    const alone = await esa.run(['retain', '--older-than', '1d', '-o', path('r.jsonl')], environment)
    expect(alone.code).toBe(0)
  })
})
