import { connectPool, createDatabase } from '@esa/pg-server'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { onOneSession, parseScript } from '@esa/database-catalog/sql'
import { ownServer, bothMajors } from '@esa/database-catalog/testing'
import { nothingMade, type Opaque, opaqueReasons } from './opaque.ts'

/** A function that nothing vouches for, reached by a cast, a domain, an operator, a type, a default, an index, a trigger. */
const SCHEMA = `
create table audit (id int, what text);
insert into audit select g, 'row ' || g from generate_series(1, 20) g;
create function wipe() returns int language plpgsql as $$ begin delete from audit; return 1; end $$;
create type pair as (a int, b int);
create function to_int(pair) returns int language sql as 'select wipe()';
create cast (pair as int) with function to_int(pair) as assignment;
create function from_int(int) returns pair language sql as 'select wipe(), 1';
create cast (int as pair) with function from_int(int) as implicit;
create domain wiped as int check (wipe() = 1 and value > 0);
create domain wipe_text as text check (wipe() = 1);
create function wipes(int, int) returns int language sql as 'select wipe()';
create operator @#@ (leftarg = int, rightarg = int, function = wipes);
create function whole(audit) returns int language sql as 'select wipe()';
create function steady(i int) returns int immutable language plpgsql as $$ begin perform wipe(); return i; end $$;
create table held (id int, d wiped, p pair);
create table by_default (id int, n int default wipe(), t text);
create table indexed (id int);
create index on indexed (steady(id));
create table checked (id int check (steady(id) > 0));
create table heard (id int);
create function hearing() returns trigger language plpgsql as $$ begin perform wipe(); return new; end $$;
create trigger t after insert on heard for each row execute function hearing();
create view calling as select id, 1 @#@ id as called from audit;
create type mood as enum ('glad', 'sad');
create domain positive as int check (value > 0);
create table plain (id int generated always as identity primary key, mood mood default 'glad', n numeric(9, 2) check (n > 0),
  email text, tags text[], at timestamptz default now(), size positive, key uuid default gen_random_uuid(), seq serial);
create unique index on plain (lower(email)) where email is not null;
create view shown as select id, email from plain where n > 1;`

/** Each would call wipe(), without the name of a function in it. */
const HIDDEN = [
  'insert into audit (id) select row(1, 2)::pair',
  'insert into audit (id) values (row(1, 2)::pair)',
  'update audit set id = row(1, 2)::pair',
  'update held set p = 3',
  'insert into held (p) values (3)',
  'insert into held (d) values (1)',
  'insert into held (id) values (1)',
  'update held set d = 1',
  `select '1'::wiped`,
  `insert into audit select 1, 'x'::wipe_text`,
  `create table made as select 1::wiped`,
  'create table made as select 1 @#@ 2',
  'select 1 @#@ 2 into made',
  'create materialized view made as select * from calling',
  'update audit set what = $$x$$ where id @#@ 1 = 1',
  'delete from audit where id @#@ 1 = 1',
  'with u as (update audit set id = 1 where id @#@ 1 = 1 returning id) select * from u',
  'merge into audit a using plain p on p.id = a.id when matched and a.id @#@ 1 = 1 then delete',
  'insert into plain (id, n) overriding system value values (1, 1) on conflict (id) do update set n = 1 @#@ 2',
  'create table made as select (a).whole from audit a',
  'explain analyze select (a).whole from audit a',
  'insert into by_default (id) values (1)',
  'insert into by_default (id, t) values (1, default)',
  'insert into indexed values (1)',
  'insert into checked values (1)',
  'insert into heard values (1)',
  'insert into audit select id from calling',
  'alter table audit add d wiped',
  'alter table audit add d int default 1 @#@ 2',
  'alter table audit add d int check (id @#@ 1 = 1)',
  'alter table audit alter id type wiped',
  'alter table audit alter id type int using id @#@ 1',
  'alter table held alter p type int',
  'alter table audit alter id type pair',
  'alter table indexed alter id type bigint',
  'alter table checked add x int default 1',
  'alter table audit add constraint c check (id @#@ 1 = 1)',
  'create index on audit ((id @#@ 1))',
  'create index on audit (id) where id @#@ 1 = 1',
]

const HARMLESS = [
  `insert into plain (n, email, tags) values (1, 'a@b', array['x']), (2.5, lower('C@D'), '{y}')`,
  `insert into plain (n, email) select g, 'm' || g from generate_series(1, 3) g on conflict do nothing`,
  `insert into plain (n) values (1) on conflict (id) do update set n = excluded.n, mood = 'sad' returning id`,
  `update plain set email = trim(email), mood = 'sad'::mood, n = round(n * 1.1, 2), size = 3 where tags && array['x'] and at < now()`,
  'update shown set email = upper(email) where id in (select id from audit)',
  'update plain p set email = a.what from audit a where a.id = p.id',
  'delete from plain where id > 7 and email like $$a%$$',
  'merge into plain p using audit a on a.id = p.id when matched then update set email = a.what when not matched then insert (n) values (1)',
  'with m as (insert into plain (n) values (1) returning id) insert into audit select id from m',
  `create table made as select id, jsonb_build_object('e', email) as doc, count(*) over () from plain`,
  'alter table plain add flag boolean not null default false, add made_at timestamptz default now(), add mood2 mood default $$sad$$',
  'alter table plain alter n type numeric(12, 4), alter email type varchar(200) using left(email, 200)',
  'alter table plain add constraint c check (n < 1000 and email <> $$$$), add size2 positive default 1',
  'alter table plain add serial serial, add unique (email), add total numeric generated always as (n * 2) stored',
  'create index concurrently on plain (email, (n + 1)) where mood = $$glad$$',
  `select nextval('plain_seq_seq') from plain where false`,
]

const servers = bothMajors(ownServer())

describe.each(servers.majors)('on %s', (major) => {
  let pool: Pool
  beforeAll(async () => {
    pool = await connectPool(await createDatabase(servers.url(major), 'opaque'), {
      max: 2,
    })
    await pool.query(SCHEMA)
  })
  afterAll(() => pool.end())

  const judge = async (sql: string): Promise<Opaque> =>
    await onOneSession(pool, async (session) => opaqueReasons(session, await parseScript(sql), nothingMade()))

  it.each(HIDDEN)('sees what is called, and calls nothing: %s', async (sql) => {
    const { reasons, unresolved } = await judge(sql)
    expect([reasons.length > 0, unresolved]).toEqual([true, false])
    const { rows } = await pool.query('select count(*)::int as rows from audit')
    expect(rows).toEqual([{ rows: 20 }])
  })

  it.each(HARMLESS)('takes nothing harmless for more: %s', async (sql) => {
    expect(await judge(sql)).toEqual({ reasons: [], unresolved: false })
  })

  it('says of what is not there yet that it could not be resolved', async () => {
    expect(await judge('insert into later values (1)')).toEqual({ reasons: [], unresolved: true })
    expect(await judge('insert into later values (wipe())')).toEqual({
      reasons: ['wipe()'],
      unresolved: true,
    })
  })

  it('calls no operator that a user put where the catalog has none', async () => {
    await pool.query(`create function planted(oid, int) returns boolean language plpgsql as $$ begin raise 'called'; end $$;
      create operator >= (leftarg = oid, rightarg = int, function = planted)`)
    try {
      expect(await judge(HARMLESS[0]!)).toEqual({ reasons: [], unresolved: false })
      expect((await judge(HIDDEN[0]!)).reasons).not.toEqual([])
    } finally {
      await pool.query('drop operator >= (oid, int); drop function planted(oid, int)')
    }
  })
})
