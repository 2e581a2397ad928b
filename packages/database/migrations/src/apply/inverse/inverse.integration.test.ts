import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import { rollBackMigrations } from '../rollback.ts'
import { Shop } from '../../../testing/shop.ts'

const server = ownServer()
let shop: Shop

beforeEach(async () => {
  shop = await Shop.open(server)
})
afterEach(() => shop.pool.end())

/** Applies what a copy has shown to lose nothing, and goes back. */
async function thereAndBack(sql: string): Promise<void> {
  await shop.apply(sql, { verified: { state: 'verified', why: 'on a copy' } })
  await rollBackMigrations(shop.ports())
}

const NOT_REVERSIBLE = { code: 'migration.not-reversible' }

describe('the way back of a change of type', () => {
  const values = `select string_agg(format('%s %s %s', c, at, total), ', ') from e`

  beforeEach(async () => {
    await shop.pool
      .query(`create table e (c text, at timestamp, total numeric(12, 2), code varchar(20) collate "C");
      insert into e values ('Y', '2026-07-01 12:00', 19.99, 'b')`)
  })

  it.each([
    ['computes', 'alter table e alter total type bigint using (round(total * 100))::bigint'],
    ['gives a time its zone', `alter table e alter at type timestamptz using at at time zone 'UTC'`],
    ['reads a time in the zone of the session', 'alter table e alter at type timestamptz'],
    ['makes a boolean of two words', `alter table e alter c type boolean using c = 'Y'`],
    ['casts words to a boolean', `alter table e alter c type boolean using c::boolean`],
    ['takes the values of another column', 'alter table e alter c type text using code'],
    ['casts to a third type first', 'alter table e alter total type text using total::int'],
  ])('is none where it %s', async (_, sql) => {
    await expect(thereAndBack(sql)).rejects.toMatchObject(NOT_REVERSIBLE)
  })

  it('gives back the values, and the order of texts', async () => {
    const before = await shop.one(values)
    await thereAndBack('alter table e alter code type text, alter total type numeric using total::numeric')
    expect(await shop.one(values)).toBe(before)
    expect(
      await shop.one(
        `select collation_name || ' ' || character_maximum_length from information_schema.columns where column_name = 'code'`,
      ),
    ).toBe('C 20')
  })

  it('cuts no text that was written since', async () => {
    await shop.apply('alter table e alter code type text')
    await shop.pool.query(`update e set code = repeat('x', 21)`)
    await expect(rollBackMigrations(shop.ports())).rejects.toMatchObject({ code: 'migration.step-failed' })
    expect(await shop.one('select length(code) from e')).toBe(21)
  })
})

describe('the way back of DROP VIEW', () => {
  const security = `select c.reloptions::text || ' ' || c.relowner::regrole || ' ' || c.relacl::text || ' ' || obj_description(c.oid)
    from pg_class c where relname = 'mine'`

  it('gives back its options, owner, rights and words', async () => {
    await shop.pool
      .query(`create role ${shop.name}_reader; create role ${shop.name}_owner; create role ${shop.name}_other;
      create view mine with (security_invoker, security_barrier) as select * from orders where id > 7 with local check option;
      alter view mine alter note set default 'x'; comment on view mine is 'it''s mine'; alter view mine owner to ${shop.name}_owner;
      grant select, insert on mine to ${shop.name}_reader with grant option; grant all on orders to ${shop.name}_owner;
      alter default privileges grant select on tables to ${shop.name}_other, public`)
    const before = await shop.one(security)
    await thereAndBack('drop view mine')
    expect(await shop.one(security)).toBe(before)
    await shop.pool.query('insert into mine (id) values (501)')
    expect(await shop.one('select note from orders where id = 501')).toBe('x')
  })

  it.each([
    ['rights of a column', 'grant select (id) on mine to public'],
    ['a rule', 'create rule quiet as on delete to mine do instead nothing'],
    [
      'a trigger',
      `create function f() returns trigger language plpgsql as 'begin return new; end';
       create trigger t instead of insert on mine for each row execute function f()`,
    ],
  ])('is none where it has %s', async (_, more) => {
    await shop.pool.query(`create view mine as select * from orders; ${more}`)
    await expect(thereAndBack('drop view mine')).rejects.toMatchObject(NOT_REVERSIBLE)
  })
})

describe('names without a schema', () => {
  it('mean on the way back what they meant before', async () => {
    await shop.pool
      .query(`create schema app; create type app.mood as enum ('sad'); create type mood as enum ('odd');
      create table app.owners (id int primary key); create table owners (id int primary key);
      create table app.pets (id int, owner int constraint pets_owner references app.owners, mood app.mood default 'sad');
      create view app.v as select * from app.pets`)
    const shape = `select string_agg(pg_get_constraintdef(oid), ' ') || format_type('app.mood'::regtype, null) || (select count(*) from app.v)
      from pg_constraint where conname = 'pets_owner'`
    const before = await shop.one(shape)
    await thereAndBack(`set search_path = app; drop view v; create type size as enum ('s');
      alter table pets drop constraint pets_owner, alter mood drop default, alter mood type text`)
    expect(await shop.one(shape)).toBe(before)
    expect(await shop.one(`select to_regtype('app.size')::text`)).toBeNull()
    expect(
      await shop.one(`select format_type(atttypid, null) || pg_get_expr(adbin, adrelid) from pg_attribute
        join pg_attrdef on adrelid = attrelid and adnum = attnum where attrelid = 'app.pets'::regclass and attname = 'mood'`),
    ).toBe(`app.mood'sad'::app.mood`)
  })

  it('mean on the way back what was made, and not what had the name before', async () => {
    await shop.pool.query('create schema app; create view v as select 1 as one; create sequence s')
    await thereAndBack(
      'set search_path = app, public; create table orders (i int); create view v as select 2 as two; create sequence s',
    )
    expect(await shop.one('select count(*)::int from public.orders')).toBe(500)
    const left = `select string_agg(relnamespace::regnamespace || '.' || relname, ' ' order by relname) from pg_class where relname in ('orders', 'v', 's')`
    expect(await shop.one(left)).toBe('public.orders public.s public.v')
  })

  it('mean in a block what was made in it', async () => {
    await shop.pool.query('create schema app; alter table orders add a int default 7')
    await thereAndBack(`set search_path = app, public; begin; create table orders (i int); alter table orders add a int;
      create index orders_a on orders (a); alter table orders rename to fewer; alter table fewer add b int; commit`)
    expect(await shop.one('select sum(a)::int from public.orders')).toBe(3500)
    expect(await shop.one(`select to_regclass('app.fewer')`)).toBeNull()
  })

  it('mean a temporary table in its block alone', async () => {
    const block = `begin; create temp table orders (id int, note text); alter table orders add a int; insert into orders values (1); commit`
    await thereAndBack(block)
    expect(await shop.one('select count(*)::int from public.orders')).toBe(500)
    await expect(thereAndBack(`${block}; update orders set note = 'x'`)).rejects.toMatchObject(NOT_REVERSIBLE)
  })

  it('in a block that looks for them elsewhere have no way back', async () => {
    await shop.pool.query('create schema app; create table owners (i int)')
    const sql = 'begin; set search_path = app; create table owners (i int); commit'
    await expect(thereAndBack(sql)).rejects.toMatchObject(NOT_REVERSIBLE)
  })
})

describe('rows that were written', () => {
  beforeEach(() =>
    shop.pool
      .query(`create schema archive; create function wipe() returns int language sql as 'delete from orders; select 1';
      create table seen (id int); create function see() returns trigger language plpgsql as 'begin insert into seen values (1); return new; end'`),
  )

  it.each([
    [
      'go into a table of another schema',
      'create table archive.orders (like orders); update orders set note = $$old$$',
    ],
    [
      'go into a table of another schema as well',
      'create table fresh (i int); insert into archive.fresh values (1)',
    ],
    [
      'were moved out of one that stays',
      `create table arch (like orders); with m as (delete from orders where id < 100 returning *) insert into arch select * from m`,
    ],
    ['come of a function that does more', 'create table arch (i int); insert into arch select wipe()'],
    [
      'mean another table, as the path is another',
      `create table archive.orders (like orders); set search_path = archive; create table new (i int);
       set search_path = public; insert into new values (1)`,
    ],
    [
      'mean another table, which was renamed',
      'create table fresh (like orders); alter table fresh rename to other; alter table orders rename to fresh; update fresh set note = $$old$$ where id > 0',
    ],
    [
      'mean another column, which was renamed',
      'alter table orders add a text; alter table orders rename a to b; alter table orders rename note to a; update orders set a = $$old$$ where id > 0',
    ],
    [
      'come before what is made under their name',
      `begin; update orders set note = 'old' where id > 0; alter table orders rename to gone; create table orders (id int, note text); commit`,
    ],
    [
      'are heard by a trigger',
      `alter table orders add a int; begin; update orders set a = 1 where id < 9; commit`,
    ],
  ])('are not undone where they %s', async (why, sql) => {
    await shop.pool.query('create table archive.fresh (i int); create table if not exists new (i int)')
    if (why.includes('trigger'))
      await shop.pool.query('create trigger t after update on orders for each row execute function see()')
    await expect(thereAndBack(sql)).rejects.toMatchObject(NOT_REVERSIBLE)
  })

  it('go with the table or the column that holds them', async () => {
    const digest = `select md5(string_agg(o::text, ',' order by id)) from orders o`
    const before = await shop.one(digest)
    await thereAndBack(`create table archive.old (like orders); insert into archive.old select id, lower(note) from orders;
      alter table orders add a int; update orders set a = length(note) where id > 0; create table more (i int);
      alter table more rename to fewer; insert into fewer values (1)`)
    expect(await shop.one(digest)).toBe(before)
    expect(await shop.one(`select to_regclass('fewer')::text`)).toBeNull()
  })
})
