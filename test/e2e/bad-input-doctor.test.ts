import { once } from 'node:events'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureEmbeddedServer } from '@esa/pg-server'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redisInstalled, redisServer } from '@esa/runtime/testing'
import { EsaHome, says } from './run-esa.ts'

type Check = { name: string; status: string; message: string; fix?: string }

const NAMES = [
  'configuration node install home disk cards time-scale seals sandbox'.split(' '),
  'database clock schema rights log listen residence worker timers messages approvers'.split(' '),
  'redis redis-eviction redis-persistence console port token'.split(' '),
].flat()

let esa: EsaHome
let url: string

beforeAll(async () => {
  esa = await EsaHome.create()
  await esa.json('migrate')
  url = (await ensureEmbeddedServer(esa)).url
})
afterAll(() => esa.remove())

async function examined(environment: NodeJS.ProcessEnv, ...args: string[]) {
  const { code, stdout } = await esa.run([...args, 'doctor', '--json'], environment)
  const { checks } = JSON.parse(stdout) as { checks: Check[] }
  return { code, stdout, of: (name: string) => checks.find((check) => check.name === name), checks }
}

async function sql(text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}

describe('esa doctor', () => {
  it('finds nothing wrong in a world that works, and starts none that rests', async () => {
    const worker = esa.start(['worker'])
    await says(worker, 'ready in ')
    const { code, checks, of } = await examined({})
    expect(checks.map(({ name }) => name)).toEqual(NAMES)
    expect(checks.filter(({ status }) => status === 'error')).toEqual([])
    expect(of('worker')?.status).toBe('ok')
    expect(of('listen')?.status).toBe('ok')
    expect(code).toBe(0)
    worker.kill('SIGTERM')
    const other = join(esa.folder, 'other')
    const resting = await examined({ ESA_HOME: other }, '--home', other)
    expect([resting.code, resting.of('database')?.status]).toEqual([0, 'skipped'])
    // A target on it rests with it, as the shop of the demo does.
    await esa.run(['--home', other, 'migrate'])
    await esa.run([
      '--home',
      other,
      'targets',
      'add',
      'own',
      (await ensureEmbeddedServer({ home: other })).url,
    ])
    await esa.run(['--home', other, 'down'])
    const asleep = await examined({ ESA_HOME: other }, '--home', other)
    expect([asleep.code, asleep.of('target own')?.status]).toEqual([0, 'skipped'])
    const { code: printed, stdout } = await esa.run(['doctor'])
    expect([printed, stdout]).toEqual([0, expect.stringMatching(/^ok +configuration.*\n(?:.*\n)*0 errors, /)])
  })

  it('explains a configuration that cannot be read, without its password', async () => {
    const { code, stdout, of } = await examined({ DATABASE_URL: 'mysql://ada:hunter2@db/x', ESA_LOG: 'loud' })
    expect([code, of('configuration')?.status]).toEqual([1, 'error'])
    expect(of('configuration')?.message).toMatch(/DATABASE_URL.*ESA_LOG/)
    expect(stdout).not.toContain('hunter2')
  })

  it('explains a database that is away, and one that refuses', async () => {
    const away = await examined({ DATABASE_URL: 'postgres://ada:hunter2@127.0.0.1:1/x' })
    expect([away.code, away.of('database')?.status, away.of('schema')?.status]).toEqual([
      1,
      'error',
      'skipped',
    ])
    const wrong = new URL(url)
    wrong.password = 'hunter2'
    const refused = await examined({ DATABASE_URL: wrong.href })
    expect([refused.code, refused.of('database')?.status]).toEqual([1, 'error'])
    expect(refused.of('database')?.fix).toMatch(/password/)
    expect(away.stdout + refused.stdout).not.toContain('hunter2')
  })

  it('explains rights that are missing, a schema that is not this version’s, and what is late or given up', async () => {
    await sql(`create role intern login password 'intern'; grant usage on schema esa to intern;
      grant usage on schema esa_migrations to intern; grant select on all tables in schema esa_migrations to intern;
      grant select on all tables in schema esa to intern`)
    const intern = new URL(url)
    intern.username = intern.password = 'intern'
    const poor = await examined({ DATABASE_URL: intern.href })
    expect([poor.code, poor.of('rights')?.message]).toEqual([1, expect.stringContaining('lacks CREATE')])

    const { id } = await esa.json<{ id: string }>(
      ...'incidents open --agent layer-1 --category integration --title pool'.split(' '),
    )
    await sql(`update esa.actors set due_at = due_at - 7200000 where id = '${id}';
      insert into esa.messages (id, queue, from_actor, type, body, correlation_id, at, done_at, dead_code)
      values ('dead', 'incidents', 'layer-1', 'x', '{}', 'x', 0, null, 'message.unreadable')`)
    const late = await examined({})
    expect([late.code, late.of('timers')?.status, late.of('timers')?.fix]).toEqual([
      1,
      'error',
      expect.stringContaining('esa up'),
    ])
    expect(late.of('worker')?.status).toBe('warning')
    expect(late.of('messages')).toMatchObject({
      status: 'warning',
      message: expect.stringContaining('1 messages were given up'),
    })

    await sql(`insert into esa_migrations.applied (hash, created_at) values ('later', 9999999999999)`)
    const newer = await examined({})
    expect([newer.code, newer.of('schema')?.message, newer.of('timers')?.status]).toEqual([
      1,
      expect.stringContaining('newer'),
      'skipped',
    ])
    await sql(`delete from esa_migrations.applied where hash = 'later'`)
  })

  it('explains a port that is taken, an address of another machine, and a server without a valid token', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const taken = await examined({ ESA_PORT: String(port) })
    expect([taken.code, taken.of('port')?.status, taken.of('token')?.status]).toEqual([1, 'error', 'ok'])
    expect(taken.of('port')?.message).toContain(`127.0.0.1:${port} is in use by another program`)
    other.close()
    const open = await examined({ ESA_HOST: '0.0.0.0' })
    expect([open.code, open.of('token')?.status, open.of('token')?.fix]).toEqual([
      1,
      'error',
      expect.stringContaining('esa tokens create'),
    ])
    const strange = await examined({ ESA_HOST: '203.0.113.7' })
    expect(strange.of('port')?.message).toBe('this machine has no address 203.0.113.7')
  })

  it('explains a target that does not count its statements, and one that is away', async () => {
    await sql('create database plain')
    const plain = new URL(url)
    plain.pathname = '/plain'
    await esa.json('targets', 'add', 'plain', 'env:PLAIN_URL')
    const { of } = await examined({ PLAIN_URL: plain.href })
    expect(of('target plain')).toMatchObject({
      status: 'warning',
      message: expect.stringContaining('without pg_stat_statements'),
      fix: expect.stringContaining('create extension'),
    })
    const away = await examined({ PLAIN_URL: 'postgres://ada:hunter2@127.0.0.1:1/x' })
    expect([away.code, away.of('target plain')?.status]).toEqual([1, 'error'])
    expect(away.stdout).not.toContain('hunter2')
    await esa.json('targets', 'rm', 'plain')
  })

  it('explains a home that is a file, a card with an error and a time scale', async () => {
    await writeFile(join(esa.folder, 'file'), '')
    const home = join(esa.folder, 'file')
    const agents = join(esa.folder, 'agents')
    await cp(fileURLToPath(new URL('../../agents', import.meta.url)), agents, { recursive: true })
    const card = join(agents, 'layers/layer-1/card.md')
    await writeFile(card, (await readFile(card, 'utf8')).replace('(30 min wait)', '(1 fortnight wait)'))
    const { code, of } = await examined({ ESA_AGENTS: agents, ESA_TIME_SCALE: '60' }, '--home', home)
    expect([code, of('home')?.status]).toEqual([1, 'error'])
    expect(of('cards')?.message).toContain(`${card}:`)
    expect(of('time-scale')).toMatchObject({ status: 'warning', fix: expect.any(String) })
  })

  it.runIf(redisInstalled())('explains a Redis that evicts, keeps nothing, or is away', async () => {
    const redis = await redisServer(['--maxmemory-policy', 'allkeys-lru', '--appendonly', 'no'])
    const { code, of } = await examined({ REDIS_URL: redis.url })
    expect([code, of('redis')?.status, of('redis-eviction')?.status]).toEqual([1, 'ok', 'error'])
    expect(of('redis-persistence')?.status).toBe('warning')
    await redis.close()
    const away = await examined({ REDIS_URL: redis.url.replace('//', '//ada:hunter2@') })
    expect([away.code, away.of('redis')?.status, away.of('redis-eviction')?.status]).toEqual([
      1,
      'error',
      'skipped',
    ])
    expect(away.stdout).not.toContain('hunter2')
  })
})
