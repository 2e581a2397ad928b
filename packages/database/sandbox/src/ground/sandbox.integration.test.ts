import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureSandbox, stopSandbox } from '@esa/pg-server'
import { hasOtherPostgres, startOtherPostgres } from '@esa/pg-server/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { escapes } from '../../testing/escape-attempts.ts'
import { groundAt, type TestGround } from '../../testing/ground.ts'
import { using } from './ground.ts'
import { type Rehearsal, withRehearsal } from '../open-rehearsal.ts'
import { rehearseScripts } from '../rehearse-scripts.ts'

/** A server for rehearsals, by its admin's URL. */
interface Server {
  url: string
  close(): Promise<unknown>
}

async function embedded(): Promise<Server> {
  const home = await mkdtemp(join(tmpdir(), 'esa-sandbox-'))
  const { adminUrl } = await ensureSandbox({ home })
  return {
    url: adminUrl,
    close: () => stopSandbox({ home, remove: true }).then(() => rm(home, { recursive: true })),
  }
}

const SERVERS: [string, () => Promise<Server>][] = [['the embedded 18', embedded]]
if (hasOtherPostgres()) SERVERS.push(['another major', startOtherPostgres])

/** All that an escape could change: roles, memberships, databases, settings and code of the server. */
const STATE = `select json_build_array(
  (select json_agg(to_jsonb(r) - 'rolpassword' order by rolname) from pg_authid r),
  (select json_agg((roleid::regrole, member::regrole)::text order by 1::text) from pg_auth_members),
  (select json_agg((datname, datdba::regrole, datacl)::text order by datname) from pg_database),
  (select json_agg((setdatabase, setrole, setconfig)::text order by setdatabase, setrole) from pg_db_role_setting),
  (select json_agg((name, setting)::text order by name) from pg_settings where context <> 'user' and name !~ '^(transaction|in_hot)'),
  (select json_agg(sourceline) from pg_file_settings), (select json_agg(spcname) from pg_tablespace),
  (select json_agg(subname) from pg_subscription), (select json_agg(slot_name) from pg_replication_slots))::text as state`

describe.each(SERVERS)('a tester on %s', (_, start) => {
  let server: Server
  let ground: TestGround
  let folder: string

  beforeAll(async () => {
    server = await start()
    ground = groundAt(server.url)
    folder = await mkdtemp(join(tmpdir(), 'esa-prey-'))
    // Whatever account the server has: only its roles keep the tester out.
    await chmod(folder, 0o777)
    await writeFile(join(folder, 'secret'), 'the password', { mode: 0o644 })
  })
  afterAll(async () => {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  })

  const state = () =>
    using(ground.asAdmin(), async (admin) => String((await admin.query(STATE)).rows[0]!['state']))

  it('finds no way to files, programs, other roles or other databases', async () => {
    await withRehearsal({ ground, id: 'victim', schema: null }, async (victim) => {
      await withRehearsal({ ground, id: 'attacker', schema: null, beside: victim }, async (attacker) => {
        const prey = { folder, secret: join(folder, 'secret'), other: victim.name }
        const before = await state()
        const attempts = escapes(prey)
        const through: string[] = []
        for (const { name, sql, mayRun } of attempts) {
          const ran = await everyRuns(attacker, sql)
          if (ran && mayRun !== true) through.push(name)
        }
        expect(through).toEqual([])
        expect(attempts.length).toBeGreaterThan(80)
        expect(await state()).toBe(before)
        expect(await readdir(folder)).toEqual(['secret'])
      })
    })
    expect(await readdir('/tmp')).not.toContain('esa-index-pwned')
  })

  it('enters no other database, and no other tester enters its', async () => {
    await withRehearsal({ ground, id: 'one', schema: null }, async (one) => {
      const role = String((await one.queryable.query('select current_user as me')).rows[0]!['me'])
      const { rows } = await using(ground.asAdmin(), (admin) =>
        admin.query(
          `select datname as name, has_database_privilege($1, oid, 'connect') as enters from pg_database where datname <> 'template0' order by 1`,
          [role],
        ),
      )
      expect(rows.filter(({ enters }) => enters === true).map(({ name }) => name)).toEqual([one.name])
    })
  })

  it('gets a role that a script names only when it was made here', async () => {
    await using(ground.asAdmin(), (admin) => admin.query('create role strong superuser nologin'))
    try {
      const sql = 'create table t (a int); alter table t owner to strong; alter table t owner to app'
      await withRehearsal({ ground, id: 'named', schema: null }, async (rehearsal) => {
        const done = await rehearseScripts(rehearsal, [
          { file: 'a.sql', sql: sql.replace('alter table t owner to strong; ', '') },
        ])
        expect(done.map(({ outcome }) => outcome)).toEqual(['ok', 'ok'])
        const [refused] = await rehearseScripts(rehearsal, [
          { file: 'b.sql', sql: 'alter table t owner to strong' },
        ])
        expect(refused!.outcome).toBe('failed')
        expect(await everyRuns(rehearsal, ['set role strong'])).toBe(false)
      })
    } finally {
      await using(ground.asAdmin(), (admin) => admin.query('drop role strong'))
    }
  })

  it('leaves neither role nor database', async () => {
    await withRehearsal(
      { ground, id: 'gone', schema: { sql: 'create table t (a int); grant select on t to reader' } },
      async () => {},
    )
    const { rows } = await using(ground.asAdmin(), (admin) =>
      admin.query(
        `select rolname as name from pg_roles where rolname ~ '^sbx_' or rolname = 'reader' union all select datname from pg_database where datname ~ '^esa_rehearsal'`,
      ),
    )
    expect(rows).toEqual([])
  })

  it('learns what needs a superuser, and nothing counts as failed', async () => {
    const sql = 'create type b; create table t (a int)'
    await withRehearsal({ ground, id: 'superuser', schema: null }, async (rehearsal) => {
      const done = await rehearseScripts(rehearsal, [{ file: 'a.sql', sql }])
      expect(done.map(({ outcome, why }) => [outcome, why])).toEqual([
        ['skipped', 'needs a superuser'],
        ['ok', undefined],
      ])
    })
  })
})

/** True when all statements ran: only then did an attempt get through. Its objects do not outlive it. */
async function everyRuns(rehearsal: Rehearsal, sql: readonly string[]): Promise<boolean> {
  const { queryable, close } = await rehearsal.open(1)
  try {
    for (const statement of sql) {
      const failed = await queryable.query(statement).then(
        () => false,
        () => true,
      )
      if (failed) return false
    }
    return true
  } finally {
    await close()
    await using(rehearsal.open(1), (session) =>
      session.query('drop schema public cascade; create schema public'),
    )
  }
}
