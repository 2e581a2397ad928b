import { statSync } from 'node:fs'
import { connectPool, embeddedServerStatus, withDatabase } from '@esa/pg-server'
import { hasOtherPostgres, startOtherPostgres } from '@esa/pg-server/testing'
import type { Pool } from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { ownServer, meetTerms, type ReadTerms, runGuarded } from '@esa/database-catalog/testing'
import { onOneSession, type Queryable, inReadOnly } from '@esa/database-catalog/sql'
import { roleOf } from '@esa/database-catalog/guard'
import { tableFacts } from './rewrite/table-facts.ts'

const server = ownServer()
let admin: Pool
let logFile: string

beforeAll(async () => {
  ;({ logFile } = await embeddedServerStatus({ home: server.home }))
  admin = await server.database(
    'shop',
    `create schema sales; create table sales.orders (id int, note text); insert into sales.orders values (1, 'n');
    create role plain login password 'p'; grant usage on schema sales to plain; grant select on sales.orders to plain`,
  )
})

async function as(role: string): Promise<Pool> {
  const url = new URL(withDatabase(server.adminUrl, 'shop'))
  Object.assign(url, { username: role, password: 'p' })
  return server.connect(url.href)
}

const warned: string[] = []
const terms = (caller: ReadTerms['caller'], more: Partial<ReadTerms> = {}): ReadTerms => ({
  caller,
  allowOwner: false,
  guardLog: 'warn',
  warn: ({ code }) => void warned.push(code),
  ...more,
})

/** A session, and what was sent on it. */
function heard(session: Queryable): { queryable: Queryable; sent: string[] } {
  const sent: string[] = []
  const query: Queryable['query'] = (statement, values) => {
    sent.push(typeof statement === 'string' ? statement : statement.text)
    return session.query(statement, values)
  }
  const { on, removeListener } = session as never as { on: object; removeListener: object }
  return {
    queryable: Object.assign(Object.create(session) as Queryable, { query, on, removeListener }),
    sent,
  }
}

const READ = 'select note from sales.orders where id = 1'
const run = (queryable: Queryable, of: ReadTerms, sql = READ) =>
  runGuarded(queryable, sql, { timeoutMs: 5_000, terms: of })

describe('a foreign statement', () => {
  it.each<[who: string, attributes: string, sql: string, why: string]>([
    ['a superuser', 'superuser', '', 'is a superuser'],
    ['a member of a superuser', '', 'create role boss superuser; grant boss to ROLE', 'boss, a superuser'],
    ['one that makes roles', 'createrole', '', 'make roles'],
    ['one that replicates', 'replication', '', 'replicate'],
    [
      'an owner of a table',
      '',
      'create table owned (a int); alter table owned owner to ROLE',
      'table public.owned',
    ],
    ['an owner of a schema', '', 'create schema theirs authorization ROLE', 'schema theirs'],
    [
      'an owner of a function',
      '',
      `create function f() returns int language sql as 'select 1'; alter function f() owner to ROLE`,
      'function public.f()',
    ],
    ['the owner of the database', '', 'alter database shop owner to ROLE', 'database shop'],
    [
      'a member of an owner',
      'noinherit',
      'create role keeper; create schema kept authorization keeper; grant keeper to ROLE',
      'schema kept',
    ],
    ...[
      'pg_read_server_files',
      'pg_write_server_files',
      'pg_execute_server_program',
      'pg_signal_backend',
      'pg_write_all_data',
    ].map((name): [string, string, string, string] => [
      `a member of ${name}`,
      '',
      `grant ${name} to ROLE`,
      name,
    ]),
    [
      'a member of a member, which inherits nothing',
      'noinherit',
      'create role mid noinherit; grant pg_read_server_files to mid; grant mid to ROLE',
      'pg_read_server_files',
    ],
  ])('is not read by %s', async (_, attributes, sql, why) => {
    const role = `strong_${String(Math.abs(hash(why + attributes)))}`
    await admin.query(`create role ${role} login password 'p' ${attributes}`)
    if (sql !== '') await admin.query(sql.replaceAll('ROLE', role))
    const pool = await as(role)
    const outcome = await onOneSession(pool, async (session) => {
      const { queryable, sent } = heard(session)
      const error: unknown = await run(queryable, terms('foreign')).catch((cause: unknown) => cause)
      return { error, sent }
    })
    await admin.query(`alter database shop owner to postgres; alter role ${role} nologin`)
    expect(outcome.error).toMatchObject({
      code: 'sql.role-too-strong',
      kind: 'terminal',
      message: expect.stringContaining(why),
      hint: expect.stringContaining('GRANT SELECT ON ALL TABLES IN SCHEMA "sales" TO esa_analyst;'),
    })
    // Nothing of it went to the server.
    expect(outcome.sent.join(' ')).not.toMatch(/note|prepare/i)
  })

  it('is read by a role that only reads, and by a strong one where its operator allows that', async () => {
    expect((await run(await as('plain'), terms('foreign'))).rows).toEqual([{ note: 'n' }])
    expect((await run(admin, terms('foreign', { allowOwner: true }))).rows).toEqual([{ note: 'n' }])
    expect((await run(admin, terms('workload'))).rows).toEqual([{ note: 'n' }])
  })

  it('is read by the role that the refusal tells how to make', async () => {
    const refused = (await run(admin, terms('foreign')).catch((error: unknown) => error)) as { hint: string }
    const sql = refused.hint.slice(refused.hint.indexOf('\n'))
    await admin.query(sql)
    // A second time changes nothing and fails at nothing.
    await admin.query(sql)
    await admin.query(`alter role esa_analyst password 'p'; create table sales.later (a int)`)
    const analyst = await as('esa_analyst')
    expect((await run(analyst, terms('foreign', { guardLog: 'never' }))).rows).toEqual([{ note: 'n' }])
    expect((await run(analyst, terms('foreign'), 'select count(*)::int as n from sales.later')).rows).toEqual(
      [{ n: 0 }],
    )
  })
})

describe('on the command line, a strong role', () => {
  it('is laid aside where it can be, for that transaction', async () => {
    warned.length = 0
    expect((await run(admin, terms('host'), 'select current_user::text as who')).rows).toEqual([
      { who: 'pg_read_all_data' },
    ])
    expect(warned).toEqual(['sql.strong-role'])
    expect((await admin.query('select current_user::text as who')).rows).toEqual([{ who: 'postgres' }])
    // Behind the guard, the server itself refuses files.
    const file = inReadOnly(admin, 5_000, async (session) => {
      await meetTerms(session, terms('host'))
      return session.query(`select pg_read_file('PG_VERSION')`)
    })
    await expect(file).rejects.toMatchObject({ code: 'database.permission' })
  })

  it('reads as itself where it cannot, and that is said', async () => {
    await admin.query(`create role maker login password 'p'; create schema made authorization maker`)
    warned.length = 0
    const maker = await as('maker')
    expect((await run(maker, terms('host'), 'select current_user::text as who')).rows).toEqual([
      { who: 'maker' },
    ])
    expect(warned).toContain('sql.strong-role')
    warned.length = 0
    await run(await as('plain'), terms('host'))
    expect(warned).not.toContain('sql.strong-role')
  })
})

it.runIf(hasOtherPostgres())('is judged and laid aside on another major, too', async () => {
  const other = await startOtherPostgres()
  try {
    const pool = await connectPool(other.url)
    const refused = (await run(pool, terms('foreign'), 'select 1').catch((error: unknown) => error)) as {
      code: string
      hint: string
    }
    expect(refused.code).toBe('sql.role-too-strong')
    await pool.query(`${refused.hint.slice(refused.hint.indexOf('\n'))}; alter role esa_analyst password 'p'`)
    const url = Object.assign(new URL(other.url), { username: 'esa_analyst', password: 'p' })
    const analyst = await connectPool(url.href)
    const who = 'select current_user::text as who'
    expect((await run(analyst, terms('foreign', { guardLog: 'never' }), who)).rows).toEqual([
      { who: 'esa_analyst' },
    ])
    expect((await run(pool, terms('host'), who)).rows).toEqual([{ who: 'pg_read_all_data' }])
    await Promise.all([pool.end(), analyst.end()])
  } finally {
    await other.close()
  }
})

it('calls nothing that users put in the place of the server’s own', async () => {
  const planted = await server.database('planted')
  const traps = [
    'quote_ident(text) returns text',
    'quote_ident(name) returns text',
    'set_config(text, text, boolean) returns text',
    'current_setting(text) returns text',
    'current_database() returns name',
    'pg_backend_pid() returns int',
    'transaction_timestamp() returns timestamptz',
    'pg_describe_object(oid, oid, int) returns text',
    'pg_has_role(oid, oid, text) returns boolean',
    'has_parameter_privilege(text, text) returns boolean',
  ]
  for (const [nth, trap] of traps.entries())
    await planted.query(
      `create function public.${trap} language plpgsql as $$ begin perform pg_catalog.pg_advisory_lock(${nth}); return null; end $$`,
    )
  for (const type of ['name', 'oid', '"char"', 'text'])
    await planted.query(`create function public.same(${type}, ${type}) returns boolean language plpgsql
      as $$ begin perform pg_catalog.pg_advisory_lock(99); return true; end $$;
      create operator public.= (leftarg = ${type}, rightarg = ${type}, function = public.same)`)
  await planted.query('alter database planted set search_path = public, pg_catalog')
  const url = withDatabase(server.adminUrl, 'planted')
  const locks = async (): Promise<unknown> =>
    (await admin.query(`select count(*)::int as n from pg_locks where locktype = 'advisory'`)).rows[0].n
  // Where a query of ours goes by the search path, it does call them.
  const naked = await server.connect(url)
  await naked.query('select quote_ident(datname) from pg_database')
  expect(await locks()).toBe(1)
  await naked.query('select pg_advisory_unlock_all()')
  const pool = await server.connect(url)
  const met = (of: ReadTerms) => inReadOnly(pool, 5_000, (session) => meetTerms(session, of))
  await expect(met(terms('foreign'))).rejects.toMatchObject({ code: 'sql.role-too-strong' })
  await met(terms('host'))
  expect((await roleOf(pool, 5_000)).strengths).toEqual(['it is a superuser'])
  await planted.query('create table public.t (a int primary key)')
  const facts = await inReadOnly(pool, 5_000, (session) => tableFacts(session, ['t']))
  expect(facts).toMatchObject([{ name: 't', columns: [{ name: 'a', type: 'integer' }] }])
  expect(await locks()).toBe(0)
})

describe('the log of the server', () => {
  const SECRET = `select note from sales.orders where note = 'a secret constant'`
  const logged = async (work: () => Promise<unknown>): Promise<{ bytes: number; error: unknown }> => {
    const before = statSync(logFile).size
    const error: unknown = await work().then(
      () => undefined,
      (cause: unknown) => cause,
    )
    return { bytes: statSync(logFile).size - before, error }
  }

  it('gets nothing where the role may set what is logged', async () => {
    await admin.query(`create role quiet login password 'p'; grant usage on schema sales to quiet;
      grant select on sales.orders to quiet; grant set on parameter log_min_messages to quiet`)
    const quiet = await as('quiet')
    await quiet.query('select 1')
    warned.length = 0
    expect(await logged(() => run(quiet, terms('foreign'), SECRET))).toEqual({ bytes: 0, error: undefined })
    // A superuser that was laid aside included.
    expect(await logged(() => run(admin, terms('host'), SECRET))).toEqual({ bytes: 0, error: undefined })
    expect(warned).not.toContain('sql.logged')
  })

  it('gets the statement where it may not, which is said, or refused where the target says never', async () => {
    const plain = await as('plain')
    await plain.query('select 1')
    warned.length = 0
    const { bytes, error } = await logged(() => run(plain, terms('foreign'), SECRET))
    expect(error).toBeUndefined()
    expect(bytes).toBeGreaterThan(500)
    expect(warned).toEqual(['sql.logged'])
    for (const caller of ['foreign', 'host', 'workload'] as const) {
      const never = await logged(() => run(plain, terms(caller, { guardLog: 'never' }), SECRET))
      expect(never).toMatchObject({ bytes: 0, error: { code: 'sql.logged', kind: 'terminal' } })
    }
  })
})

function hash(text: string): number {
  let sum = 0
  for (const character of text) sum = (sum * 31 + character.charCodeAt(0)) | 0
  return sum
}
