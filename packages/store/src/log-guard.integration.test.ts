import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase, createLogin, ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verifyChain } from './hash-chain.ts'
import { migrate } from './migrate.ts'
import { openPostgresStore } from './postgres-store.ts'
import { logGuard, RUNTIME_RIGHTS } from './runtime-rights.ts'
import { advance, opening, put } from '../testing/store-contract-rows.ts'
import type { Store, StoredEvent } from './store.ts'

const OWNER = 'esa_owner'
const RUNTIME = 'esa_worker'

/** Neither of them is a superuser: all they have is what the schema gives them. */
describe('a log that its runtime does not own', () => {
  let home: string
  let admin: pg.Client
  let owner: pg.Client
  let runtime: pg.Client
  let urls: { owner: string; runtime: string }
  let store: Store

  const as = (url: string, role: string): string => {
    const other = new URL(url)
    other.username = role
    other.password = 'hunter2'
    return other.href
  }
  const client = async (url: string): Promise<pg.Client> => {
    const made = new pg.Client({ connectionString: url })
    await made.connect()
    return made
  }

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'esa-guard-'))
    const server = await ensureEmbeddedServer({ home })
    const url = await createDatabase(server.url, 'guarded')
    urls = { owner: as(url, OWNER), runtime: as(url, RUNTIME) }
    for (const one of Object.values(urls)) await createLogin(url, one)
    admin = await client(url)
    await admin.query(`alter database guarded owner to ${OWNER}`)
    await migrate(urls.owner, RUNTIME)
    ;[owner, runtime] = [await client(urls.owner), await client(urls.runtime)]
    store = await openPostgresStore({ url: urls.runtime, max: 2 })
    await put(store, { actors: [opening('a'), opening('b')] })
    for (const input of ['i1', 'i2', 'i3']) await advance(store, 'a', input)
  })
  afterAll(async () => {
    await store.close()
    for (const one of [admin, owner, runtime]) await one.end()
    await stopEmbeddedServer({ home, mode: 'immediate' })
    await rm(home, { recursive: true, force: true })
  })

  const changes = [
    `update esa.events set actor = 'agent-0' where stream = 'a'`,
    `delete from esa.events where stream = 'a'`,
    'truncate esa.events',
  ]

  it.each([
    ...changes,
    'alter table esa.events disable trigger user',
    'drop trigger events_no_update on esa.events',
    'drop table esa.events cascade',
    'alter table esa.events owner to current_user',
    `insert into esa.retired values ('a', 'bell', 9, '', 0)`,
    `create or replace function esa.refuse_change() returns trigger language plpgsql as 'begin return new; end'`,
    `delete from esa.actors where id = 'a'`,
    `set role ${OWNER}`,
    'set session_replication_role = replica',
  ])('refuses its runtime: %s', async (sql) => {
    await expect(runtime.query(sql)).rejects.toMatchObject({ code: '42501' })
  })

  it.each(changes)('refuses its owner too, by a trigger: %s', async (sql) => {
    await expect(owner.query(sql)).rejects.toMatchObject({
      code: '23001',
      message: expect.stringContaining('append-only'),
    })
  })

  it('says how well it is guarded from each of them', async () => {
    expect(await logGuard(urls.runtime)).toEqual({ role: RUNTIME, owner: OWNER, why: null })
    expect(await logGuard(urls.owner)).toMatchObject({ role: OWNER, why: 'owner' })
    await admin.query(`grant update on esa.events to ${RUNTIME}`)
    expect(await logGuard(urls.runtime)).toMatchObject({ why: 'rights' })
    await migrate(urls.owner, RUNTIME)
    expect(await logGuard(urls.runtime)).toMatchObject({ why: null })
    await admin.query(`grant ${OWNER} to ${RUNTIME}`)
    expect(await logGuard(urls.runtime)).toMatchObject({ why: 'owner' })
    await admin.query(`revoke ${OWNER} from ${RUNTIME}; alter role ${RUNTIME} superuser`)
    expect(await logGuard(urls.runtime)).toMatchObject({ why: 'superuser' })
    await admin.query(`alter role ${RUNTIME} nosuperuser`)
  })

  it('names the rights of every table', async () => {
    const { rows } = await admin.query<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'esa' order by 1`,
    )
    expect(rows.map(({ name }) => name)).toEqual(Object.keys(RUNTIME_RIGHTS).sort())
  })

  /** What the holder of the server can do: triggers off, one change, triggers on again. */
  const tamper = async (sql: string): Promise<StoredEvent[]> => {
    await admin.query(`begin; set local session_replication_role = replica; ${sql}`)
    const store2 = await readAll()
    await admin.query('rollback')
    return store2
  }
  const readAll = async (): Promise<StoredEvent[]> => {
    const { rows } = await admin.query<Record<string, unknown>>(
      `select stream, seq, at::int, type, epoch, level, actor, late_ms, data, input_id as "inputId", input, env, hash
       from esa.events where stream = 'a' order by seq`,
    )
    return rows.map(
      (row) =>
        Object.fromEntries(Object.entries(row).filter(([, v]) => v !== null)) as unknown as StoredEvent,
    )
  }

  it('is a chain that shows each kind of change, and where', async () => {
    const head = { seq: 4, hash: (await store.readActor('a'))!.head }
    expect(verifyChain(await readAll(), head)).toEqual({ ok: true })
    const found = async (sql: string) => verifyChain(await tamper(sql), head)
    const event2 = `stream = 'a' and seq = 2`
    expect(await found(`update esa.events set data = '{}' where ${event2}`)).toMatchObject({
      ok: false,
      seq: 2,
    })
    expect(await found(`delete from esa.events where ${event2}`)).toMatchObject({ ok: false, seq: 2 })
    expect(
      await found(`update esa.events set seq = seq + 1 where stream = 'a' and seq = 4;
        update esa.events set seq = seq + 1 where stream = 'a' and seq = 3;
        insert into esa.events (stream, seq, at, type, epoch, data, hash) values ('a', 3, 1000, 'bell.told', 1, '{}', 'x')`),
    ).toMatchObject({ ok: false, seq: 3 })
    expect(
      await found(`update esa.events set seq = 99 where stream = 'a' and seq = 2;
        update esa.events set seq = 2 where stream = 'a' and seq = 3;
        update esa.events set seq = 3 where stream = 'a' and seq = 99`),
    ).toMatchObject({ ok: false, seq: 2 })
    expect(await found(`delete from esa.events where stream = 'a' and seq = 4`)).toMatchObject({
      ok: false,
      seq: 4,
    })
  })
})
