import { connectPool, createDatabase } from '@esa/pg-server'
import type { Pool } from 'pg'
import { afterAll, beforeAll } from 'vitest'
import { ON_COPY } from '@esa/database-catalog/guard'
import { ownServer } from '@esa/database-catalog/testing'
import { type ExplainedQuery, explainQuery } from '../src/queries/explain-query.ts'

const SCHEMA = `create schema sales; set search_path = sales;
create table customers (id int primary key, company text not null, email varchar(80), region text, code char(6), joined date not null);
create table orders (id bigint primary key, customer int not null references customers, placed timestamptz not null,
  shipped timestamp, status text not null, kind text not null, total numeric(10, 2), referrer int, priority int);
insert into customers select i, 'C' || i, 'User' || i || '@example.com', case when i % 50 = 0 then null else 'r' || i % 7 end,
  lpad((i % 900)::text, 5, '0'), date '2020-01-01' + i % 900 from generate_series(1, 3000) i;
insert into orders select i, 1 + (i * 7) % 3000, timestamptz '2024-01-01 00:00+00' + i * interval '11 min',
  case when i % 10 = 0 then null else timestamp '2024-01-02' + i * interval '11 min' end, 's' || i % 40, 'k' || i % 40, i % 1000,
  case when i % 50 = 0 then null else i % 90 end, i % 5 from generate_series(1, 60000) i;
create index on orders (placed); create index on orders (shipped); create index on customers (email); create index on customers (joined);
create index on orders (customer); create index on customers (code); create index on orders (priority);`

/** A database of customers and orders, whose queries are explained. */
export interface Sales {
  /** From the first `beforeAll` on. */
  readonly pool: Pool
  /** Cut off after `timeoutMs`, 20 s unless said otherwise. */
  explain(sql: string, timeoutMs?: number): Promise<ExplainedQuery>
}

/** Makes it before the tests of this file, on a server of their own. */
export function ownSales(): Sales {
  const server = ownServer()
  let pool: Pool
  beforeAll(async () => {
    const { adminUrl } = server
    pool = await connectPool(await createDatabase(adminUrl, 'explained'))
    await pool.query(SCHEMA)
    await pool.query('analyze')
    await pool.query('alter database explained set search_path = sales')
    // What is tried must not depend on how many workers this machine has.
    await pool.query('alter database explained set max_parallel_workers_per_gather = 0')
    await pool.end()
    pool = await connectPool(await createDatabase(adminUrl, 'explained'), { max: 3 })
  })

  afterAll(async () => {
    await pool?.end()
  })
  return {
    get pool() {
      return pool
    },
    explain: (sql, timeoutMs = 20_000) => explainQuery(pool, sql, { timeoutMs, terms: ON_COPY }),
  }
}
