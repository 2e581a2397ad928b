import { connectPool, createDatabase } from '@esa/pg-server'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bothMajors } from '../../testing/both-majors.ts'
import { ownServer } from '../../testing/own-server.ts'
import type { Queryable } from '../sql/queryable.ts'
import { inReadOnly } from '../sql/read-only.ts'
import { definitionOf, foreignKeysOf, isChecked, keysOf, predicateOf, type Table } from './model.ts'
import { applicationTables, readCatalog } from './read-catalog.ts'

const SCHEMA = `create schema shop; create schema "Other";
  create domain shop.cents as int8 check (value >= 0);
  create table shop.customers (id serial primary key, email text collate "C" not null, "group" text[]);
  create table shop.orders (id bigint generated always as identity primary key, customer int not null references shop.customers on delete cascade,
    total shop.cents default 0 check (total < 1000), twice int8 generated always as (total * 2) stored, at timestamptz,
    unique (customer, at));
  create index early on shop.orders (lower(customer::text), at) where total > 5;
  create table "Other".parts (at date not null, n int) partition by range (at);
  create table "Other".parts_1 partition of "Other".parts for values from ('2026-01-01') to ('2027-01-01');
  create table shop.schema_migrations (version text); create view shop.seen as select 1 as one;
  insert into shop.customers (email) select 'c' || i from generate_series(1, 10) i; analyze shop.customers`

const both = bothMajors(ownServer())

describe.each(both.majors)('a catalog: %s', (major) => {
  let pool: Pool
  let tables: readonly Table[]
  beforeAll(async () => {
    pool = await connectPool(await createDatabase(both.url(major), 'catalog'))
    await pool.query(SCHEMA)
    tables = await inReadOnly(pool, 5_000, applicationTables)
  })
  afterAll(() => pool.end())

  const table = (relation: string): Table => tables.find((one) => one.relation === relation)!

  it('has the tables of the application by schema and name, and no records of tools', () => {
    expect(tables.map(({ relation }) => relation)).toEqual([
      'Other.parts',
      'Other.parts_1',
      'shop.customers',
      'shop.orders',
    ])
    const [whole, part, customers] = tables as [Table, Table, Table]
    expect(whole).toMatchObject({ partitioned: true, partition: false, root: null, partitionKey: ['at'] })
    expect(part).toMatchObject({ partitioned: false, partition: true, root: whole.oid, rows: null })
    expect(customers).toMatchObject({ rows: 10, readable: true, filtered: false, unlogged: false })
  })

  it('has columns with what their types are made of', () => {
    const { columns } = table('shop.orders')
    expect(columns.map(({ name, type, base, builtin }) => [name, type, base, builtin])).toEqual([
      ['id', 'bigint', 'int8', true],
      ['customer', 'integer', 'int4', true],
      ['total', 'shop.cents', 'int8', false],
      ['twice', 'bigint', 'int8', true],
      ['at', 'timestamp with time zone', 'timestamptz', true],
    ])
    expect(columns[0]).toMatchObject({
      nth: 1,
      identity: true,
      sequence: 'shop.orders_id_seq',
      notNull: true,
    })
    expect(columns[3]).toMatchObject({ generated: true, defaulted: false })
    expect(table('shop.customers').columns[1]).toMatchObject({ collation: 'pg_catalog."C"', notNull: true })
  })

  it('has constraints and indexes, and says what follows from them', () => {
    const orders = table('shop.orders')
    expect(keysOf(orders).map(({ columns }) => columns)).toEqual([['customer', 'at'], ['id']])
    expect(foreignKeysOf(orders)).toMatchObject([
      {
        references: 'shop.customers',
        columns: ['customer'],
        referencedColumns: ['id'],
        enforced: true,
      },
    ])
    expect(isChecked(orders, 'total')).toBe(true)
    expect(orders.columns.map(({ neverNull }) => neverNull)).toEqual([true, true, false, false, false])
    const early = orders.indexes.find(({ name }) => name === 'early')!
    expect(predicateOf(orders, early)).toContain('> 5')
    expect(early).toMatchObject({
      columns: [null, 'at'],
      numbers: [0, 5],
      partial: true,
      unique: false,
    })
  })

  it('has definitions, identities and what else belongs to a table', async () => {
    const facets = ['constraints', 'definitions', 'identities', 'attachments'] as const
    const { relations } = await inReadOnly(pool, 5_000, (session) => readCatalog(session, { facets }))
    const orders = relations.find(({ relation }) => relation === 'shop.orders')!
    expect(definitionOf(orders, foreignKeysOf(orders)[0]!)).toBe(
      'FOREIGN KEY (customer) REFERENCES shop.customers(id) ON DELETE CASCADE',
    )
    expect(orders.identities).toMatchObject([{ column: 'id', always: true, increment: '1', cycle: false }])
    expect(orders.attachments).toMatchObject({ triggers: [], publications: [], rowSecurity: false })
  })

  it('reads what is requested, wherever it is: one query a facet', async () => {
    const sent: unknown[] = []
    const [found] = await inReadOnly(pool, 5_000, async (session) => {
      const noting: Queryable = {
        query: (statement, values) => {
          sent.push(statement)
          return session.query(statement, values)
        },
      }
      const { oid } = table('shop.orders')
      return (await readCatalog(noting, { oids: [oid], facets: ['columns', 'activity'] })).relations
    })
    expect(found).toMatchObject({ relation: 'shop.orders', activity: { changed: 0, analyzedAt: null } })
    expect(found).not.toHaveProperty('indexes')
    expect(sent).toHaveLength(3)
    const some = await inReadOnly(pool, 5_000, (session) =>
      readCatalog(session, { schemas: ['shop'], kinds: ['v'], facets: [] }),
    )
    expect(some.relations.map(({ relation }) => relation)).toEqual(['shop.seen'])
  })
})
