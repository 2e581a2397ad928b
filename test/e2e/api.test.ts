import { createDatabase, embeddedServerStatus } from '@esa/pg-server'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EsaHome, says } from './run-esa.ts'

let esa: EsaHome
let url: string
beforeAll(async () => {
  esa = await EsaHome.create()
  await esa.json('migrate')
  const { server } = await embeddedServerStatus({ home: esa.home })
  const shop = await createDatabase(server!.url, 'shop')
  const client = new pg.Client({ connectionString: shop })
  await client.connect()
  await client.query(`create table customers (id bigint primary key, name text not null);
    create table orders (id bigint primary key, customer bigint references customers, placed_at timestamptz);
    insert into customers select n, 'customer ' || n from generate_series(1, 500) n;
    insert into orders select n, 1 + n % 500, now() from generate_series(1, 5000) n; analyze`)
  await client.end()
  // It is frozen here as well, which takes its owner.
  await esa.json('targets', 'add', 'shop', shop, '--allow-owner')
  const up = esa.start(['up'], { ESA_LOG: 'silent' })
  url = /http:\/\/[^\s,]+/.exec(await says(up, 'http://'))![0]
})
afterAll(() => esa.remove())

// oxlint-disable-next-line typescript/no-explicit-any -- a test reads what is on the wire, and not what a type promises
type Body = any

async function get(path: string): Promise<Body> {
  return await (await fetch(`${url}/api/v1${path}`)).json()
}

async function post(path: string, body: object = {}): Promise<Body> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}/api/v1${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  })
  return await response.json()
}

/** A run when it has ended. */
async function finished(run: Body): Promise<Body> {
  let last = run
  await expect
    .poll(async () => (last = await get(`/db/runs/${run.id}`)).state, { timeout: 60_000 })
    .not.toBe('running')
  return last
}

describe('the API of esa up', () => {
  it('says what esa status says', async () => {
    const [printed, served] = [await esa.json<Body>('status'), await get('/status')]
    expect(served).toEqual({
      ...printed,
      nowAt: expect.any(String),
      workers: [{ ...printed.workers[0], beatAgeMs: expect.any(Number), skewMs: expect.any(Number) }],
      ...timeless(printed, served),
    })
    expect(served.running).toBe(true)
    const queues = await get('/queues')
    expect(queues).toMatchObject({ dead: 0, workers: [{ id: printed.workers[0].id }] })
    expect(Object.keys(await esa.json('queues'))).toEqual(Object.keys(queues))
    const [head, ...rows] = (await esa.run(['queues'])).stdout.split('\n')
    expect(head).toMatch(/^QUEUE +MESSAGES +ACTIVITIES +OLDEST$/)
    expect(rows.map((row) => row.split(' ')[0])).toEqual(
      expect.arrayContaining(['ceo', 'layers', 'activities']),
    )
  })

  it('simulates as esa simulate does, byte for byte', async () => {
    const scenario = { agent: 'layer-1', category: 'integration', seed: 7, horizonMs: 14_400_000 }
    const commands = [{ atMs: 60_000, type: 'acknowledge', as: 'layer-2', forMs: 3_600_000 }]
    const served = await post('/simulations', { ...scenario, commands })
    const at = `60000:${JSON.stringify({ type: 'acknowledge', as: 'layer-2', forMs: 3_600_000 })}`
    const flags = ['--category', 'integration', '--seed', '7', '--horizon', '4h', '--at', at]
    expect(served).toEqual(await esa.json('simulate', 'layer-1', ...flags))
    expect(await post('/simulations', { ...scenario, horizonMs: 0 })).toMatchObject({
      status: 400,
      code: 'scenario.invalid',
    })
  })

  it('shows the card whose lines a timeline names', async () => {
    const { text, file } = await get('/agents/layer-1/card')
    const { card } = await get('/agents/layer-1')
    const { line } = card.escalation.find(({ level }: { level: string }) => level === 'chief')
    expect(file).toBe('agents/layers/layer-1/card.md')
    expect(text.split('\n')[line - 1]).toContain('Chief #1')
  })

  it('proves what was recorded, and says of what is not there that it is not', async () => {
    const { id } = await post('/incidents', { agent: 'layer-9', category: 'blocker', title: 'stuck' })
    expect(await get(`/incidents/${id}/verify`)).toMatchObject({ replay: 'identical', chain: 'unbroken' })
    expect(await get('/incidents/01KDVDNA006RHN69SJD169RC2F/verify')).toMatchObject({
      status: 404,
      code: 'stream.unknown',
    })
    await post(`/incidents/${id}/withdraw`, { as: 'layer-9' })
  })

  it('works on a target by name: looks, explains, tries a migration, finds an index', async () => {
    const { targets } = await get('/db/targets')
    expect(targets).toMatchObject([{ name: 'shop', workload: false }])
    expect(JSON.stringify(targets)).not.toMatch(/postgres(ql)?:\/\//)
    const checked = await finished(await post('/db/targets/shop/check'))
    expect(checked.result.findings.map(({ kind }: { kind: string }) => kind)).toContain(
      'foreign-key-without-index',
    )
    const sql = 'select * from orders where customer = 7'
    const explained = await finished(await post('/db/targets/shop/explain', { sql }))
    expect(explained).toMatchObject({ state: 'done', result: { executionMs: expect.any(Number) } })
    const harmful = await finished(await post('/db/targets/shop/explain', { sql: 'delete from orders' }))
    expect(harmful).toMatchObject({ state: 'failed', problem: { code: 'sql.not-a-read' } })
    const migration = 'alter table orders add column note text'
    const linted = await finished(await post('/db/targets/shop/lint', { sql: migration }))
    expect(linted.result.statements[0].locks).toContainEqual({
      relation: 'public.orders',
      mode: 'AccessExclusiveLock',
    })
    const advised = await finished(await post('/db/targets/shop/advise', { queries: [sql] }))
    expect(advised.state).toBe('done')
  })

  it('freezes a target in the target itself', async () => {
    expect(await post('/db/targets/shop/freeze', { reason: 'a drill' })).toMatchObject({ frozen: true })
    expect(await post('/db/targets/shop/unfreeze')).toMatchObject({ frozen: false, reason: 'a drill' })
  })
})

/** What moves with the clock between two looks, as the second has it. */
function timeless(printed: Body, served: Body): object {
  return Object.fromEntries(
    Object.entries(printed)
      .filter(([, value]) => JSON.stringify(value).includes('At"') || JSON.stringify(value).includes('Ms"'))
      .map(([key]) => [key, served[key]]),
  )
}
