import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Incident } from '@esa/escalation'
import { createDatabase, ensureEmbeddedServer } from '@esa/pg-server'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '@esa/runtime/testing'
import { ended, EsaHome, says } from './run-esa.ts'

/** A copy, its indexes and its timings take their time beside other tests, ms. */
const LOOK_MS = 120_000

/** Rows enough that a look-up without an index is slow on any machine, and few enough to make in a second. */
const ROWS = 120_000

const QUERY = 'select count(*) from visits where page_id = 77'
const PAGED = 'select id, page_id from visits order by id limit 20 offset 100'

let esa: EsaHome
let site: pg.Client
let worker: ReturnType<EsaHome['start']>
let url: string

beforeAll(async () => {
  esa = await EsaHome.create()
  await esa.json('migrate')
  const siteUrl = await createDatabase((await ensureEmbeddedServer(esa)).url, 'colleagues_site')
  site = new pg.Client({ connectionString: siteUrl })
  await site.connect()
  await site.query('create table visits (id bigint primary key, page_id int not null, note text)')
  await site.query(
    `insert into visits select i, i % 1000, repeat('x', 60) from generate_series(1, ${ROWS}) i`,
  )
  await site.query('analyze visits')
  const workload = join(esa.folder, 'workload.sql')
  await site.query('create table load (numbers int not null)')
  await site.query('insert into load values (1)')
  await writeFile(workload, 'select count(*) from generate_series(1, (select numbers from load)) n;\n')
  // Its owner, as for the demo’s shop: what a reader may and may not is in role-paths.test.ts.
  await esa.json('targets', 'add', 'site', siteUrl, '--workload', workload, '--allow-owner')
  worker = esa.start(['up'])
  url = /http:\/\/[^\s,]+/.exec(await says(worker, 'ready in '))![0]
})
afterAll(async () => {
  worker.kill('SIGTERM')
  await once(worker, 'exit')
  await site.end()
  await esa.remove()
})

/** What the runtime itself answers: a look a moment must not cost a process each. */
async function get<T>(path: string, init: RequestInit = {}): Promise<T> {
  const answer = await fetch(`${url}/api/v1/${path}`, init)
  if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`)
  return (await answer.json()) as T
}

type Task = { answers: { from: string; type: string; said: Record<string, unknown> }[] }

/** Sends a task and waits for what the answer's result says. */
async function asked<T>(from: string, to: string, task: string, data: object): Promise<T> {
  const { sent } = await get<{ sent: [{ id: string }] }>('tasks', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      from,
      to: [to],
      type: 'task_request',
      subject: task,
      body: { task, data },
      responseRequired: true,
    }),
  })
  const answer = await until(
    `${to} answers ${from}`,
    async () => (await get<Task>(`tasks/${sent[0].id}`)).answers[0],
    LOOK_MS,
  )
  const { result } = answer.said
  return (from === 'operator' ? answer.said : result) as T
}

describe('layer-2', () => {
  it('gets an endpoint’s queries answered with plans that were measured before and after', async () => {
    type Plan = { executionMs: number; plan: { text: string }[] }
    const found = await asked<{
      ok: boolean
      endpoint: string
      contract: string[]
      recommendations: { ddl: string; sizeBytes: number; method: string }[]
      plans: [{ id: string; before: Plan; after: Plan }]
    }>('domain-1', 'layer-2', 'serve-endpoint', {
      endpoint: 'GET /pages/:id/visits',
      target: 'site',
      queries: [{ id: 'visits-of-page', sql: QUERY, weight: 10 }, PAGED],
    })
    expect(found).toMatchObject({ ok: true, endpoint: 'GET /pages/:id/visits' })
    expect(found.contract.join()).toContain('page by keyset instead of OFFSET')
    expect(found.recommendations[0]).toMatchObject({
      method: 'rehearsed',
      ddl: expect.stringMatching(/CONCURRENTLY.*page_id/i),
    })
    const [{ before, after }] = found.plans
    expect(JSON.stringify(before.plan)).toContain('Seq Scan')
    expect(JSON.stringify(after.plan)).toMatch(/Index (Only )?Scan|Bitmap/)
    // The copy had the index; the database itself was read and not changed.
    const { rows } = await site.query(`select indexname from pg_indexes where tablename = 'visits'`)
    expect(rows).toEqual([{ indexname: 'visits_pkey' }])
  })
})

describe('layer-3', () => {
  it('gets pool sizes from the server’s own numbers, and says what follows from them', async () => {
    const found = await asked<{
      ok: boolean
      settings: { pool: { max: number } }
      numbers: {
        numbers: { maxConnections: number; samples: number }
        advice: { usable: number; because: string[] }
      }
    }>('domain-1', 'layer-3', 'tune-connections', { target: 'site', processes: 2 })
    const { numbers, advice } = found.numbers
    const { rows } = await site.query<{ max: string }>(`select current_setting('max_connections') as max`)
    expect([found.ok, numbers.maxConnections, numbers.samples]).toEqual([true, Number(rows[0]?.max), 25])
    expect(found.settings.pool.max * 2).toBeLessThanOrEqual(advice.usable)
    expect(advice.because.join()).toContain('for pools')
  })
})

describe('layer-1', () => {
  it.each([
    ['schema', {}],
    ['normalize', {}],
    ['indexes', {}],
    ['integrity', {}],
    ['storage', {}],
    ['check', {}],
    ['queries', {}],
    ['explain', { sql: QUERY }],
    ['lint', { sql: 'create index i on visits (page_id);' }],
    ['verify', { sql: 'alter table visits add column seen boolean;' }],
  ])('looks at %s when an operator asks', async (task, data) => {
    const found = await asked<{ ok: boolean; kind: string; why?: string }>('operator', 'layer-1', task, {
      target: 'site',
      ...data,
    })
    expect(found).toMatchObject({ ok: true, kind: task })
  })

  it('says what is wrong with a request', async () => {
    const unknown = await asked<{ ok: boolean; why: string }>('layer-2', 'layer-1', 'schema', {
      target: 'nowhere',
    })
    expect(unknown).toMatchObject({ ok: false, why: expect.stringContaining('target.unknown') })
    const writes = await asked<{ ok: boolean; why: string }>('layer-2', 'layer-1', 'explain', {
      target: 'site',
      sql: 'delete from visits',
    })
    expect(writes).toMatchObject({ ok: false, why: expect.stringContaining('sql.not-a-read') })
  })

  it('answers plain words, by the intent that it says', async () => {
    const { intent, answer } = await esa.json<{
      intent: { id: string }
      answer: { ok: boolean; findings: unknown[] }
    }>(
      'agents',
      'ask',
      'layer-1',
      'which indexes are unused or duplicate?',
      '--target',
      'site',
      '--wait',
      '2m',
    )
    expect([intent.id, answer.ok]).toEqual(['indexes', true])
  })
})

describe('a breach', () => {
  /** The workload counts so many numbers: some millions take longer than what is promised on any machine. */
  const load = (numbers: number) => site.query('update load set numbers = $1', [numbers])

  it('opens an incident that is proposed to be resolved after three good looks, and that is not closed by itself', async () => {
    await load(2_000_000)
    await esa.json('agents', 'seat', 'domain-1', '--human')
    await esa.json('db', 'watch', '--target', 'site', '--every', '10s')
    const live = esa.start(['db', 'watch', '--target', 'site', '--live', '--json'])
    const followed = ended(live)
    await says(live, 'following site')
    const incident = await until(
      'the breach',
      async () => {
        const { incidents } = await get<{ incidents: Incident[] }>('incidents?open=true')
        return incidents.find(({ category }) => category === 'performance')
      },
      LOOK_MS,
    )
    await load(1)
    const proposed = await until(
      'the proposal',
      async () => {
        const { items } = await get<{ items: { id: string; about: string }[] }>('inbox?agent=domain-1')
        return items.find(({ id, about }) => id === incident.id && about.includes('resolve?'))
      },
      LOOK_MS,
    )
    expect(proposed.about).toMatch(
      /query-response-time is [\d.]+ ms, promised < 100 ms, in 3 looks in a row: resolve\?/,
    )
    expect((await esa.json<Incident>('incidents', 'show', incident.id)).status).toBe('triggered')
    live.kill('SIGINT')
    const { code, stdout } = await followed
    const seen = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { key: string; ok: boolean })
    expect([code, new Set(seen.map(({ key }) => key)).size]).toEqual([130, 5])
    expect(seen.filter(({ key }) => key === 'query-response-time').map(({ ok }) => ok)).toContain(true)
    await esa.json('db', 'watch', '--stop')
    await esa.json('incidents', 'resolve', incident.id, '--as', 'domain-1', '--cause', 'three good looks')
  })
})
