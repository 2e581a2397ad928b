import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { behaviors } from '@esa/agents'
import { incidentDefinition, INCIDENT_TYPE, type Incident } from '@esa/escalation'
import { createToken } from '@esa/operations'
import { createDatabase, createLogin, ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import { ActorHost, Registry } from '@esa/runtime'
import { type RunningServer, type ServerPorts, startServer } from '@esa/server'
import { migrate, openPostgresStore, type Store } from '@esa/store'
import pg from 'pg'
import { pino } from 'pino'
import { TESTER } from '../protocols/protocol-world.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { projectOrg } from '../incidents/project-org.ts'
import { StreamReader } from './stream-reader.ts'

/** The role as which servers work: it owns nothing. */
const RUNTIME = 'esa_two_servers'

let home: string
let url: string
let one: RunningServer
let other: RunningServer
const stores: Store[] = []
const servers: RunningServer[] = []

/** What a server on the database is composed of: a store and a host of its own. */
async function ports(): Promise<ServerPorts> {
  const store = await openPostgresStore({ url, max: 6 })
  stores.push(store)
  const directory = projectOrg()
  const registry = new Registry({
    definitions: [incidentDefinition({ timeScale: 1 }), ...behaviors.definitions()],
    agentType: behaviors.agentType,
    activities: [],
    directory: () => directory,
  })
  const host = new ActorHost({ store, registry, random: Math.random, rings: false })
  return {
    world: { store, host, registry, behaviors, directory, problems: [], databaseUrl: url, timeScale: 1 },
    binding: { host: '127.0.0.1', port: 0, loopback: true },
    localUser: 'tester',
    page: null,
    log: pino({ level: 'silent' }),
  }
}

async function start(more: Partial<ServerPorts> = {}): Promise<RunningServer> {
  const server = await startServer({ ...(await ports()), ...more })
  servers.push(server)
  return server
}

async function countRequests(): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<{ n: number }>('select count(*)::int as n from esa.requests')
  await client.end()
  return rows[0]!.n
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'esa-two-servers-'))
  const owner = await createDatabase((await ensureEmbeddedServer({ home })).url, 'two_servers')
  const runtime = new URL(owner)
  runtime.username = RUNTIME
  runtime.password = 'hunter2'
  url = runtime.href
  await createLogin(owner, url)
  await migrate(owner, RUNTIME)
  one = await start()
  other = await start()
})
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop(100)))
  await Promise.all(stores.map((store) => store.close()))
  await stopEmbeddedServer({ home, mode: 'immediate' })
  await rm(home, { recursive: true, force: true })
})

const post = (server: RunningServer, path: string, body: object, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
const opening = (title: string) => ({ agent: 'layer-1', category: 'integration', title })
const list = async (server: RunningServer, query: string) =>
  (await (await fetch(`${server.url}/api/v1/incidents?${query}`)).json()) as {
    incidents: Incident[]
    next: string | null
  }

describe('two servers on one PostgreSQL', () => {
  it('tell every reader the same, whatever meets, and a reader that moves from one to the other misses nothing', async () => {
    const leaving = await start()
    const readers = [await StreamReader.open(leaving.url), await StreamReader.open(other.url)]
    await Promise.all(readers.map((reader) => reader.until(({ heard }) => heard.length > 0)))
    const from = readers[0]!.last
    const opened = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        post(n % 2 === 0 ? leaving : other, '/incidents', opening(`meets ${n}`)),
      ),
    )
    expect(opened.map(({ status }) => status)).toEqual(opened.map(() => 200))
    const log = async () => (await stores[0]!.feed(from, 10_000)).map(({ pos }) => pos)
    const all = await log()
    for (const reader of readers) {
      await reader.until(({ positions }) => positions.length >= all.length)
      expect(reader.positions).toEqual(all)
    }
    await leaving.stop()
    await readers[0]!.until(({ ended }) => ended)
    for (let n = 0; n < 5; n += 1) await post(other, '/incidents', opening(`alone ${n}`))
    const moved = await StreamReader.open(other.url, { last: readers[0]!.last })
    const more = await log()
    await moved.until(({ positions }) => positions.length >= more.length - all.length)
    expect([...readers[0]!.positions, ...moved.positions]).toEqual(more)
    expect(moved.heard[0]!.event).toBe('hello')
    for (const reader of [moved, readers[1]!]) reader.leave()
  })

  it('do what came with one key once, and show the same pages', async () => {
    const key = { 'idempotency-key': 'k' }
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        post(n % 2 === 0 ? one : other, '/incidents', opening('once'), key),
      ),
    )
    const done = all.filter(({ status }) => status === 200)
    expect(done.length).toBeGreaterThan(0)
    expect(all.filter(({ status }) => status !== 200 && status !== 409)).toEqual([])
    const again = (await (await post(other, '/incidents', opening('once'), key)).json()) as Incident
    expect((await list(one, 'search=once')).incidents.map(({ id }) => id)).toEqual([again.id])
    const pages: string[] = []
    for (let cursor = ''; ;) {
      const { incidents, next } = await list(
        pages.length % 2 === 0 ? one : other,
        `limit=7&level=peer${cursor}`,
      )
      pages.push(...incidents.map(({ id }) => id))
      if (next === null) break
      cursor = `&cursor=${next}`
    }
    const rows = await stores[0]!.listActors({ type: INCIDENT_TYPE })
    expect(pages).toEqual(rows.map(({ state }) => state.id).toReversed())
  })

  it('keep nothing of two thousand requests of strangers, nor of unknown places', async () => {
    const closed = await start({ binding: { host: '127.0.0.1', port: 0, loopback: false } })
    const rows = await countRequests()
    const statuses = new Map<number, number>()
    const places = ['/incidents', '/nothing', '/tokens', '/incidents/x/ack']
    for (let from = 0; from < 2_000; from += 50) {
      const some = Array.from({ length: 50 }, async (_, n) => {
        const place = places[n % places.length]!
        const { status, body } = await post(closed, place, opening('stranger'), {
          'idempotency-key': `stranger-${from + n}`,
          ...(n % 2 === 0 ? {} : { authorization: `Bearer esa_${n}` }),
        })
        await body?.cancel()
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      })
      await Promise.all(some)
    }
    expect(statuses).toEqual(
      new Map([
        [401, 1_480],
        [404, 520],
      ]),
    )
    expect(await countRequests()).toBe(rows)
  })

  it('let one of two commands with the same If-Match through', async () => {
    const { id, epoch } = (await (await post(one, '/incidents', opening('match'))).json()) as Incident
    const ack = (server: RunningServer) =>
      post(server, `/incidents/${id}/ack`, { as: 'operator' }, { 'if-match': `"${epoch}"` })
    const statuses = (await Promise.all([ack(one), ack(other)])).map(({ status }) => status)
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 412])
  })

  it('know the same sessions', async () => {
    const binding = { host: '127.0.0.1', port: 0, loopback: false }
    const [near, far] = [await start({ binding }), await start({ binding })]
    const wanted = { as: 'operator', scope: ['incidents:read'], for: '1d', person: 'Ada' }
    const { token } = await createToken({ ...(await ports()).world, caller: TESTER }, wanted)
    const login = await fetch(`${near.url}/login`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: near.url },
      body: new URLSearchParams({ token }),
    })
    const cookie = login.headers.get('set-cookie')!.split(';')[0]!
    const status = async () => (await fetch(`${far.url}/api/v1/incidents`, { headers: { cookie } })).status
    expect(await status()).toBe(200)
    await fetch(`${near.url}/logout`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie, origin: near.url },
    })
    expect(await status()).toBe(401)
  })
})
