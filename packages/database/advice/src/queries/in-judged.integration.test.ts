import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Pool } from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { systemClock, onOneSession, type Queryable } from '@esa/database-catalog/sql'
import { ownServer } from '@esa/database-catalog/testing'
import { ON_COPY } from '@esa/database-catalog/guard'
import { explainStatement } from '../measure/explain.ts'
import { explainQuery } from './explain-query.ts'
import { timeWorkload } from '../measure/workload-timing.ts'

const server = ownServer()
let pool: Pool

beforeAll(async () => {
  pool = await server.database(
    'ways',
    `create table orders (id int primary key, customer int not null, kind text not null, referrer int, priority int);
    create table customers (id int primary key);
    insert into customers select i from generate_series(1, 400) i;
    insert into orders select i, 1 + i % 400, 'k' || i % 40, i % 90, i % 5 from generate_series(1, 30000) i;
    create index on orders (customer); create index on orders (priority)`,
  )
  await pool.query('vacuum analyze')
  await pool.query('alter database ways set max_parallel_workers_per_gather = 0')
  await pool.query(`alter database ways set work_mem = '64kB'`)
  pool = await server.connect(pool.options.connectionString ?? '')
})

/** A session that notes what is sent on it. */
function noting(session: Queryable, sent: string[]): Queryable {
  const query: Queryable['query'] = (statement, values) => {
    sent.push(typeof statement === 'string' ? statement : statement.text)
    return session.query(statement, values)
  }
  return new Proxy(session, {
    get: (of, key) => {
      if (key === 'query') return query
      const value: unknown = Reflect.get(of, key)
      return typeof value === 'function' ? (value as () => unknown).bind(of) : value
    },
  })
}

/** What reached the server of a statement other than to be prepared, and what was executed without having been so. */
function leftovers(sent: string[], mark: string): string[] {
  let prepared = new Set<string>()
  return sent.filter((text) => {
    if (/^begin/i.test(text)) prepared = new Set()
    const name = /^PREPARE (\w+)/.exec(text)?.[1]
    if (name !== undefined) prepared.add(name)
    const run = /EXECUTE (\w+)/.exec(text)?.[1]
    if (run !== undefined && !prepared.has(run)) return true
    return name === undefined && text.includes(mark)
  })
}

// Every table that is marked by its alias is one of the statement.
describe('what is executed is what was judged in the same transaction', () => {
  it.each([
    ['settings', 'select * from orders mine order by kind, referrer, priority'],
    ['another condition', 'select mine.id from orders mine where mine.customer = 7 or mine.priority = 3'],
    ['a page', 'select mine.id, mine.kind from orders mine order by mine.id limit 5 offset 20000'],
    [
      'a subquery',
      'select mine.id, (select count(*) from orders o where o.customer = mine.id) from customers mine',
    ],
    [
      'NOT IN',
      'select mine.id from customers mine where mine.id not in (select referrer from orders where referrer is not null)',
    ],
  ])('explain: %s', async (_, sql) => {
    const sent: string[] = []
    await onOneSession(pool, (session) =>
      explainQuery(noting(session, sent), sql, { timeoutMs: 10_000, terms: ON_COPY }),
    )
    expect(sent.filter((text) => text.startsWith('PREPARE')).length).toBeGreaterThan(1)
    expect(leftovers(sent, 'mine')).toEqual([])
  })

  it('a workload, and the plan of its slowest', async () => {
    const sent: string[] = []
    const statements = [1, 2].map((n) => ({
      id: `s${n}`,
      weight: 1,
      sql: `select count(*) from orders mine where mine.priority = ${n}`,
    }))
    await onOneSession(pool, async (session) => {
      const noted = noting(session, sent)
      await timeWorkload(noted, { statements, runs: 3, terms: ON_COPY }, 95, systemClock)
      await explainStatement(noted, statements[0]!.sql, { terms: ON_COPY })
    })
    expect(sent.filter((text) => text.startsWith('EXECUTE')).length).toBe(6)
    expect(leftovers(sent, 'mine')).toEqual([])
  })

  it('no other file runs a text by itself but on a copy', () => {
    const root = join(import.meta.dirname, '../../..')
    const sources = globSync('*/src/**/*.ts', { cwd: root }).filter((file) => !file.endsWith('.test.ts'))
    const having = (words: string) =>
      sources.filter((file) => readFileSync(join(root, file), 'utf8').includes(words)).toSorted()
    expect(having('requireHarmless(')).toEqual([
      'catalog/src/guard/in-judged.ts',
      'catalog/src/guard/require-harmless.ts',
    ])
    // The bench and `tryOnCopy` have a copy, whose role is the sandbox's.
    expect(having(`queryMode: 'extended'`)).toEqual([
      'advice/src/advise/bench.ts',
      'advice/src/measure/workload-timing.ts',
      'advice/src/queries/try-fixes.ts',
      'catalog/src/guard/in-judged.ts',
      'catalog/src/guard/resolve.ts',
      'catalog/src/sql/queryable.ts',
    ])
  })
})

describe('a statement without an end', () => {
  it.each([
    ['a cross join', 'select count(*) from generate_series(1, 100000000) a, generate_series(1, 100000000) b'],
    ['a recursion', 'with recursive r(n) as (select 1 union all select n + 1 from r) select count(*) from r'],
    [
      'other forms that have none either',
      `select o.id from orders o, generate_series(1, 1000000000000) g where o.customer = 7 or o.priority = 3`,
    ],
    [
      'the page before a page',
      `select id from orders where (select count(*) from generate_series(1, 1000000000000)) > id order by id limit 5 offset 20`,
    ],
  ])('is stopped, with all that is tried for it, and that is said: %s', async (_, sql) => {
    const from = performance.now()
    const { executionMs, findings } = await explainQuery(pool, sql, { timeoutMs: 500, terms: ON_COPY })
    // Its own time, that of other forms, and the guard's.
    expect(performance.now() - from).toBeLessThan(10_000)
    expect(executionMs).toBeNull()
    expect(findings[0]).toMatchObject({ kind: 'cut-off', message: expect.stringContaining('was stopped') })
    const { rows } = await pool.query(
      `select count(*)::int as n from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() and datname = 'ways'`,
    )
    expect(rows).toEqual([{ n: 0 }])
    const asEvidence = explainStatement(pool, sql, { timeoutMs: 300, terms: ON_COPY })
    await expect(asEvidence).rejects.toMatchObject({
      code: 'database.timeout',
      kind: 'transient',
      hint: expect.stringContaining('LIMIT'),
    })
  })
})
