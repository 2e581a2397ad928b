import { withDatabase } from '@esa/pg-server'
import type { Pool } from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import type { Finding } from '@esa/database-catalog/sql'
import { checkIntegrity } from './check-integrity.ts'

const server = ownServer()

const FAULTS = `
create extension amcheck;
create table customers (id int primary key, email text, name text);
insert into customers select i, 'c' || i || '@example.com', case when i = 5 then null else 'n' || i end from generate_series(1, 500) i;
update customers set email = 'c1@example.com' where id = 2;
create table products (id bigint primary key);
insert into products select i from generate_series(1, 50) i;
create table orders (id int generated always as identity primary key, customer_id int, product_id int references products, coupon_id int);
insert into orders (customer_id, product_id, coupon_id) select 1 + i % 500, 1 + i % 50, i from generate_series(1, 2000) i;
update orders set customer_id = 7000 + id where id <= 3;
create table lines (order_id int references orders (id), product_id bigint);
alter table lines add constraint lines_again foreign key (order_id) references orders (id);
insert into lines select 1 + i % 2000, 1 + i % 50 from generate_series(1, 2100) i;
create table reviews (id int primary key, product_id bigint, stars int);
insert into reviews select i, 1 + i % 50, 9 from generate_series(1, 100) i;
insert into reviews values (101, 999, 1);
alter table reviews add constraint reviews_product foreign key (product_id) references products not valid;
alter table reviews add constraint stars_check check (stars < 6) not valid;
create table invoices (id int primary key, product_id bigint references products);
alter table invoices disable trigger all;
insert into invoices values (1, 777);
create table tiny (id smallserial primary key);
select setval('tiny_id_seq', 31000);
create table behind (id serial primary key);
insert into behind values (40);
create table imported (id int primary key, customer_id int);
insert into imported select i, 100000 + i from generate_series(1, 40) i;
create table log (at timestamptz, what text);
insert into log values ('2026-01-01', 'twice'), ('2026-01-01', 'twice');`

describe('a database with planted faults', () => {
  let findings: Finding[]
  let pool: Pool
  beforeAll(async () => {
    pool = await server.database('faults', FAULTS)
    findings = await checkIntegrity(pool)
  })
  const of = (kind: string, relation: string): Finding | undefined =>
    findings.find((finding) => finding.kind === kind && finding.relation === `public.${relation}`)

  it.each([
    ['orphans', 'orders', { orphans: 3, looked: 2_000, columns: ['customer_id'] }],
    ['orphans', 'reviews', { orphans: 1, looked: 101 }],
    ['orphans', 'invoices', { orphans: 1, looked: 1 }],
    ['missing-foreign-key', 'lines', { columns: ['product_id'], orphans: 0 }],
    ['not-validated', 'reviews', { constraint: 'stars_check' }],
    ['duplicate-foreign-key', 'lines', { columns: ['order_id'] }],
    ['foreign-key-type', 'orders', { column: 'product_id', type: 'integer', referencedType: 'bigint' }],
    ['foreign-key-without-index', 'lines', { columns: ['order_id'] }],
    ['disabled-trigger', 'invoices', { constraint: 'invoices_product_id_fkey' }],
    ['sequence-overflow', 'tiny', { last: '31000', end: '32767' }],
    ['sequence-behind', 'behind', { largest: '40', next: '1' }],
    ['duplicate-rows', 'customers', { columns: ['email'], duplicates: 1, looked: 500 }],
    ['duplicate-rows', 'log', { duplicates: 1, looked: 2 }],
    ['stray-nulls', 'customers', { column: 'name', nulls: 1, looked: 500 }],
  ])('finds %s in %s', (kind, relation, evidence) => {
    expect(of(kind, relation)?.evidence).toMatchObject(evidence)
    expect(of(kind, relation)?.fix).toBeTruthy()
  })

  it('calls nothing a reference that is none, and nothing corrupt', () => {
    expect(findings.filter(({ evidence }) => JSON.stringify(evidence).includes('coupon_id'))).toEqual([])
    expect(findings.filter(({ relation }) => relation === 'public.imported')).toEqual([])
    expect(findings.filter(({ kind }) => kind === 'corrupt-index' || kind === 'not-checked')).toEqual([])
  })

  it('gives fixes that run: after them the same things are found no more', async () => {
    const fixable = new Set([
      'missing-foreign-key',
      'duplicate-foreign-key',
      'foreign-key-without-index',
      'sequence-behind',
    ])
    for (const { fix } of findings.filter((finding) => fixable.has(finding.kind))) {
      expect(fix).toBeDefined()
      for (const statement of fix!.split(/;\n?/).filter((text) => text !== '')) await pool.query(statement)
    }
    const again = await checkIntegrity(pool)
    expect(again.filter(({ kind }) => fixable.has(kind))).toEqual([])
  })
})

describe('a column that is a key by its name and its data, and by no constraint', () => {
  let findings: Finding[]
  beforeAll(async () => {
    const pool = await server.database(
      'keyless',
      `create table people (id int, name text); insert into people select i, 'n' || i from generate_series(1, 60) i; insert into people values (7, 'again'), (8, 'again');
       create table parties (party_id bigint, name text); insert into parties select i, 'n' || i from generate_series(1, 30) i; insert into parties select i, 'm' || i from generate_series(1, 30) i;
       create table devices (id int primary key, token text, kind text, reading_id int); insert into devices select i, 't' || i, 'k', i % 7 from generate_series(1, 40) i; update devices set token = 't1' where id = 2;
       create table few (id int, v int); insert into few values (1, 1), (2, 2), (3, 3), (3, 4);
       create table tags (id int, tag text); insert into tags select 1, 'x' || i from generate_series(1, 50) i;
       create table keyed (id int unique, code text); insert into keyed select i, 'c' || i % 3 from generate_series(1, 50) i`,
    )
    findings = await checkIntegrity(pool)
  })
  const duplicates = (relation: string): unknown[] =>
    findings.flatMap((one) =>
      one.kind === 'duplicate-rows' && one.relation === `public.${relation}` ? [one.evidence] : [],
    )

  it.each([
    ['people', 'id', 2, 62],
    ['parties', 'party_id', 30, 60],
    ['devices', 'token', 1, 40],
    ['few', 'id', 1, 4],
  ])('has its duplicates counted: %s.%s', (relation, column, counted, looked) => {
    expect(duplicates(relation)).toEqual([
      expect.objectContaining({ columns: [column], duplicates: counted, looked }),
    ])
  })

  it.each(['tags', 'keyed'])('is not taken for one where the data says otherwise: %s', (relation) => {
    expect(duplicates(relation)).toEqual([])
  })
})

describe('what cannot be looked at', () => {
  it('is a finding, and the rest goes on', async () => {
    await server.database(
      'rights',
      `create table secret (id int primary key, customer_id int); insert into secret values (1, 1); create table customers (id int primary key, email text);
       insert into customers select i, 'same@example.com' || i / 2 from generate_series(1, 3) i;
       create table seen (customer_id int); insert into seen select 1 + i % 3 from generate_series(1, 30) i;
       create role looker login password 'looker'; grant select on customers, seen to looker`,
    )
    const url = new URL(withDatabase(server.adminUrl, 'rights'))
    Object.assign(url, { username: 'looker', password: 'looker' })
    const looker = await server.connect(url.href)
    const findings = await checkIntegrity(looker)
    expect(findings).toContainEqual(expect.objectContaining({ kind: 'no-right', relation: 'public.secret' }))
    expect(findings).toContainEqual(
      expect.objectContaining({ kind: 'missing-foreign-key', relation: 'public.seen' }),
    )
    const extension = findings.find(({ evidence }) => evidence['extension'] === 'amcheck')
    expect(extension?.fix).toContain('CREATE EXTENSION amcheck')
  })

  it('is a table that is being rebuilt: no check waits for long, and the others are checked', async () => {
    const pool = await server.connect(withDatabase(server.adminUrl, 'rights'))
    const other = await pool.connect()
    await other.query('begin; lock table seen in access exclusive mode')
    const findings = await checkIntegrity(pool)
    await other.query('rollback')
    other.release()
    expect(findings).toContainEqual(expect.objectContaining({ kind: 'not-checked', relation: 'public.seen' }))
    expect(findings).toContainEqual(
      expect.objectContaining({ kind: 'missing-foreign-key', relation: 'public.secret' }),
    )
  })

  it('is counted when the time is up', async () => {
    const pool = await server.connect(withDatabase(server.adminUrl, 'rights'))
    const findings = await checkIntegrity(pool, { budgetMs: 0 })
    expect(findings).toContainEqual(expect.objectContaining({ kind: 'not-checked', severity: 'info' }))
  })
})
