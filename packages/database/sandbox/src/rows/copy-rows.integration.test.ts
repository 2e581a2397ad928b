import { connectPool, createDatabase } from '@esa/pg-server'
import { hasPgBouncer, openWebSocketProxy, startPgBouncer } from '@esa/pg-server/testing'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import { sqlState, type Queryable } from '@esa/database-catalog/sql'
import { groundAt } from '../../testing/ground.ts'
import type { RowCopy, RowProgress } from './copy-rows.ts'
import type { RehearsalGround } from '../ground/ground.ts'
import { type Rehearsal, withRehearsal } from '../open-rehearsal.ts'
import { inTargetSnapshot } from '../schema/target-snapshot.ts'

const MIB = 1024 * 1024
const FULL: RowCopy = { mode: 'full', maxBytes: 1024 * MIB, maxMs: 60_000 }

/** A tree, customers with awkward values, and partitioned orders that refer to both. */
const SHOP = `
  create table tree (id int primary key, up int references tree);
  insert into tree select g, nullif(g / 2, 0) from generate_series(1, 5000) g;
  create table customers (id bigint generated always as identity primary key, mail text unique, doc jsonb, blob bytea, fine boolean, tag char(5), at timestamptz, twice text generated always as (mail || mail) stored, nothing int);
  insert into customers (mail, doc, blob, fine, tag, at) select E'm\\t\\\\N' || g || E'\\r\\n', jsonb_build_object('a', E'x\\n\\\\'), '\\x00ff5c0a', g % 2 = 0, 'ab', '2024-02-29 12:00+02' from generate_series(1, 20000) g;
  create table orders (id bigint, day date, customer_id bigint not null references customers, node int references tree, primary key (id, day)) partition by range (day);
  create table orders_1 partition of orders for values from ('2024-01-01') to ('2024-07-01');
  create table orders_2 partition of orders default;
  insert into orders select g, date '2024-01-01' + g % 360, 20001 - (g % 20000 + 1), 1 + g % 5000 from generate_series(1, 60000) g;
  create table empty_rows (); insert into empty_rows select from generate_series(1, 3);
  create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no more'; end $$;
  create trigger refuse before insert on customers for each row execute function refuse();
  create materialized view per_customer as select customer_id, count(*) as n from orders group by 1`

const COUNTS = `select (select count(*)::int from tree) as tree, (select count(*)::int from customers) as customers, (select count(*)::int from orders) as orders, (select count(*)::int from empty_rows) as empty`
const CHECKSUM = `select md5(string_agg(c::text, '|' order by id)) as sum from customers c`
const UNKEPT = `select count(*)::int as n from pg_constraint where contype = 'f' and not convalidated`

describe('rows of a rehearsal', () => {
  const server = ownServer()
  let ground: RehearsalGround
  let shop: Queryable & { end(): Promise<void> }
  let shopUrl: string

  beforeAll(async () => {
    ground = groundAt(server.adminUrl)
    shopUrl = await createDatabase(server.adminUrl, 'shop')
    shop = await connectPool(shopUrl, { max: 2 })
    await shop.query(SHOP)
  })
  afterAll(async () => {
    await shop.end()
  })

  const copied = <T>(rows: RowCopy, work: (copy: Rehearsal) => Promise<T>, from: Queryable = shop) =>
    withRehearsal({ ground, id: 'rows', schema: { from }, rows }, work)
  const first = async (database: Queryable, query: string) => (await database.query(query)).rows[0]

  it('are all there, with their keys, statistics and views, and progress was reported', async () => {
    const told: RowProgress[] = []
    await copied(
      { ...FULL, onProgress: (progress) => told.push(progress) },
      async ({ queryable, missing, tables }) => {
        expect(missing).toEqual([])
        expect(tables.every(({ complete }) => complete)).toBe(true)
        expect(await first(queryable, COUNTS)).toEqual({
          tree: 5_000,
          customers: 20_000,
          orders: 60_000,
          empty: 3,
        })
        expect(await first(queryable, CHECKSUM)).toEqual(await first(shop, CHECKSUM))
        expect(await first(queryable, UNKEPT)).toEqual({ n: 0 })
        expect(await first(queryable, 'select count(*)::int as n from per_customer')).toEqual({ n: 20_000 })
        expect(
          await first(
            queryable,
            `select reltuples, relallvisible > 0 as seen from pg_class where relname = 'customers'`,
          ),
        ).toEqual({ reltuples: 20_000, seen: true })
      },
    )
    expect(told.at(-1)!.bytes).toBeGreaterThan(MIB)
    expect(new Set(told.map(({ relation }) => relation))).toContain('public.orders_1')
  })

  it('are a sample within its bytes, in which every reference holds', async () => {
    await copied({ ...FULL, mode: 'sample', maxBytes: 2 * MIB }, async ({ queryable, missing, tables }) => {
      expect(missing.map(({ kind }) => kind)).toEqual(['rows-sampled'])
      expect(tables.find(({ relation }) => relation === 'public.tree')).toMatchObject({ complete: true })
      const { customers, orders } = (await first(queryable, COUNTS)) as { customers: number; orders: number }
      expect(customers).toBeGreaterThan(1_000)
      expect(customers).toBeLessThan(20_000)
      expect(orders).toBeGreaterThan(1_000)
      expect(orders).toBeLessThan(30_000)
      expect(await first(queryable, UNKEPT)).toEqual({ n: 0 })
    })
  })

  it('without time are few, and still hold together', async () => {
    await copied({ ...FULL, mode: 'sample', maxMs: 1 }, async ({ queryable, tables }) => {
      expect(tables.filter(({ complete }) => !complete).length).toBeGreaterThan(1)
      expect(await first(queryable, UNKEPT)).toEqual({ n: 0 })
    })
  })

  it('are all or an error, where all were requested', async () => {
    const never = () => Promise.reject(new Error('not reached'))
    await expect(copied({ ...FULL, maxBytes: MIB }, never)).rejects.toMatchObject({
      code: 'rehearsal.too-large',
    })
    await expect(copied({ ...FULL, maxMs: 1 }, never)).rejects.toMatchObject({ code: 'rehearsal.incomplete' })
  })

  it('that may not be read are missing, and said to be', async () => {
    await shop.query(
      `create role reader login password 'r'; grant select on orders_1, orders_2, orders, tree, empty_rows to reader`,
    )
    const url = new URL(shopUrl)
    Object.assign(url, { username: 'reader', password: 'r' })
    const reader = await connectPool(url.href, { max: 2 })
    onTestFinished(() => reader.end())
    await copied(
      { ...FULL, mode: 'sample' },
      async ({ queryable, missing }) => {
        const said = missing.map(({ kind, relation, message }) => [
          kind,
          relation ?? message.split(' could')[0],
        ])
        expect(said).toEqual([
          ['not-rehearsed', 'constraint orders_customer_id_fkey on public.orders'],
          ['rows-missing', 'public.customers'],
        ])
        expect(await first(queryable, COUNTS)).toEqual({
          tree: 5_000,
          customers: 0,
          orders: 60_000,
          empty: 3,
        })
      },
      reader,
    )
  })

  it.runIf(hasPgBouncer())('come through a pooler in transaction mode', async () => {
    const pooler = await startPgBouncer(shopUrl)
    onTestFinished(() => pooler.close())
    await sameFrom(pooler.url)
  })

  it('come over WebSocket, as from Neon', async () => {
    const proxy = await openWebSocketProxy(shopUrl)
    onTestFinished(() => proxy.close())
    await sameFrom(proxy.url)
  })

  async function sameFrom(url: string): Promise<void> {
    const pool = await connectPool(url, { max: 2 })
    try {
      await copied(
        FULL,
        async ({ queryable }) =>
          expect(await first(queryable, CHECKSUM)).toEqual(await first(shop, CHECKSUM)),
        pool,
      )
    } finally {
      await pool.end()
    }
  }

  it('come from one moment, through a session that cannot write', async () => {
    const refused = await inTargetSnapshot(shop, async ({ session }) => {
      await shop.query('insert into public.tree values (5001, 1)')
      expect(await first(session, 'select count(*)::int as n from public.tree')).toEqual({ n: 5_000 })
      await session.query('savepoint here')
      const states: unknown[] = []
      for (const attempt of [
        'delete from public.tree',
        'set transaction read write',
        'create table public.t ()',
        `select nextval('public.customers_id_seq')`,
      ]) {
        await session.query(attempt).catch((error: unknown) => states.push(sqlState(error)))
        await session.query('rollback to savepoint here')
      }
      return states
    })
    expect(refused).toEqual(['25006', '25001', '25006', '25006'])
  })
})
