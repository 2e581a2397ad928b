import { chmod, cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commandIncident, createToken, openIncident } from '@esa/operations'
import { verifyStream } from '@esa/operations/views'
import { ensureEmbeddedServer, stopEmbeddedServer, withDatabase } from '@esa/pg-server'
import { startOtherPostgres } from '@esa/pg-server/testing'
import { openPostgresStore } from '@esa/store'
import pg from 'pg'
import { type Config, readConfig } from '../src/config.ts'
import { inWorld, readingRegistry, type World } from '../src/world.ts'
import { checkSeals, type SealedPlace } from '../src/seals/check-seals.ts'
import { checkStreams } from '../src/seals/check-streams.ts'
import type { SealFault } from '../src/seals/seal-book.ts'
import { SealFile } from '../src/seals/seal-file.ts'
import { Sealer } from '../src/seals/sealer.ts'

/** A home that sealed a database twice, to be copied: the database after the first seal and after the second, and the home's files then. */
export interface SealedWorld {
  /** Two incidents that are over, one that is open, and a token. */
  ids: { first: string; second: string; open: string; token: string; revoked: string; account: string }
  /** A copy of both after the second seal, or, `old`, after the first; `before` the first seal. */
  copy(which?: { database?: Moment; home?: Moment }): Promise<SealedCopy>
  close(): Promise<void>
}

export type Moment = 'before' | 'old' | 'now'

/** A database and a home that a test may do anything to. */
export interface SealedCopy {
  url: string
  /** A superuser without triggers. */
  admin: pg.Client
  home: string
  at: SealedPlace
  /** What `esa replay verify --all` finds without seals: chains and replays alone. */
  byVerifyAlone(): Promise<string[]>
  /** What a worker finds by itself: when it starts and every hour, and within a day. */
  byWorker(): Promise<{ hourly: SealFault[]; daily: SealFault[] }>
  close(): Promise<void>
}

/** Starts one on a server of its own: the embedded one, or Debian's PostgreSQL 15. */
export async function sealedWorld(on: 'embedded' | 'other' = 'embedded'): Promise<SealedWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'esa-seals-'))
  // The embedded server runs as another user when the tests run as root, and must get in.
  await chmod(folder, 0o755)
  const server = on === 'embedded' ? await embedded(join(folder, 'server')) : await other()
  const admin = new pg.Client({ connectionString: server.adminUrl })
  await admin.connect()
  await admin.query('create database world')
  const url = withDatabase(server.url, 'world')
  const home = (name: string): string => join(folder, name)
  const place = placeOf(url, home('now'))
  const sealer = new Sealer(place)
  const ids = await lived(readConfig({ home: home('now'), databaseUrl: url }, {}), async (moment) => {
    await mkdir(home('now'), { recursive: true })
    if (moment !== 'before') await sealer.seal((await checkSeals(place))?.ahead)
    if (moment !== 'now') await cp(home('now'), home(moment), { recursive: true })
    await admin.query(`create database ${moment} template world`)
  })
  let copies = 0
  return {
    ids,
    copy: async ({ database = 'now', home: from = 'now' } = {}) => {
      const name = `copy_${++copies}`
      await admin.query(`create database ${name} template ${database}`)
      await cp(home(from), home(name), { recursive: true })
      return await copied(withDatabase(server.url, name), home(name))
    },
    close: async () => {
      await admin.end()
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function embedded(
  home: string,
): Promise<{ url: string; adminUrl: string; stop: () => Promise<unknown> }> {
  const { url, adminUrl } = await ensureEmbeddedServer({ home })
  return { url, adminUrl, stop: () => stopEmbeddedServer({ home, mode: 'immediate' }) }
}

async function other(): Promise<{ url: string; adminUrl: string; stop: () => Promise<unknown> }> {
  const { url, close } = await startOtherPostgres()
  return { url, adminUrl: url, stop: close }
}

/** What happens in it. Each stage is a process of its own: a database with a connection cannot be copied. */
async function lived(config: Config, keep: (moment: Moment) => Promise<void>): Promise<SealedWorld['ids']> {
  const about = { agent: 'layer-1', category: 'integration' }
  const open = async (world: World, title: string): Promise<string> =>
    (await openIncident(world, { ...about, title })).incident.id
  const token = async (world: World, person: string): Promise<string> =>
    (await createToken(world, { as: 'layer-2', scope: ['incidents:ack'], for: '7d', person })).id
  const early = await inWorld(config, async (world) => {
    const ids = { first: await open(world, 'pools'), second: await open(world, 'queues') }
    for (const id of Object.values(ids)) await commandIncident(world, id, acknowledge)
    const tokens = { token: await token(world, 'Ada'), revoked: await token(world, 'Bob') }
    return { ...ids, ...tokens, account: (await world.store.accounts.list())[0]!.id }
  })
  await keep('before')
  await keep('old')
  const later = await inWorld(config, async (world) => {
    for (const id of [early.first, early.second])
      await commandIncident(world, id, { type: 'resolve', as: 'layer-2', cause: 'done' })
    await world.store.revokeToken(early.revoked)
    return { open: await open(world, 'disks') }
  })
  await keep('now')
  return { ...early, ...later }
}

const acknowledge = { type: 'acknowledge', as: 'layer-2' } as const

function placeOf(databaseUrl: string, home: string): SealedPlace {
  return { file: new SealFile(home), databaseUrl, home: 'a home', place: 'a place' }
}

async function copied(url: string, home: string): Promise<SealedCopy> {
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  await admin.query('set session_replication_role = replica')
  const registry = readingRegistry(readConfig({}, {}))
  const store = await openPostgresStore({ url, max: 2 })
  const at = placeOf(url, home)
  return {
    url,
    admin,
    home,
    at,
    byVerifyAlone: async () => {
      const actors = await store.listActors({})
      const checks = actors.map(async (actor) => {
        const { chain, replay } = verifyStream(registry, actor, await store.readStream(actor.state.id))
        return chain === 'unbroken' && replay === 'identical' ? [] : [actor.state.id]
      })
      return (await Promise.all(checks)).flat()
    },
    byWorker: async () => ({
      hourly: (await checkSeals(at))?.broken ?? [],
      daily: await checkStreams(store, at, null),
    }),
    close: async () => {
      await admin.end()
      await store.close()
    },
  }
}
