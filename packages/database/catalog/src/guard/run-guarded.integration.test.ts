import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  connectPool,
  createDatabase,
  ensureEmbeddedServer,
  stopEmbeddedServer,
  withDatabase,
} from '@esa/pg-server'
import type { Pool, PoolClient } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inReadOnly } from '../sql/read-only.ts'
import {
  AFTER_OPERATOR,
  attackedSchema,
  attackingExpressions,
  attackingStatements,
  CONFUSING_TEXTS,
  HARMLESS_BESIDE,
  HIDDEN_CALLS,
  QUERIES_AROUND,
  STATEMENTS_AROUND,
} from '../../testing/bypass-attempts.ts'
import { HARMLESS_QUERIES, HARMLESS_SCHEMA } from '../../testing/harmless-queries.ts'
import { runGuarded } from '../../testing/run-guarded.ts'

let home: string
let adminUrl: string
let admin: Pool
let victim: PoolClient
let attempts: string[]
let canonical: string[]
const heard: string[] = []
const pools: Pool[] = []

async function open(url: string): Promise<Pool> {
  const pool = await connectPool(url, { max: 3 })
  pools.push(pool)
  return pool
}

/** Everything an attack could change, as one text. */
async function state(database: Pool): Promise<string> {
  const { rows } = await database.query(
    `select
    (select md5(string_agg(a::text, ',' order by id)) from accounts a) as accounts, (select count(*) from log) as log,
    (select last_value || ':' || is_called from counter) as counter, (select count(*) from mat) as mat,
    (select md5(string_agg(oid || relname || coalesce(relacl::text, ''), ',' order by oid)) from pg_class where relkind <> 't' and relpersistence <> 't') as relations,
    (select count(*) from pg_proc) as functions, (select md5(string_agg(a::text, ',' order by rolname)) from pg_roles a) as roles,
    (select string_agg(oid::text, ',' order by oid) from pg_largeobject_metadata) as large_objects,
    (select count(*) from pg_locks where locktype = 'advisory') as locks, (select count(*) from pg_replication_slots) as slots,
    (select count(*) from pg_prepared_xacts) as prepared, (select count(*) from pg_extension) as extensions,
    (select md5(string_agg(d::text, ',' order by d::text)) from pg_db_role_setting d) as role_settings,
    (select count(*) from pg_description where objoid = 'accounts'::regclass) as comments, pg_conf_load_time() as loaded,
    (select stats_reset from pg_stat_database where datname = current_database()) as reset,
    (select count(*) from pg_stat_activity where pid = $1) as victim`,
    [await pidOf(victim)],
  )
  const auto = await readFile(join(await readDirectory(), 'postgresql.auto.conf'), 'utf8')
  return JSON.stringify([
    rows[0],
    auto,
    (await readdir(home)).filter((name) => name.startsWith('stolen')),
    heard,
  ])
}

let directory: string | undefined
async function readDirectory(): Promise<string> {
  directory ??= (await admin.query(`select current_setting('data_directory') as d`)).rows[0].d as string
  return directory
}

let victimPid = 0
async function pidOf(session: PoolClient): Promise<number> {
  if (victimPid === 0)
    victimPid = (await session.query('select pg_backend_pid() as pid')).rows[0].pid as number
  return victimPid
}

/** What a session keeps between transactions. */
async function sessionState(pool: Pool): Promise<string> {
  const { rows } =
    await pool.query(`select md5(string_agg(name || setting, ',' order by name)) as settings, current_user as who,
    (select count(*) from pg_prepared_statements) as prepared, (select count(*) from pg_cursors where is_holdable) as cursors,
    (select count(*) from pg_listening_channels()) as channels from pg_settings`)
  return JSON.stringify(rows)
}

function sourceUrl(database: string, role: 'postgres' | 'attacker' | 'owner', options = ''): string {
  const url = new URL(withDatabase(adminUrl, database))
  if (role !== 'postgres') Object.assign(url, { username: role, password: role })
  if (options !== '') url.searchParams.set('options', options)
  return url.href
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'esa-guard-'))
  await chmod(home, 0o777)
  ;({ adminUrl } = await ensureEmbeddedServer({ home: join(home, 'home') }))
  admin = await open(await createDatabase(adminUrl, 'attacked'))
  await admin.query(
    `create role attacker login superuser password 'attacker'; create role owner login password 'owner'`,
  )
  await admin.query(attackedSchema(join(home, 'stolen')))
  await admin.query(AFTER_OPERATOR)
  await admin.query(`do $$ declare t text; begin for t in select relname from pg_class where relkind in ('r', 'S', 'm')
    and relnamespace = 'public'::regnamespace loop execute format('alter table %I owner to owner', t); end loop; end $$`)
  await admin.query('grant all on schema public to owner; grant all on all tables in schema public to owner')
  await createDatabase(adminUrl, 'ordinary')
  await (await open(withDatabase(adminUrl, 'ordinary'))).query(HARMLESS_SCHEMA)
  victim = await (await open(sourceUrl('postgres', 'postgres'))).connect()
  const listener = await (await open(sourceUrl('attacked', 'postgres'))).connect()
  listener.on('notification', ({ channel }) => heard.push(channel))
  await listener.query('listen heard')
  const [file, pid] = [join(home, 'stolen'), await pidOf(victim)]
  const expressions = attackingExpressions(pid, file)
  const statements = attackingStatements(pid, file)
  canonical = [...expressions.map((one) => `select ${one}`), ...HIDDEN_CALLS, ...statements]
  attempts = [
    ...expressions.flatMap((one) => QUERIES_AROUND.map((around) => around(one))),
    ...HIDDEN_CALLS,
    ...statements.flatMap((one) => STATEMENTS_AROUND.map((around) => around(one))),
    ...CONFUSING_TEXTS,
  ]
})

afterAll(async () => {
  for (const pool of pools) {
    // A client that is still lent out would keep end() waiting.
    void pool.end()
  }
  await stopEmbeddedServer({ home: join(home, 'home'), mode: 'immediate' })
  await rm(home, { recursive: true, force: true })
})

/** Attempts between two looks at everything: what one changed stays changed, and is seen at the next look. */
const BATCH = 25

/** Runs every attempt; those that ran to an answer, and the batches after which anything was different. */
async function attack(pool: Pool, texts: string[]): Promise<{ ran: string[]; changed: string[] }> {
  const [ran, changed]: [string[], string[]] = [[], []]
  const look = async (): Promise<string> => (await state(admin)) + (await sessionState(pool))
  let before = await look()
  for (let at = 0; at < texts.length; at += BATCH) {
    const batch = texts.slice(at, at + BATCH)
    for (const sql of batch) {
      const run = runGuarded(pool, sql, { timeoutMs: 2_000, prefix: 'EXPLAIN (ANALYZE) ' })
      await run.then(
        () => ran.push(sql),
        () => undefined,
      )
    }
    const after = await look()
    if (after !== before) changed.push(`one of ${JSON.stringify(batch)}: ${before} ${after}`)
    before = after
  }
  return { ran, changed }
}

describe('the guard', () => {
  it.each(['attacker', 'owner'] as const)(
    'lets nothing through that acts: as %s',
    async (role) => {
      // A superuser has nothing but the guard; for the owner of the tables once each way is enough.
      const texts = role === 'attacker' ? attempts : canonical
      expect(texts.length).toBeGreaterThanOrEqual(role === 'attacker' ? 500 : 100)
      expect(new Set(texts).size).toBe(texts.length)
      const pool = await open(sourceUrl('attacked', role))
      // Where every query is refused, an attack that is refused too shows nothing.
      for (const sql of HARMLESS_BESIDE) await runGuarded(pool, sql, { timeoutMs: 2_000 })
      const { ran, changed } = await attack(pool, texts)
      expect(changed).toEqual([])
      // Read otherwise than meant, these are one harmless SELECT.
      const meant = ran.filter((sql) => !CONFUSING_TEXTS.includes(sql))
      // A superuser passes by row security, and the server says so: there is no condition that would run.
      expect(meant).toEqual(role === 'attacker' ? ['select * from guarded'] : [])
    },
    240_000,
  )

  it('cuts texts as its parser does, also where a backslash would escape', async () => {
    const pool = await open(sourceUrl('attacked', 'attacker', '-c standard_conforming_strings=off'))
    const { changed } = await attack(pool, CONFUSING_TEXTS)
    expect(changed).toEqual([])
  })

  it('runs what only reads', async () => {
    const pool = await open(sourceUrl('ordinary', 'attacker'))
    expect(HARMLESS_QUERIES.length).toBeGreaterThanOrEqual(60)
    const refused: string[] = []
    for (const sql of HARMLESS_QUERIES) {
      await runGuarded(pool, sql, { timeoutMs: 5_000 }).catch((error: unknown) =>
        refused.push(`${sql}: ${String(error)}`),
      )
    }
    expect(refused).toEqual([])
  }, 120_000)

  it('stops a statement that catches its own cancel, from another session', async () => {
    const pool = await open(sourceUrl('attacked', 'attacker'))
    await admin.query(`create function stubborn() returns void language plpgsql as $$ begin loop begin perform pg_sleep(1);
      exception when query_canceled then end; end loop; end $$`)
    const work = inReadOnly(pool, 200, (session) => session.query('select public.stubborn()'))
    await expect(work).rejects.toMatchObject({
      code: 'database.timeout',
      message: expect.stringContaining('second session'),
    })
    await admin.query('drop function stubborn()')
  })
})

/** The attempts are worth something only if they do harm where no guard is. */
it('without the guard most of the attacks change something', async () => {
  await createDatabase(adminUrl, 'naked')
  const naked = await open(sourceUrl('naked', 'attacker'))
  await naked.query(attackedSchema(join(home, 'stolen-naked')))
  let harmful = 0
  let before = await state(naked)
  const reachesOthers = /reload_conf|attacker superuser|rotate|drop table accounts/
  for (const sql of canonical.filter((one) => !reachesOthers.test(one))) {
    const session = await naked.connect()
    const held = await sessionOf(session)
    await session.query(sql).catch(() => undefined)
    const alive = await sessionOf(session).catch(() => 'gone')
    const after = await state(naked)
    if (after !== before || alive !== held) harmful += 1
    before = after
    session.release(true)
  }
  expect(harmful).toBeGreaterThanOrEqual(60)
}, 240_000)

async function sessionOf(session: PoolClient): Promise<string> {
  const { rows } =
    await session.query(`select md5(string_agg(name || setting, ',' order by name)) as s, current_user as u,
    (select count(*) from pg_prepared_statements) as p from pg_settings`)
  return JSON.stringify(rows)
}
