import { connectPool, createDatabase, withDatabase } from '@esa/pg-server'
import type { Pool } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ownServer } from '../../testing/own-server.ts'
import { roleGrants } from './grants.ts'
import { runGuarded } from '../../testing/run-guarded.ts'

const server = ownServer()
let admin: Pool
const roles: Record<string, Pool> = {}

beforeAll(async () => {
  admin = await connectPool(await createDatabase(server.adminUrl, 'granted'))
  await admin.query(`create role shop_owner; create schema sales authorization shop_owner; create schema secret;
    set role shop_owner; create table sales.orders (id int generated always as identity primary key, total int);
    insert into sales.orders (total) values (5); create sequence sales.numbers; reset role;
    create table secret.salaries (who text, amount int); insert into secret.salaries values ('ada', 9)`)
  const { sql } = await roleGrants(admin, ['sales'])
  await admin.query(sql)
  // A second time changes nothing and fails at nothing.
  await admin.query(sql)
  for (const role of ['esa_analyst', 'esa_migrator', 'esa_runtime_app']) {
    await admin.query(`alter role ${role} password 'p'`)
    const url = new URL(withDatabase(server.adminUrl, 'granted'))
    Object.assign(url, { username: role, password: 'p' })
    roles[role] = await connectPool(url.href, { max: 2 })
  }
})

afterAll(async () => {
  for (const pool of [admin, ...Object.values(roles)]) await pool?.end()
})

it('lets each role do its work', async () => {
  const { esa_analyst: analyst, esa_migrator: migrator, esa_runtime_app: app } = roles
  expect((await runGuarded(analyst!, 'select total from sales.orders', { timeoutMs: 1_000 })).rows).toEqual([
    { total: 5 },
  ])
  await analyst!.query(`select query from pg_stat_activity where query <> '<insufficient privilege>'`)
  await app!.query('insert into sales.orders (total) values (6)')
  await app!.query(`update sales.orders set total = 7 where total = 6 and nextval('sales.numbers') > 0`)
  await migrator!.query('set role shop_owner; alter table sales.orders add note text; reset role')
  await migrator!.query('set role shop_owner; create table sales.later (id serial); reset role')
  // What the owner makes later is granted as well.
  await analyst!.query('select * from sales.later')
  // Where sequences stand, the analyst sees; that nextval is refused, the escapes below say.
  await analyst!.query('select last_value from sales.numbers; select last_value from sales.later_id_seq')
  await app!.query('insert into sales.later values (1)')
})

/** What an analyst who has switched off his own time-outs and read-only mode may try. */
const ESCAPES = `select * from secret.salaries
select * from pg_authid
select rolpassword from pg_authid
select * from pg_shadow
select * from pg_user_mapping
insert into sales.orders (total) values (1)
update sales.orders set total = 0
delete from sales.orders
truncate sales.orders
select nextval('sales.numbers')
select setval('sales.numbers', 1)
drop table sales.orders
alter table sales.orders add x int
create table sales.mine (id int)
create table public.mine (id int)
create temp table mine (id int)
create schema mine
create function public.f() returns int security definer language sql as 'select 1'
create function pg_temp.f() returns int language sql as 'select 1'
do $$ begin update sales.orders set total = 0; end $$
set role shop_owner
set role postgres
set session authorization postgres
reset session authorization; set role esa_migrator
grant select on secret.salaries to esa_analyst
grant pg_read_all_data to esa_analyst
grant shop_owner to esa_analyst
alter role esa_analyst superuser
alter role esa_analyst createrole
create role thief
alter system set work_mem = '64MB'
alter database granted set work_mem = '64MB'
alter default privileges for role shop_owner grant all on tables to esa_analyst
copy sales.orders to '/tmp/stolen'
copy (select 1) to program 'true'
copy sales.orders from program 'echo 1'
select pg_read_file('/etc/passwd')
select pg_ls_dir('/')
select lo_import('/etc/passwd')
select lo_export(1, '/tmp/stolen')
select pg_reload_conf()
select pg_terminate_backend(pid) from pg_stat_activity where usename = 'postgres' and pid <> pg_backend_pid()
create extension dblink
create extension pg_trgm
create language plperlu
load '$libdir/../secret'
select * from sales.orders for update
lock table sales.orders in access exclusive mode
refresh materialized view secret.x
create publication p for all tables
create subscription s connection 'dbname=x' publication p
select pg_create_physical_replication_slot('s')
select pg_switch_wal()
select pg_stat_reset()
security label on table sales.orders is 'x'
alter table sales.orders disable row level security
comment on table sales.orders is 'x'
reassign owned by shop_owner to esa_analyst
drop owned by shop_owner`.split('\n')

async function escaped(pool: Pool, attempts: string[]): Promise<string[]> {
  const session = await pool.connect()
  // Its own settings are not a boundary: it may change them.
  await session.query('set default_transaction_read_only = off; set statement_timeout = 0')
  const done: string[] = []
  // Each by itself, outside a transaction: some statements refuse to run inside one, which would hide what they may.
  for (const sql of attempts) {
    const result = await session.query(sql).then(
      (answer) => JSON.stringify(answer.rows ?? 'done'),
      () => null,
    )
    if (result !== null) done.push(`${sql} -> ${result}`)
  }
  session.release()
  return done
}

it('lets the analyst out of nothing', async () => {
  expect(ESCAPES.length).toBeGreaterThanOrEqual(20)
  expect(await escaped(roles['esa_analyst']!, ESCAPES)).toEqual([])
})

it('keeps the others from what is not theirs', async () => {
  const app = ESCAPES.filter(
    (sql) => !/^(?:insert|update|delete|lock|select (?:nextval|\* from sales)|do )/.test(sql),
  )
  expect(await escaped(roles['esa_runtime_app']!, app)).toEqual([])
  const migrator = [
    'select * from secret.salaries',
    'select * from pg_authid',
    'alter role esa_migrator superuser',
    'set role postgres',
    'set role esa_analyst',
    'create table public.mine (id int)',
    `alter system set work_mem = '64MB'`,
    `copy sales.orders to program 'true'`,
    `select pg_read_file('/etc/passwd')`,
    'grant pg_read_all_data to esa_migrator',
    'create role thief',
    'drop schema secret cascade',
  ]
  expect(await escaped(roles['esa_migrator']!, migrator)).toEqual([])
})

it('names what it cannot grant', async () => {
  await expect(roleGrants(admin, ['nowhere'])).rejects.toMatchObject({
    code: 'usage.schemas',
    hint: expect.stringContaining('sales'),
  })
  await expect(roleGrants(admin, ['pg_catalog'])).rejects.toMatchObject({ code: 'usage.schemas' })
  expect((await roleGrants(admin, [])).sql).not.toMatch(/GRANT pg_read_all_data|GRANT postgres/)
})
