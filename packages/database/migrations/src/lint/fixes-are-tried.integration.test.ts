import { beforeAll, describe, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import { groundAt, type TestGround } from '@esa/database-sandbox/testing'
import { lintScripts } from './lint-scripts.ts'
import { readScript } from './read-script.ts'

const SCHEMA = `
create table orders (id bigint primary key, customer bigint, total int, kind text);
alter table orders add constraint orders_total_check check (total is not null) not valid, add constraint kind_not_null check (kind <> '') not valid;
alter table orders add constraint orders_customer_fkey check (customer > 0) not valid;
create table customers (id bigint primary key);
create index orders_kind_key on orders (total);
create table bookings (room int, during int4range, exclude using gist (during with &&));
create index bookings_room on bookings (room);
create materialized view sums as select customer, sum(total) from orders group by 1;
create materialized view keyed as select id from orders; create unique index on keyed (id);
create table days (day date) partition by range (day);
create table days_1 partition of days for values from ('2025-01-01') to ('2025-02-01');
create table days_rest partition of days default;
create table years (day date) partition by range (day);
create table years_1 partition of years for values from ('2025-01-01') to ('2026-01-01');
create table old_name (a int); create table taken (a int);
`

/** Statements whose usual fix fails here, the rule, and what PostgreSQL says to it. */
const FAILING: [sql: string, rule: string, why: RegExp][] = [
  ['refresh materialized view sums', 'refresh-not-concurrently', /cannot refresh .* concurrently/],
  ['alter table days detach partition days_1', 'detach-not-concurrently', /default partition exists/],
  ['reindex index bookings_during_excl', 'reindex-not-concurrently', /exclusion constraint/],
  ['alter table orders add check (total > 0)', 'check-validates', /name of its constraint is taken/],
  [
    'alter table orders add foreign key (customer) references customers',
    'foreign-key-validates',
    /name of its constraint is taken/,
  ],
  ['alter table orders add unique (kind)', 'unique-builds-index', /already exists/],
  ['alter table orders alter column kind set not null', 'not-null-scans', /already exists/],
]

/** Those whose fix works. */
const WORKING: [sql: string, rule: string][] = [
  ['refresh materialized view keyed', 'refresh-not-concurrently'],
  ['alter table years detach partition years_1', 'detach-not-concurrently'],
  ['reindex index bookings_room', 'reindex-not-concurrently'],
  ['reindex table bookings', 'reindex-not-concurrently'],
  ['alter table orders add constraint free check (total > 0)', 'check-validates'],
  ['create index on orders (customer)', 'index-not-concurrently'],
  ['drop index bookings_room', 'index-drop-not-concurrently'],
  ['alter table old_name rename to new_name', 'table-renamed'],
  ['alter table orders add column parent bigint references customers', 'foreign-key-without-index'],
]

describe('a fix', () => {
  const server = ownServer()
  let ground: TestGround
  beforeAll(() => {
    ground = groundAt(server.adminUrl)
  })

  const fixesOf = async (
    sql: string,
    schema: Parameters<typeof lintScripts>[1]['schema'] = { sql: SCHEMA },
  ) => {
    const script = await readScript('a.sql', Buffer.from(sql))
    const { statements } = await lintScripts([script], {
      ground,
      schema,
      independent: false,
      sizes: new Map(),
    })
    return statements.flatMap(({ findings }) => findings.map(({ rule, fix = '' }) => ({ rule, fix })))
  }

  it('that fails is not given as one: what is given is the words of its rule, and why', async () => {
    const fixes = await fixesOf(FAILING.map(([sql]) => `${sql};`).join('\n'))
    const got = FAILING.map(([sql, rule]) => [
      sql,
      fixes.find((one) => one.rule === rule)?.fix ?? `no ${rule}`,
    ])
    expect(got).toEqual(
      FAILING.map(([sql, , why]) => [
        sql,
        expect.stringMatching(new RegExp(`\\. Tried here, .*failed: .*(?:${why.source})`)),
      ]),
    )
  })

  it('that works is given, also after one that does not, and in a transaction', async () => {
    const all = [...FAILING.slice(0, 3).map(([sql]) => sql), ...WORKING.map(([sql]) => sql)]
    for (const sql of [all.join(';\n'), ['begin', ...all, 'commit'].join(';\n')]) {
      const fixes = await fixesOf(sql)
      const got = WORKING.map(([one, rule]) => [one, fixes.findLast((found) => found.rule === rule)?.fix])
      expect(got).toEqual(WORKING.map(([one]) => [one, expect.stringMatching(/;$/)]))
    }
  })

  it('is tried on what the statements before it leave', async () => {
    const [, refresh] = [
      await fixesOf('select 1'),
      await fixesOf('create unique index on sums (customer); refresh materialized view sums'),
    ]
    expect(refresh.find(({ rule }) => rule === 'refresh-not-concurrently')?.fix).toMatch(
      /^refresh .*concurrently sums;$/,
    )
  })

  it('is tried on a copy of a target', async () => {
    const from = await server.database('fixed_target', SCHEMA)
    const fixes = await fixesOf('refresh materialized view keyed; refresh materialized view sums', { from })
    const refresh = fixes.filter(({ rule }) => rule === 'refresh-not-concurrently').map(({ fix }) => fix)
    expect(refresh).toEqual([
      'refresh materialized view concurrently keyed;',
      expect.stringMatching(/Tried here/),
    ])
  })
})
