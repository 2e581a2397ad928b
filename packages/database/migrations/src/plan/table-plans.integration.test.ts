import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LiveServer, seeded, seededOf, walkLive } from '../../testing/live-walk.ts'

const server = new LiveServer()
beforeAll(() => server.start())
afterAll(() => server.stop())

describe('under writers', () => {
  it('a table is partitioned by time', async () => {
    const plan = await walkLive(server, {
      from: `create table ev (id bigserial primary key, at date not null, v int); create index ev_at on ev (at); create view w as select id, v from ev`,
      to: `create sequence ev_id_seq; create table ev (id bigint not null default nextval('ev_id_seq'), at date not null, v int,
          constraint ev_pkey primary key (id, at)) partition by range (at);
        alter sequence ev_id_seq owned by ev.id; create index ev_at on ev (at);
        create table ev_2025 partition of ev for values from ('2025-01-01') to ('2026-01-01');
        create table ev_rest partition of ev default; create view w as select id, v from ev`,
      seed: seeded(`insert into ev select n, date '2025-12-01' + n % 60, n`, (id) => id),
      old: (id) => [
        { sql: `insert into ev values (${id}, '2025-03-01', 1)`, holds: [[id, 1]] },
        { sql: `update ev set v = 2, at = '2026-05-01' where id = ${id}`, holds: [[id, 2]] },
        { sql: `update ev set v = -1 where id = ${seededOf(id)}`, holds: [[seededOf(id), -1]] },
        { sql: `insert into ev values (${id + 5}, '2025-03-01', 1)`, holds: [[id + 5, 1]] },
        { sql: `delete from ev where id = ${id + 5}`, holds: [[id + 5, null]] },
      ],
      fresh: (id) => [
        {
          sql: `insert into ev (id, at, v) values (${id}, '2025-01-01', 9) on conflict (id, at) do nothing`,
          holds: [[id, 9]],
        },
        { sql: `update ev set v = 10 where id = ${id}`, holds: [[id, 10]] },
      ],
      content: 'select id, v as content from public.ev',
    })
    expect(plan.changes.map(({ kind }) => kind)).toEqual(['partition-table'])
  })

  it('an exclusion constraint comes with a copy of the table', async () => {
    const schema = (rule: string) =>
      `create extension btree_gist; create table bookings (id int primary key, room int, during int4range${rule})`
    const plan = await walkLive(server, {
      from: schema(''),
      to: schema(', constraint no_overlap exclude using gist (room with =, during with &&)'),
      seed: seeded('insert into bookings select n, n, int4range(1, 9)', () => '[1,9)'),
      old: (id) => [
        { sql: `insert into bookings values (${id}, ${id}, '[1,3)')`, holds: [[id, '[1,3)']] },
        {
          sql: `update bookings set during = '[4,6)' where id = ${seededOf(id)}`,
          holds: [[seededOf(id), '[4,6)']],
        },
      ],
      fresh: (id) => [{ sql: `insert into bookings values (${id}, ${id}, '[1,4)')`, holds: [[id, '[1,4)']] }],
      content: 'select id, during as content from public.bookings',
    })
    expect(plan.notes.join()).toContain('PostgreSQL knows no exclusion that is not yet valid')
  })

  it('columns that depend on part of a row move to a table of their own', async () => {
    await walkLive(server, {
      from: 'create table o (id int primary key, cid int not null, cname text not null, city text)',
      to: `create table c (cid int primary key, cname text not null, city text);
        create table o (id int primary key, cid int not null references c)`,
      hints: { extract: [{ relation: 'o', determinant: ['cid'], dependents: ['cname', 'city'], into: 'c' }] },
      seed: seeded(`insert into o select n, n % 40, 'c' || n % 40, 'x'`, (id) => [id % 40, `c${id % 40}`]),
      old: (id) => [
        { sql: `insert into o values (${id}, 1, 'c1', 'x')`, holds: [[id, [1, 'c1']]] },
        {
          sql: `insert into o values (${id + 5}, ${id}, 'new ${id}', 'y')`,
          holds: [[id + 5, [id, `new ${id}`]]],
        },
        { sql: `update o set cname = 'NEW ${id}' where cid = ${id}`, holds: [[id + 5, [id, `NEW ${id}`]]] },
        { sql: `update o set cid = 2, cname = 'c2' where id = ${id}`, holds: [[id, [2, 'c2']]] },
      ],
      fresh: (id) => [
        { sql: `insert into c values (${id}, 'fresh ${id}', 'z')`, holds: [] },
        { sql: `insert into o (id, cid) values (${id}, ${id})`, holds: [[id, [id, `fresh ${id}`]]] },
        { sql: `update c set cname = 'FRESH ${id}' where cid = ${id}`, holds: [[id, [id, `FRESH ${id}`]]] },
      ],
      content:
        'select o.id, json_build_array(o.cid, c.cname) as content from public.o join public.c using (cid)',
    })
  })

  it('tables, sequences, views, functions and triggers come and go', async () => {
    const plan = await walkLive(server, {
      from: `create table t (id int primary key, v int); create table gone (id int primary key, t_id int references t);
        create view old_view as select v from t; create view kept as select id from t;
        create function f() returns int language sql as 'select 1'; create function bye() returns int language sql as 'select 1'`,
      to: `create schema extra; create table t (id int primary key, v int);
        create table extra.fresh (id serial primary key, t_id int references t on delete cascade, at timestamptz default now(), unique (t_id, at));
        create index on extra.fresh (at); create view kept as select id, v from t; create view new_view as select v from t;
        create function f() returns int language sql as 'select 2';
        create function stamp() returns trigger language plpgsql as 'begin new.v := new.v; return new; end';
        create trigger stamp before update on t for each row execute function stamp()`,
      seed: seeded('insert into t select n, n', (id) => id),
      old: (id) => [{ sql: `insert into t values (${id}, 1)`, holds: [[id, 1]] }],
      fresh: (id) => [{ sql: `insert into t values (${id}, 2)`, holds: [[id, 2]] }],
      content: 'select id, v as content from public.t',
    })
    expect(plan.phases.at(-1)?.destructive).toBe(true)
  })
})
