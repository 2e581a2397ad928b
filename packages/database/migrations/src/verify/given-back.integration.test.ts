import { withDatabase } from '@esa/pg-server'
import type { Pool } from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import { scriptMigration } from '../plan/steps/migration.ts'
import { type Verdict, verifyMigration } from './verify-migration.ts'

const server = ownServer()
let pool: Pool
beforeAll(async () => {
  pool = await server.database('given_back')
})

async function verdictOn({ before, sql }: Case, on = pool): Promise<Verdict> {
  await on.query(`drop schema public cascade; create schema public; ${before}`)
  const migration = await scriptMigration('given.sql', sql)
  return await verifyMigration({ queryable: on, whole: true, missing: [] }, migration, () => {})
}

interface Case {
  name: string
  before: string
  sql: string
}

const USERS = `create table users (id int primary key, active boolean not null); insert into users select g, true from generate_series(1, 40) g;`
const WARES = `create table wares (id int primary key, price int); insert into wares select g, 5 from generate_series(1, 40) g;`
const NOTES = `create table notes (id int primary key, note text); insert into notes select g, '' from generate_series(1, 40) g;`
const NAMES = `create table people (id int primary key, name text, born int);
  insert into people select g, case when g % 10 <> 0 then 'Ada' || g % 7 || ' Name' || g end, 1900 + g from generate_series(1, 100) g;`
const SPLIT = `alter table people add first text, add last text;
  update people set first = split_part(name, ' ', 1), last = split_part(name, ' ', 2); alter table people drop column name`

/** A column of one value is computed from any other: that proves nothing, unless the script says so. */
const LOST: Case[] = [
  {
    name: 'a flag that is always true, beside a new word',
    before: USERS,
    sql: `alter table users add source text not null default 'import'; alter table users drop column active`,
  },
  {
    name: 'a flag that is always true, beside a new flag',
    before: USERS,
    sql: 'alter table users add verified boolean not null default true; alter table users drop column active',
  },
  {
    name: 'a price that is always 5, beside a number that is always 1',
    before: WARES,
    sql: 'alter table wares add qty int default 1; update wares set qty = 1 where id > 5; alter table wares drop column price',
  },
  {
    name: 'an empty text, beside unknown columns',
    before: NOTES,
    sql: 'alter table notes add a text, add b text; alter table notes drop column note',
  },
  {
    name: 'a price that is always 5, beside a table of its own of ones',
    before: WARES,
    sql: 'create table counts (id int primary key, qty int); insert into counts select id, 1 from wares where id * 5 > 0; alter table wares drop column price',
  },
  {
    name: 'the values of rows that are archived without them',
    before: NAMES,
    sql: 'create table old as select id, name from people where id < 50; delete from people where id < 50',
  },
  {
    name: 'the values of rows that are all archived without them',
    before: NAMES,
    sql: 'create table old as select id, name from people; delete from people; alter table people add x text; alter table people drop column born',
  },
  {
    name: 'an equal row of another table without a key, where two become one',
    before: `create table spring (n int, w text); insert into spring select g, 'w' || g from generate_series(1, 40) g;
      create table summer (n int, w text); insert into summer select g, 'w' || g from generate_series(30, 60) g`,
    sql: 'create table events as select * from spring union select * from summer; drop table spring, summer',
  },
  {
    name: 'letters that lose their case where a collation takes them for equal',
    before: `create collation loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      create table words (id int primary key, word text collate loose); insert into words select g, 'Word' || g from generate_series(1, 40) g`,
    sql: 'update words set word = lower(word)',
  },
]

const KEPT: Case[] = [
  { name: 'a name is split, and some are not known', before: NAMES, sql: SPLIT },
  {
    name: 'a name is split, and some are empty and none is unknown',
    before: `${NAMES} update people set name = '' where name is null`,
    sql: SPLIT,
  },
  {
    name: 'a flag that is always true becomes a word',
    before: USERS,
    sql: `alter table users add state text; update users set state = case when active then 'on' else 'off' end; alter table users drop column active`,
  },
  {
    name: 'a price that is always 5 becomes cents, in place',
    before: WARES,
    sql: 'alter table wares alter price type bigint using price * 100',
  },
  {
    name: 'a price that is always 5 becomes cents, beside',
    before: WARES,
    sql: 'alter table wares add cents bigint; update wares set cents = price * 100; alter table wares drop column price',
  },
  {
    name: 'a price that is always 5 moves to another table',
    before: WARES,
    sql: 'create table prices (ware int primary key references wares, amount int); insert into prices select id, price from wares; alter table wares drop column price',
  },
  {
    name: 'a word that is always the same becomes a lookup',
    before: `create table people (id int primary key, town text); insert into people select g, 'Ulm' from generate_series(1, 40) g`,
    sql: `create table towns (id int generated always as identity primary key, name text unique); insert into towns (name) select distinct town from people;
      alter table people add town_id int references towns; update people p set town_id = t.id from towns t where t.name = p.town; alter table people drop column town`,
  },
  {
    name: 'two tables without a key become two others',
    before: `create table spring (n int, w text); insert into spring select g, 'w' || g from generate_series(1, 40) g;
      create table summer (n int, w text); insert into summer select g, 'w' || g from generate_series(30, 60) g`,
    sql: `create table few as select * from spring where n < 35 union all select * from summer where n < 35;
      create table many as select * from spring where n >= 35 union all select * from summer where n >= 35; drop table spring, summer`,
  },
  {
    name: 'a table of one row becomes a table of another name',
    before: `create table settings (id int primary key, limit_ms int); insert into settings values (1, 5000)`,
    sql: 'create table options as select id as id, limit_ms / 1000 as limit_s from settings; drop table settings',
  },
]

describe('a value that is gone', () => {
  it.each(LOST)('is lost, whatever else could be taken for it: $name', async (one) => {
    const { lossless, mismatches, findings } = await verdictOn(one)
    expect({ lossless, findings: findings.map(({ message }) => message) }).toMatchObject({ lossless: false })
    expect(mismatches).toHaveLength(1)
  })
})

describe('a value in another form', () => {
  it.each(KEPT)('is kept: $name', async (one) => {
    const { lossless, mismatches } = await verdictOn(one)
    expect({ lossless, mismatches }).toEqual({ lossless: true, mismatches: [] })
  })
})

describe('digits that a database does not show', () => {
  it('are compared all the same', async () => {
    await server.database('rounded', 'alter database rounded set extra_float_digits = -10')
    const rounded = await server.connect(withDatabase(server.adminUrl, 'rounded'))
    const before = `create table scores (id int primary key, score double precision); insert into scores select g, g / 7.0 from generate_series(1, 40) g`
    const sql = 'alter table scores alter score type real'
    expect((await verdictOn({ name: 'digits', before, sql }, rounded)).lossless).toBe(false)
  })
})
