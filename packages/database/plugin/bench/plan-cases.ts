import type { Hints } from '@esa/database-migrations/plan'

/** A change of the table `t (id, v, ...)` with writers of before and of after it. */
export interface PlanCase {
  name: string
  /** Statements after the base table was made and filled: what the old schema has besides. */
  before?: string
  /** The whole new schema. */
  to: string
  hints?: Hints
  /** How code of before and of after writes; `v` is the row's content. */
  old?: Writes
  fresh?: Writes
  /** Gives id and v of each row at the end; the table as it is by default. */
  content?: string
}

interface Writes {
  insert: (id: number, v: number) => string
  update: (id: number, v: number) => string
}

/** The table every case begins with: a key, a number, a text that is NULL in a third of the rows, and a day. */
export const BASE = `create table t (id int primary key, v int not null, note text, day date not null)`

/** Content of the row with this number when the load begins. */
export const seedOf = (id: number): number => id % 1_000

export const FILL = (rows: number): string =>
  `insert into t select n, n % 1000, case when n % 3 > 0 then 'note ' || n % 100 end, date '2025-01-01' + n % 600 from generate_series(1, ${rows}) n`

const writes = (table = 't', v = 'v'): Writes => ({
  insert: (id, value) => `insert into ${table} (id, ${v}, day) values (${id}, ${value}, '2025-02-02')`,
  update: (id, value) => `update ${table} set ${v} = ${value} where id = ${id}`,
})

export const OLD = writes()

const COLUMNS = 'id int primary key, v int not null, note text, day date not null'

/** A case for each kind of change that the plans cover. */
export const CASES: PlanCase[] = [
  {
    name: 'NOT NULL',
    to: `create table t (id int primary key, v int not null, note text not null default '', day date not null)`,
  },
  {
    name: 'type change',
    to: 'create table t (id int primary key, v numeric(12,2) not null, note text, day date not null)',
  },
  {
    name: 'rename column',
    to: 'create table t (id int primary key, amount int not null, note text, day date not null)',
    hints: { rename: { 't.v': 'amount' } },
    fresh: writes('t', 'amount'),
    content: 'select id, amount as v from t',
  },
  {
    name: 'rename table',
    to: `create table u (id int constraint t_pkey primary key, v int not null, note text, day date not null)`,
    hints: { rename: { t: 'u' } },
    fresh: writes('u'),
    content: 'select id, v from u',
  },
  {
    name: 'split column',
    to: 'create table t (id int primary key, tens int, ones int, note text, day date not null)',
    hints: { split: { 't.v': { into: { tens: 'v / 10', ones: 'v % 10' }, back: 'tens * 10 + ones' } } },
    fresh: {
      insert: (id, v) =>
        `insert into t (id, tens, ones, day) values (${id}, ${Math.trunc(v / 10)}, ${v % 10}, '2025-02-02')`,
      update: (id, v) => `update t set tens = ${Math.trunc(v / 10)}, ones = ${v % 10} where id = ${id}`,
    },
    content: 'select id, tens * 10 + ones as v from t',
  },
  { name: 'unique', to: `create table t (${COLUMNS}, unique (day, id))` },
  {
    name: 'foreign key',
    before: 'create table days (day date primary key); insert into days select distinct day from t',
    to: `create table days (day date primary key); create table t (id int primary key, v int not null, note text, day date not null references days)`,
  },
  { name: 'check', to: `create table t (${COLUMNS}, constraint v_range check (v between 0 and 1000000))` },
  {
    name: 'exclusion',
    before: 'create extension btree_gist',
    to: `create extension btree_gist; create table t (${COLUMNS}, constraint one exclude using gist (id with =, v with <>))`,
  },
  {
    name: 'primary key int -> bigint',
    before:
      'create table lines (t_id int not null references t); insert into lines select id from t where id % 10 = 0',
    to: `create table t (id bigint primary key, v int not null, note text, day date not null); create table lines (t_id bigint not null references t)`,
  },
  { name: 'drop column', to: 'create table t (id int primary key, v int not null, day date not null)' },
  {
    name: 'enum value removed',
    before: `create type s as enum ('a', 'b', 'c'); alter table t add column s s not null default 'a'`,
    to: `create type s as enum ('a', 'b'); create table t (${COLUMNS}, s s not null default 'a')`,
  },
  {
    name: 'volatile default',
    to: `create table t (${COLUMNS}, token uuid not null default gen_random_uuid())`,
  },
  {
    name: 'index',
    to: `create table t (${COLUMNS}); create index t_day on t (day, v) where note is not null`,
  },
  {
    name: 'partition by range',
    to: `create table t (id int not null, v int not null, note text, day date not null, constraint t_pkey primary key (id, day)) partition by range (day);
      create table t_2025 partition of t for values from ('2025-01-01') to ('2026-01-01'); create table t_rest partition of t default`,
  },
  {
    name: 'table split',
    before:
      'alter table t add column shop int not null default 1, add column city text; update t set shop = id % 500, city = $$city $$ || id % 500',
    to: `create table shops (shop int primary key, city text);
      create table t (${COLUMNS}, shop int not null default 1 references shops)`,
    hints: { extract: [{ relation: 't', determinant: ['shop'], dependents: ['city'], into: 'shops' }] },
    old: {
      insert: (id, v) =>
        `insert into t (id, v, day, shop, city) values (${id}, ${v}, '2025-02-02', ${id % 500}, 'city ${id % 500}')`,
      update: OLD.update,
    },
    fresh: {
      insert: (id, v) => `insert into t (id, v, day, shop) values (${id}, ${v}, '2025-02-02', ${id % 500})`,
      update: OLD.update,
    },
    content: 'select t.id, t.v from t join shops using (shop) where shops.city = $$city $$ || t.id % 500',
  },
]
