import type { Pool } from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import { groundAt } from '@esa/database-sandbox/testing'
import type { Verdict } from './judge.ts'
import { type LintOptions, lintScripts } from './lint-scripts.ts'
import { readScript } from './read-script.ts'

const SCHEMA = `
create table people (id bigint generated always as identity primary key, email text not null unique, age int not null default 3,
  nick text not null default 'x', parent bigint not null references people (id) deferrable initially deferred, free int not null);
create sequence numbers; create table lines (id bigint primary key default nextval('numbers'), n int);
create view adults as select id, age from people where age > 17;
create function greet() returns text language sql as 'select nick from people limit 1';
create type mood as enum ('ok');
`

describe('the lint', () => {
  const server = ownServer()
  let target: Pool
  beforeAll(async () => {
    target = await server.database('shop', SCHEMA)
  })
  const lint = async (sql: string, more: Partial<LintOptions> = {}): Promise<Verdict[]> => {
    const script = await readScript('a.sql', Buffer.from(sql))
    const ground = groundAt(server.adminUrl)
    const options = { ground, schema: { sql: SCHEMA }, independent: false, sizes: new Map(), ...more }
    return (await lintScripts([script], options)).statements
  }
  const degrees = ([verdict]: Verdict[]): string[] =>
    verdict!.findings.map(({ rule, severity }) => `${severity} ${rule}`)
  const rules = (verdicts: Verdict[]): string[][] =>
    verdicts.map(({ findings }) => findings.map(({ rule }) => rule))

  it.each([
    ['alter table people alter column age drop default', 'age'],
    ['alter table people alter column id drop identity', 'id'],
    ['drop sequence numbers cascade', 'id'],
    ['do $$ begin alter table people alter column nick drop default; end $$', 'nick'],
  ])('warns that inserts fail: %s', async (sql, column) => {
    const [verdict] = await lint(sql)
    const found = verdict!.findings.find(({ rule }) => rule === 'default-lost')
    expect(found).toMatchObject({
      severity: 'warning',
      message: expect.stringMatching(`out fail from then on`),
    })
    expect(found!.message).toContain(`leave ${column} of`)
    expect(verdict!.findings.map(({ rule }) => rule)).not.toContain('default-changed')
  })

  it('has only a hint where an insert still comes in', async () => {
    expect(degrees(await lint('alter table lines alter column n drop default'))).toContain(
      'info default-changed',
    )
    expect(degrees(await lint('alter table people alter column age set default 4'))).not.toContain(
      'warning default-lost',
    )
  })

  it.each([
    ['email', 'unique index'],
    ['age', 'view adults'],
    ['parent', 'foreign key people_parent_fkey'],
    ['nick', 'function greet()'],
  ])('names what in the database relies on a column that loses NOT NULL: %s', async (column, by) => {
    const [verdict] = await lint(`alter table people alter column ${column} drop not null`)
    const found = verdict!.findings.find(({ rule }) => rule === 'not-null-dropped')
    expect(found).toMatchObject({ severity: 'warning' })
    expect(found!.message).toContain(by)
  })

  it('warns of DROP NOT NULL where only the application relies on it', async () => {
    const found = degrees(await lint('alter table people alter column free drop not null'))
    expect(found).toContain('warning not-null-dropped')
  })

  it.each(['', ' where true', ' where 1 = 1', " where 'a' = 'a' or id = 5"])(
    'takes all rows for all rows, and the more of them the worse: %s',
    async (where) => {
      const of = (rows: number, bytes: number) => ({ sizes: new Map([['public.people', { rows, bytes }]]) })
      const update = `update people set nick = 'y'${where}`
      expect(degrees(await lint(update))).toContain('warning update-without-where')
      expect(degrees(await lint(update, of(5_000_000, 400_000_000)))).toContain('error update-without-where')
      expect(degrees(await lint(update, of(900, 80_000)))).toContain('info update-without-where')
      const [verdict] = await lint(`delete from people${where}`, of(5_000_000, 400_000_000))
      const found = verdict!.findings.find(({ rule }) => rule === 'delete-without-where')
      expect(found).toMatchObject({ severity: 'error', message: expect.stringContaining('5,000,000 rows') })
      expect(found!.fix).toContain('batches')
    },
  )

  it.each([
    'update people set age = 1 where age > 5',
    'delete from people using lines where lines.id = people.id',
    'delete from people where id in (select id from lines)',
  ])('leaves alone what names its rows: %s', async (sql) => {
    expect(rules(await lint(sql))[0]).not.toContain(`${sql.slice(0, 6)}-without-where`)
  })

  it('refuses outside a transaction what PostgreSQL refuses', async () => {
    const sql = 'lock table people in share mode;\ndeclare c cursor for select 1;'
    for (const verdict of await lint(sql)) {
      expect(verdict).toMatchObject({ locks: [] })
      const found = verdict.findings.find(({ rule }) => rule === 'execution-failed')
      expect(found).toMatchObject({
        message: expect.stringContaining('can only be used in transaction blocks'),
      })
      expect(found!.fix).toContain('--assume-in-transaction')
    }
    const inside = await lint(`begin; ${sql} fetch c; commit;`)
    expect(rules(inside).flat()).not.toContain('execution-failed')
    expect(inside[1]).toMatchObject({ locks: [{ relation: 'public.people', mode: 'ShareLock' }] })
    expect(rules(await lint('declare c cursor with hold for select 1; fetch c;')).flat()).not.toContain(
      'execution-failed',
    )
  })

  it('says of SET LOCAL outside a transaction that it has no effect, and does not count on it', async () => {
    const [set, alter] = await lint("set local lock_timeout = '2s'; alter table people add column a int;")
    expect(degrees([set!])).toEqual(['warning setting-without-effect'])
    expect(degrees([alter!])).toContain('info lock-timeout-missing')
    const within = await lint(
      "begin; set local lock_timeout = '2s'; alter table people add column a int; commit;",
    )
    expect(rules(within).flat()).not.toContain('setting-without-effect')
    expect(rules(within).flat()).not.toContain('lock-timeout-missing')
    expect(degrees(await lint('set transaction read only'))).toEqual(['warning setting-without-effect'])
    expect(degrees(await lint('set constraints all immediate'))).toEqual(['warning setting-without-effect'])
  })

  it('takes a file as wrapped in a transaction with the option', async () => {
    const wrapped = { assumeInTransaction: true }
    const sql = `set local lock_timeout = '2s'; lock table people in share mode; create index concurrently on people (age);
      alter table people add column a int; update people set a = 1 where id > 3;`
    const found = rules(await lint(sql, wrapped))
    expect(found[0]).toEqual([])
    expect(found[1]).not.toContain('execution-failed')
    expect(found[2]).toEqual(expect.arrayContaining(['execution-failed', 'concurrently-in-transaction']))
    expect(found[3]).not.toContain('not-repeatable')
    expect(found[4]).toContain('backfill-under-lock')
    expect(rules(await lint('begin; select 1; commit;', wrapped))[0]).toEqual(['transaction-nested'])
    expect(
      rules(await lint('create table a (i int); create table b (i int);', wrapped)).flat(),
    ).not.toContain('not-repeatable')
  })

  it('finds what fails at the end of a wrapped file', async () => {
    const sql = `insert into people (email, parent, free) values ('a', 77, 1);`
    const [verdict] = await lint(sql, { assumeInTransaction: true })
    expect(verdict!.findings[0]).toMatchObject({
      rule: 'execution-failed',
      message: expect.stringMatching(/foreign key/),
    })
  })

  it.each([
    'reindex database shop',
    'reindex (verbose) database concurrently shop',
    'reindex system shop',
    'grant connect on database shop to public',
    `comment on database shop is 'ours'`,
  ])('tries on the copy what names the database itself: %s', async (sql) => {
    for (const more of [{}, { schema: { from: target } }]) {
      const [verdict] = await lint(sql, more)
      expect(verdict!.findings.map(({ rule }) => rule)).not.toContain('execution-failed')
      expect(verdict!.text).toBe(sql)
    }
  })

  it('judges what names another database as PostgreSQL would', async () => {
    const more = { schema: { from: target } }
    expect(rules(await lint('reindex database shops', more))[0]).toContain('execution-failed')
    expect((await lint('grant connect on database shops to public', more))[0]).toMatchObject({
      method: 'parsed',
    })
    expect((await lint('alter database shop rename to shops', more))[0]).toMatchObject({ method: 'parsed' })
    expect((await lint('alter database shop owner to current_user', more))[0]).toMatchObject({
      method: 'parsed',
    })
  })

  it('gives no fix for REINDEX SYSTEM that PostgreSQL refuses', async () => {
    const [verdict] = await lint('reindex system shop')
    const found = verdict!.findings.find(({ rule }) => rule === 'reindex-not-concurrently')
    expect(found).toMatchObject({ message: expect.stringContaining('catalogs') })
    expect(found!.fix).not.toMatch(/concurrently shop/i)
    expect(verdict!.locks).toEqual([])
    const [database] = await lint('reindex database shop')
    const fix = database!.findings.find(({ rule }) => rule === 'reindex-not-concurrently')!.fix!
    expect(rules(await lint(fix))[0]).not.toContain('execution-failed')
  })

  it.each([
    'create table a (i int)',
    'create index more on people (age)',
    'create unique index concurrently more on lines (n)',
    'alter table people add column a int',
    'alter table people add constraint a check (age > 0)',
    'drop table lines',
    'alter table people drop column age cascade',
    'alter table people drop constraint people_email_key',
    'alter table lines rename to rows',
    'alter table people rename column age to years',
    'create view v as select 1',
    "create type t as enum ('a')",
    "alter type mood add value 'bad'",
    'create schema s',
    'create sequence q',
    'create domain d as int',
    'create role someone',
    "create function f() returns int language sql as 'select 1'",
    'create policy p on people',
    'alter table people rename constraint people_email_key to k',
    "alter type mood rename value 'ok' to 'fine'",
    'create extension pg_trgm',
    'alter sequence numbers rename to others',
  ])('finds that a second run fails: %s', async (sql) => {
    expect(rules(await lint(`${sql}; select 1;`))[0]).toContain('not-repeatable')
  })

  it.each([
    'create table if not exists a (i int)',
    'create index on people (age)',
    'alter table people add column if not exists a int',
    'drop table if exists nothing',
    'alter table people alter column age set default 5',
    'create or replace view v as select 1',
    'create temp table a (i int)',
    'create temp table a as select 1',
    'create temp table a (i int); alter table a add column b int; create index x on a (b); drop table a',
    'create temp view a as select 1',
    'drop policy if exists p on people; create policy p on people',
    'alter table people drop constraint if exists c; alter table people add constraint c check (age > 0)',
    "alter type mood add value if not exists 'bad'",
    'drop role if exists someone',
    "comment on table people is 'x'",
    'alter table people enable row level security',
    'grant select on people to public',
  ])('finds nothing against a second run: %s', async (sql) => {
    expect(rules(await lint(`${sql}; select 1;`)).flat()).not.toContain('not-repeatable')
  })
})
