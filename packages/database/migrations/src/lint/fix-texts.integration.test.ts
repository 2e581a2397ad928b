import type { Pool } from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import { onOneSession, parseScript } from '@esa/database-catalog/sql'
import { groundAt } from '@esa/database-sandbox/testing'
import { lintScripts, lintUntried } from './lint-scripts.ts'
import { readScript } from './read-script.ts'

const SCHEMA = `
create schema "My Shop";
create table "Customers" ("Id" bigint primary key);
create table "My Shop"."Order.Lines" (id bigint primary key, "Customer Id" bigint, "Total" int, "order" int);
create index "By Total" on "My Shop"."Order.Lines" ("Total");
insert into "Customers" values (1); insert into "My Shop"."Order.Lines" values (1, 1, 2, 1);
create materialized view "My Shop"."Sums" as select "Customer Id", sum("Total") from "My Shop"."Order.Lines" group by 1;
create unique index on "My Shop"."Sums" ("Customer Id");
create table "Days" ("Day" date) partition by range ("Day");
create index "By Day" on "Days" ("Day"); create table "Refs" (day date, of bigint) partition by range (day);
create table "Refs 1" partition of "Refs" for values from ('2025-01-01') to ('2025-02-01');
create table "Days 1" partition of "Days" for values from ('2025-01-01') to ('2025-02-01');
`

const LINES = 'alter table "My Shop"."Order.Lines"'

/** Statements, the rules whose fix is run in their place, and whether it leads to the same keys and conditions. */
const CASES: [rule: string, sql: string, leadsTo: 'the same' | 'more'][] = [
  ['unique-builds-index', `${LINES} add unique ("Customer Id", "order")`, 'the same'],
  ['unique-builds-index', `${LINES} add constraint "One Each" unique ("Total")`, 'the same'],
  [
    'unique-builds-index',
    `${LINES} add unique nulls not distinct ("Total") include ("Customer Id", "order") deferrable initially deferred`,
    'the same',
  ],
  [
    'foreign-key-validates',
    `${LINES} add foreign key ("Customer Id") references "Customers" ("Id")`,
    'the same',
  ],
  ['foreign-key-without-index', `${LINES} add foreign key ("Customer Id") references "Customers"`, 'more'],
  ['check-validates', `${LINES} add check ("Total" > 0)`, 'the same'],
  ['check-validates', `${LINES} add check ("Total" > "order")`, 'the same'],
  ['check-validates', `${LINES} add constraint "Above 0" check ("Total" > 0)`, 'the same'],
  ['not-null-scans', `${LINES} alter column "Customer Id" set not null`, 'the same'],
  ['table-renamed', `${LINES} rename to "Order Items"`, 'more'],
  ['index-drop-not-concurrently', 'drop index "My Shop"."By Total"', 'the same'],
  ['index-not-concurrently', 'create index on "My Shop"."Order.Lines" ("Customer Id")', 'the same'],
  ['reindex-not-concurrently', 'reindex table "My Shop"."Order.Lines"', 'the same'],
  ['refresh-not-concurrently', 'refresh materialized view "My Shop"."Sums"', 'the same'],
  ['detach-not-concurrently', 'alter table "Days" detach partition "Days 1"', 'more'],
]

const KEYS = `select conname, conrelid::regclass::text as of, pg_get_constraintdef(oid) as definition, convalidated as validated
  from pg_constraint where conrelid >= 16384 order by 1, 2`

describe('a fix', () => {
  const server = ownServer()
  let pool: Pool
  beforeAll(async () => {
    pool = await server.database('fixed')
  })

  /** The keys and conditions of the schema after a script, each statement of it by itself. */
  const after = (sql: string): Promise<unknown[]> =>
    onOneSession(pool, async (session) => {
      await session.query(`drop schema if exists public, "My Shop" cascade; create schema public; ${SCHEMA}`)
      for (const { text } of await parseScript(sql)) await session.query(text)
      return (await session.query(KEYS)).rows
    })

  const fixOf = async (rule: string, sql: string, tried: boolean): Promise<string> => {
    const scripts = [await readScript('a.sql', Buffer.from(sql))]
    const ground = groundAt(server.adminUrl)
    const options = { ground, schema: { sql: SCHEMA }, independent: false, sizes: new Map() }
    const { statements } = tried ? await lintScripts(scripts, options) : lintUntried(scripts)
    return statements[0]!.findings.find((one) => one.rule === rule)?.fix ?? `no ${rule}`
  }

  it.each(CASES)('of %s runs as it is printed, whatever the names: %s', async (rule, sql, leadsTo) => {
    const keys = await after(await fixOf(rule, sql, true))
    // That a key has no index is seen only where it was tried.
    const tried = rule === 'foreign-key-without-index'
    expect(await after(await fixOf(rule, sql, tried))).toEqual(keys)
    const wanted = leadsTo === 'the same' ? await after(sql) : keys
    expect(keys).toEqual(wanted)
  })

  it.each([
    ['check-validates', `${LINES} add check ("Total" > 0), add column note text`],
    ['unique-builds-index', 'alter table "Days" add unique ("Day")'],
    ['index-drop-not-concurrently', 'drop index "By Day"'],
    ['foreign-key-without-index', 'alter table "Refs" add foreign key (of) references "Customers"'],
    ['foreign-key-validates', 'alter table "Refs" add foreign key (of) references "Customers"'],
    ['reindex-not-concurrently', 'reindex system shop'],
  ])('of %s is explained in words where no statement can be given: %s', async (rule, sql) => {
    expect(await fixOf(rule, sql, true)).toMatch(/^(?:ADD|CREATE|In|On|There) [^"]*\.$/)
  })
})
