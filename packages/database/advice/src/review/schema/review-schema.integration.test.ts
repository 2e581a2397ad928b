import type { Pool } from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import type { Finding } from '@esa/database-catalog/sql'
import { reviewSchema } from './review-schema.ts'

const server = ownServer()

const ODD = `
create table customers (id serial primary key, email varchar(255), phone1 text, phone2 text, balance float8, created_at timestamp,
  is_active text, tags text, signup_day text, points text, state char(2), prefs json, fee money, never text, level text, deleted_at timestamptz, address_line1 text, address_line2 text);
insert into customers (email, phone1, phone2, balance, created_at, is_active, tags, signup_day, points, state, prefs, fee, level)
  select 'c' || i || '@example.com', 'p' || i, 'q' || i, i, now(), (array['yes', 'no'])[1 + i % 2], 'a' || i % 7 || ',b' || i % 5 || ',c', '2024-01-' || lpad((1 + i % 28)::text, 2, '0'), (i * 3)::text, 'NY', '{}', 1, (array['low', 'mid', 'high'])[1 + i % 3] from generate_series(1, 1500) i;
create table "Orders" (id int primary key, "user" int, customer_id bigint references customers (id), amount real);
create table attributes (entity_id int, attribute text, value text);
create table comments (id int primary key, target_type text not null, target_id int not null, body text);
create table loose (id int primary key, a text, b text, c text);
create table suppliers (id int primary key, street text, town text, county text, telephone text, customer_id text);
create table carriers (id int primary key, street text, town text, county text, telephone text);
create table shipments (id int primary key, carrier_id int references carriers (id));
create table wide (id int primary key, ${Array.from({ length: 45 }, (_, n) => `field_${String.fromCodePoint(97 + (n % 26))}${n < 26 ? '' : 'x'} int`).join(', ')});
analyze;`

describe('an odd schema', () => {
  let findings: Finding[]
  let pool: Pool
  beforeAll(async () => {
    pool = await server.database('odd', ODD)
    findings = await reviewSchema(pool)
  })

  it.each([
    ['float-for-money', 'customers', 'balance'],
    ['float-for-money', 'Orders', 'amount'],
    ['money-type', 'customers', 'fee'],
    ['char-n', 'customers', 'state'],
    ['timestamp-without-zone', 'customers', 'created_at'],
    ['varchar-255', 'customers', 'email'],
    ['json-not-jsonb', 'customers', 'prefs'],
    ['serial-not-identity', 'customers', 'id'],
    ['boolean-as-text', 'customers', 'is_active'],
    ['comma-list', 'customers', 'tags'],
    ['date-as-text', 'customers', 'signup_day'],
    ['number-as-text', 'customers', 'points'],
    ['enum-like-text', 'customers', 'level'],
    ['empty-column', 'customers', 'never'],
    ['missing-not-null', 'customers', 'email'],
    ['repeating-group', 'customers', 'phone1'],
    ['created-without-default', 'customers', 'created_at'],
    ['soft-delete-without-index', 'customers', 'deleted_at'],
    ['no-primary-key', 'attributes', 'value'],
    ['entity-attribute-value', 'attributes', 'attribute'],
    ['polymorphic-reference', 'comments', 'target_id'],
    ['all-nullable', 'loose', 'a'],
    ['wide-table', 'wide', '46'],
    ['duplicated-columns', 'carriers', 'street'],
    ['unlinked-table', 'loose', 'a'],
    ['name-needs-quotes', 'Orders', 'Orders'],
    ['name-reserved', 'Orders', 'user'],
  ])('finds %s in %s', (kind, name, about) => {
    const found = findings.filter((finding) => finding.kind === kind && finding.relation === `public.${name}`)
    expect(found.map(({ message, evidence }) => message + JSON.stringify(evidence)).join()).toContain(about)
    expect(found[0]?.fix).toBeTruthy()
  })

  it('says where one name has several types, and takes two lines of an address for one address', () => {
    const types = findings.find(
      ({ kind, evidence }) => kind === 'inconsistent-type' && evidence['column'] === 'customer_id',
    )
    expect(types?.message).toContain('int8 here and text there')
    const groups = findings.filter(({ kind }) => kind === 'repeating-group')
    expect(groups.map(({ evidence }) => evidence['columns'])).toEqual([['phone1', 'phone2']])
  })

  it('gives fixes that run', async () => {
    const fixable = new Set([
      'varchar-255',
      'serial-not-identity',
      'missing-not-null',
      'enum-like-text',
      'created-without-default',
    ])
    for (const { fix } of findings.filter(({ kind }) => fixable.has(kind)))
      await pool.query(fix!.replaceAll('CONCURRENTLY ', ''))
    const again = await reviewSchema(pool)
    expect(again.filter(({ kind }) => fixable.has(kind))).toEqual([])
    const { rows } = await pool.query(
      'insert into customers (email, balance, is_active, tags, signup_day, points, state, prefs, fee, level, phone1, phone2) select email, balance, is_active, tags, signup_day, points, state, prefs, fee, level, phone1, phone2 from customers limit 1 returning id',
    )
    expect(rows).toEqual([{ id: 1_501 }])
  })
})

it('finds nothing to warn about in a plain, good schema', async () => {
  const pool = await server.database(
    'plain',
    `create table customers (id bigint generated always as identity primary key, email text not null unique, name text not null, created_at timestamptz not null default now());
     create table orders (id bigint generated always as identity primary key, customer_id bigint not null references customers (id), total numeric(12, 2) not null, status text not null check (status in ('new', 'paid')), placed_at timestamptz not null default now());
     create index on orders (customer_id);
     insert into customers (email, name) select 'c' || i || '@example.com', 'Name, of ' || i from generate_series(1, 300) i;
     insert into orders (customer_id, total, status) select 1 + i % 300, i, (array['new', 'paid'])[1 + i % 2] from generate_series(1, 3000) i`,
  )
  expect(await reviewSchema(pool)).toEqual([])
})
