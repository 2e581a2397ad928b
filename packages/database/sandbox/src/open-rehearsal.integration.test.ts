import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connectPool, createDatabase, dropDatabase } from '@esa/pg-server'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import type { Queryable } from '@esa/database-catalog/sql'
import { groundAt } from '../testing/ground.ts'
import { type RehearsalGround, using } from './ground/ground.ts'
import { withRehearsal } from './open-rehearsal.ts'
import { rehearseScripts } from './rehearse-scripts.ts'

describe('a rehearsal', () => {
  const server = ownServer()
  let ground: RehearsalGround

  beforeAll(async () => {
    ground = groundAt(server.adminUrl)
  })

  const onServer = (query: string) =>
    using(ground.asAdmin(), async (session) =>
      (await session.query(query)).rows.map(({ name }) => String(name)),
    )
  const rehearsals = () =>
    onServer(`select datname as name from pg_database where datname like 'esa\\_rehearsal%'`)
  const valueOf = async (database: Queryable, expression: string) =>
    (await database.query(`select ${expression} as value`)).rows[0]!['value']

  it('has the schema, keeps the time of nowhere, and is gone afterwards, also when the work fails', async () => {
    const schema = { sql: ['create table orders (id int primary key)', 'insert into orders values (7)'] }
    const found = await withRehearsal({ ground, id: 'one', schema }, async ({ queryable, name }) => {
      expect(await rehearsals()).toEqual([name])
      expect(await valueOf(queryable, `current_setting('TimeZone')`)).toBe('UTC')
      return (await queryable.query('select id from orders')).rows
    })
    expect(found).toEqual([{ id: 7 }])
    const fails = withRehearsal({ ground, id: 'two', schema: null }, () => Promise.reject(new Error('no')))
    await expect(fails).rejects.toThrow('no')
    expect(await rehearsals()).toEqual([])
  })

  it('takes what pg_dump writes, and says which line of a schema does not run', async () => {
    const dumped = `\\restrict abc\nselect pg_catalog.set_config('search_path', '', false);\ncreate table public.t (id int);\ncreate index concurrently on public.t (id);\nalter table public.t owner to ada;\n\\unrestrict abc\n`
    await withRehearsal({ ground, id: 'dumped', schema: { sql: dumped } }, async ({ queryable }) => {
      // The empty search_path of the script ended with it.
      expect((await queryable.query('select * from t')).rows).toEqual([])
    })
    const broken = { sql: 'create table t (id int);\n\nalter table missing add x int' }
    await expect(
      withRehearsal({ ground, id: 'broken', schema: broken }, async () => 1),
    ).rejects.toMatchObject({
      code: 'sql.schema-failed',
      details: { line: 3 },
    })
    expect(await rehearsals()).toEqual([])
  })

  it('has the roles that scripts name, without login, until the last rehearsal ends', async () => {
    const roles = () =>
      onServer(`select rolname as name from pg_roles where rolname in ('ada', 'bob') and not rolcanlogin`)
    const schema = { sql: 'create table t (id int); grant select on t to ada' }
    await withRehearsal({ ground, id: 'first', schema }, async (first) => {
      const done = await withRehearsal({ ground, id: 'second', schema: null }, () =>
        rehearseScripts(first, [
          { file: 'm.sql', sql: 'alter table t owner to bob; drop table nope; select 1' },
        ]),
      )
      expect(done.map(({ outcome }) => outcome)).toEqual(['ok', 'failed', 'skipped'])
      expect(done[1]!.error).toEqual({ message: 'table "nope" does not exist', sqlState: '42P01' })
      expect(await roles()).toEqual(['ada', 'bob'])
    })
    expect(await roles()).toEqual([])
  })

  it('runs nothing that would outlive it, neither of the schema before nor of a script', async () => {
    const beyond = `create database outlives; alter system set work_mem = '1GB'; create role outlives login; copy t to '/tmp/outlives'`
    const schema = { sql: `create table t (id int); ${beyond}` }
    const done = await withRehearsal({ ground, id: 'beyond', schema }, (rehearsal) =>
      rehearseScripts(rehearsal, [{ file: 'm.sql', sql: `${beyond}; grant select on t to outlives` }]),
    )
    expect(done.map(({ outcome, why }) => [outcome, why !== undefined])).toEqual([
      ...Array.from({ length: 4 }, () => ['skipped', true]),
      ['ok', false],
    ])
    const left = `select datname as name from pg_database where datname = 'outlives' union all select rolname from pg_roles where rolname = 'outlives'
      union all select name from pg_file_settings where name = 'work_mem'`
    expect(await onServer(left)).toEqual([])
  })

  it('compares text and tells the time as its original does', async () => {
    const icu = await createDatabase(server.adminUrl, 'original', { icuLocale: 'de' })
    onTestFinished(async () => void (await dropDatabase(server.adminUrl, 'original')))
    const pool = await connectPool(icu)
    await pool.query(`alter database original set timezone = 'Asia/Tokyo'`)
    await pool.query(`alter database original set search_path = "Odd, 'one", public`)
    await pool.query(`alter database original set random_page_cost = 1.5`)
    await pool.query(`alter database original set shop.tenant = 'it''s 7'`)
    await pool.end()
    const original = await connectPool(icu)
    onTestFinished(() => original.end())
    await withRehearsal(
      { ground, id: 'alike', schema: { from: original } },
      async ({ queryable, missing }) => {
        expect(missing).toEqual([])
        for (const setting of ['TimeZone', 'search_path', 'random_page_cost', 'DateStyle', 'shop.tenant'])
          expect(await valueOf(queryable, `current_setting('${setting}')`)).toBe(
            await valueOf(original, `current_setting('${setting}')`),
          )
        expect(await valueOf(queryable, `'a' < 'B'`)).toBe(true)
      },
    )
  })

  it('is dropped by the next one when its process was killed; one that lives is left alone', async () => {
    const child = holder(server.adminUrl)
    onTestFinished(() => void child.kill('SIGKILL'))
    const [left] = (await once(child.stdout!, 'data')) as [Buffer]
    expect(await rehearsals()).toEqual([String(left)])
    await withRehearsal({ ground, id: 'beside', schema: null }, async ({ name }) => {
      expect((await rehearsals()).toSorted()).toEqual([String(left), name].toSorted())
    })
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
    // Its server ends the sessions when it sees the socket closed, which is an instant later: then the lock is free.
    await using(ground.asAdmin(), (session) =>
      session.query(
        `select pg_advisory_lock(1919248485, hashtext(right($1, 8))), pg_advisory_unlock(1919248485, hashtext(right($1, 8)))`,
        [String(left)],
      ),
    )
    await withRehearsal({ ground, id: 'next', schema: null }, async ({ name }) => {
      expect(await rehearsals()).toEqual([name])
    })
  })
})

/** Another process in the middle of a rehearsal; it says the name of its database. */
function holder(adminUrl: string): ChildProcess {
  const program = `
    const { groundAt } = await import(${JSON.stringify(new URL('../testing/ground.ts', import.meta.url).href)})
    const { withRehearsal } = await import(${JSON.stringify(new URL('open-rehearsal.ts', import.meta.url).href)})
    const ground = groundAt(${JSON.stringify(adminUrl)})
    await withRehearsal({ ground, id: 'killed', schema: { sql: 'create table t (id int)' } }, async ({ name, queryable }) => {
      process.stdout.write(name)
      await queryable.query('select pg_sleep(600)')
    })`
  return spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}
