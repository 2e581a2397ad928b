import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LiveServer, SEEDED, seeded, seededOf, walkLive } from '../../testing/live-walk.ts'

const server = new LiveServer()
beforeAll(() => server.start())
afterAll(() => server.stop())

describe('under writers', () => {
  it('a column becomes NOT NULL, its NULLs filled by the default', async () => {
    const plan = await walkLive(server, {
      from: 'create table t (id int primary key, c text)',
      to: `create table t (id int primary key, c text not null default 'none')`,
      seed: seeded(`insert into t select n, nullif(n % 3, 0)::text`, (id) =>
        id % 3 === 0 ? 'none' : String(id % 3),
      ),
      old: (id) => [
        { sql: `insert into t values (${id}, null)`, holds: [[id, 'none']] },
        { sql: `update t set c = null where id = ${seededOf(id)}`, holds: [[seededOf(id), 'none']] },
      ],
      fresh: (id) => [{ sql: `insert into t (id) values (${id})`, holds: [[id, 'none']] }],
      content: 'select id, c as content from public.t',
    })
    expect(plan.changes.map(({ kind }) => kind)).toEqual(['change-default', 'set-not-null'])
    expect(plan.phases.map(({ name }) => name)).toEqual([
      'expand',
      'backfill',
      'validate',
      'switch',
      'contract',
    ])
  })

  it('a type changes, whichever side writes', async () => {
    const plan = await walkLive(server, {
      from: 'create table t (id int primary key, v int not null default 7); create index t_v on t (v)',
      to: 'create table t (id int primary key, v numeric(12,2) not null default 7.5); create index t_v on t (v)',
      seed: seeded('insert into t select n, n * 2', (id) => `${id * 2}.00`),
      old: (id) => [
        { sql: `insert into t values (${id}, 5)`, holds: [[id, '5.00']] },
        { sql: `update t set v = 11 where id = ${seededOf(id)}`, holds: [[seededOf(id), '11.00']] },
      ],
      fresh: (id) => [
        { sql: `insert into t (id) values (${id})`, holds: [[id, '7.50']] },
        { sql: `update t set v = v + 1 where id = ${id}`, holds: [[id, '8.50']] },
      ],
      content: 'select id, v as content from public.t',
    })
    expect(plan.phases.at(-1)).toMatchObject({ name: 'contract', destructive: true })
  })

  it('a type that holds the same bytes changes in place', async () => {
    const plan = await walkLive(server, {
      from: 'create table t (id int primary key, v varchar(20)); create index t_v on t (v)',
      to: `create table t (id int primary key, v varchar(90) default 'x'); create index t_v on t (v)`,
      seed: seeded(`insert into t select n, 'v' || n`, (id) => `v${id}`),
      old: (id) => [{ sql: `insert into t values (${id}, 'old')`, holds: [[id, 'old']] }],
      fresh: (id) => [
        { sql: `insert into t values (${id}, repeat('x', 80))`, holds: [[id, 'x'.repeat(80)]] },
      ],
      content: 'select id, v as content from public.t',
      stays: /^column public.t v/,
    })
    expect(plan.phases.map(({ name, steps }) => [name, steps.length])).toEqual([['switch', 2]])
  })

  it('a column gets a name, and both names work until the contract phase', async () => {
    await walkLive(server, {
      from: 'create table t (id int primary key, total int check (total >= 0)); create index t_total_idx on t (total)',
      to: `create table t (id int primary key, amount int constraint t_total_check check (amount >= 0));
        create index t_amount_idx on t (amount)`,
      hints: { rename: { 't.total': 'amount' } },
      seed: seeded('insert into t select n, n', (id) => id),
      old: (id) => [
        {
          sql: `insert into t (id, total) values (${id}, 3) on conflict (id) do update set total = 3 returning total`,
          holds: [[id, 3]],
        },
        { sql: `update t set total = 4 where total = ${seededOf(id)} and id = ${seededOf(id)}`, holds: [] },
        { sql: `delete from t where id = ${id} and total = 3`, holds: [[id, null]] },
      ],
      fresh: (id) => [
        {
          sql: `insert into t (id, amount) values (${id}, 3) on conflict (id) do update set amount = 3 returning amount`,
          holds: [[id, 3]],
        },
        { sql: `update t set amount = 6 where id = ${id}`, holds: [[id, 6]] },
      ],
      content: `select id, case when id <= ${SEEDED} then id else amount end as content from public.t`,
    })
  })

  it('a table gets a name, and both names work until the contract phase', async () => {
    await walkLive(server, {
      from: 'create table people (id serial primary key, name text); create view v as select name from people',
      to: `create sequence people_id_seq; create table persons (id int not null default nextval('people_id_seq'), name text,
          constraint people_pkey primary key (id)); alter sequence people_id_seq as int owned by persons.id;
        create view v as select name from persons`,
      hints: { rename: { people: 'persons' } },
      seed: seeded(`insert into people select n, 'p' || n`, (id) => `p${id}`),
      old: (id) => [{ sql: `insert into people values (${id}, 'old')`, holds: [[id, 'old']] }],
      fresh: (id) => [{ sql: `insert into persons values (${id}, 'new')`, holds: [[id, 'new']] }],
      content: 'select id, name as content from public.persons',
    })
  })

  it('a column is split, and written from either side', async () => {
    await walkLive(server, {
      from: 'create table t (id int primary key, full_name text not null)',
      to: 'create table t (id int primary key, first_name text not null, last_name text)',
      hints: {
        split: {
          't.full_name': {
            into: {
              first_name: `split_part(full_name, ' ', 1)`,
              last_name: `substr(full_name, strpos(full_name, ' ') + 1)`,
            },
            back: `concat_ws(' ', first_name, last_name)`,
          },
        },
      },
      seed: seeded(`insert into t select n, 'Ada L' || n`, (id) => ['Ada', `L${id}`]),
      old: (id) => [
        {
          sql: `insert into t (id, full_name) values (${id}, 'Alan M. Turing')`,
          holds: [[id, ['Alan', 'M. Turing']]],
        },
        {
          sql: `update t set full_name = 'Kurt Gödel' where id = ${seededOf(id)}`,
          holds: [[seededOf(id), ['Kurt', 'Gödel']]],
        },
      ],
      fresh: (id) => [
        {
          sql: `insert into t (id, first_name, last_name) values (${id}, 'Anna Maria', 'X')`,
          holds: [[id, ['Anna Maria', 'X']]],
        },
        { sql: `update t set last_name = 'Y' where id = ${id}`, holds: [[id, ['Anna Maria', 'Y']]] },
      ],
      content: 'select id, json_build_array(first_name, last_name) as content from public.t',
    })
  })

  it('a column with a volatile default is filled, and one is dropped', async () => {
    const plan = await walkLive(server, {
      from: 'create table t (id int primary key, gone text not null)',
      to: 'create table t (id int primary key, token uuid not null default gen_random_uuid(), n int not null default 3)',
      seed: seeded(`insert into t select n, 'x'`, () => true),
      old: (id) => [{ sql: `insert into t (id, gone) values (${id}, 'y')`, holds: [[id, true]] }],
      fresh: (id) => [{ sql: `insert into t (id) values (${id})`, holds: [[id, true]] }],
      stays: /^column public.t gone/,
      content: `select id, token is not null and n = 3 and count(*) over (partition by token) = 1 as content from public.t`,
    })
    const destructive = plan.phases.flatMap(({ steps }) =>
      steps.filter((step) => step.kind === 'statement' && step.destructive),
    )
    expect(destructive.map(({ sql }) => sql)).toEqual(['ALTER TABLE "public"."t" DROP COLUMN "gone";'])
  })

  it('a table without a key is walked by the places of its rows', async () => {
    const plan = await walkLive(server, {
      from: 'create table t (id int, v int)',
      to: 'create table t (id int, v bigint)',
      seed: seeded('insert into t select n, n', (id) => id),
      old: (id) => [{ sql: `insert into t values (${id}, 1)`, holds: [[id, 1]] }],
      fresh: (id) => [
        { sql: `insert into t (id, v) values (${id}, 5000000000)`, holds: [[id, 5_000_000_000]] },
      ],
      content: 'select id, v as content from public.t',
    })
    expect(plan.phases.find(({ name }) => name === 'backfill')?.steps).toMatchObject([
      { key: [{ column: 'ctid' }] },
    ])
  })
})
