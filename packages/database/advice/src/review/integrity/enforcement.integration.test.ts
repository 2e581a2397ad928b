import type { Pool } from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Finding } from '@esa/database-catalog/sql'
import { ownServer } from '@esa/database-catalog/testing'
import { reviewSchema } from '../schema/review-schema.ts'
import { checkIntegrity } from './check-integrity.ts'

const server = ownServer()

/** The fixes of these, statement by statement. */
async function mend(pool: Pool, findings: readonly Finding[]): Promise<void> {
  for (const { fix } of findings)
    for (const statement of fix!.split(/;\n?/).filter((text) => text !== '')) await pool.query(statement)
}

describe('what is NOT ENFORCED', () => {
  let pool: Pool
  let findings: Finding[]
  beforeAll(async () => {
    pool = await server.database(
      'unenforced',
      `create table parents (id int primary key); insert into parents select generate_series(1, 10);
      create table counted (id int primary key, n int, constraint n_pos check (n > 0) not enforced);
      insert into counted values (1, 1);
      create table sound (id int primary key, parent_id int, constraint sound_fk foreign key (parent_id) references parents not enforced);
      insert into sound values (1, 1);
      create table broken (id int primary key, parent_id int, constraint broken_fk foreign key (parent_id) references parents not enforced);
      insert into broken values (1, 1), (2, 99);
      create table cut (id int, n int, constraint cut_pos check (n > 0) not enforced) partition by range (id);
      create table cut_1 partition of cut for values from (0) to (10)`,
    )
    findings = await checkIntegrity(pool)
  })
  const about = (constraint: string) =>
    findings.filter(({ evidence }) => evidence['constraint'] === constraint)

  it('checks nothing, and that is what is said', () => {
    expect(findings.filter(({ kind }) => kind === 'not-validated')).toEqual([])
    for (const name of ['n_pos', 'sound_fk', 'cut_pos'])
      expect(about(name)).toMatchObject([
        { kind: 'not-enforced', message: expect.stringContaining('checks nothing') },
      ])
    expect(findings.filter(({ kind }) => kind === 'foreign-key-without-index')).toEqual([])
  })

  it('is enforced by the fix, which runs', async () => {
    const broken = findings.find(({ kind }) => kind === 'orphans')!
    expect(broken.relation).toBe('public.broken')
    await expect(mend(pool, [broken])).rejects.toThrow('violates foreign key')
    await pool.query('delete from broken where id = 2')
    await mend(pool, [broken, ...findings.filter(({ kind }) => kind === 'not-enforced')])
    const again = await checkIntegrity(pool)
    const kinds = new Set(['not-enforced', 'not-validated', 'orphans'])
    expect(again.filter(({ kind }) => kinds.has(kind))).toEqual([])
    await expect(pool.query('insert into counted values (2, -1)')).rejects.toThrow('n_pos')
    await expect(pool.query('insert into cut values (2, -1)')).rejects.toThrow('cut_pos')
    await expect(pool.query('insert into broken values (3, 99)')).rejects.toThrow('broken_fk')
  })
})

const columnsOf = (evidence: Finding['evidence']): string => (evidence['columns'] as string[]).join()

describe('a partitioned table', () => {
  it('gets fixes that PostgreSQL runs on one', async () => {
    const pool = await server.database(
      'cut',
      `create table customers (id int primary key, email text);
      insert into customers select i, 'c' || i || '@example.com' from generate_series(1, 100) i;
      create table shops (id int primary key);
      insert into shops select generate_series(1, 10);
      create table orders (id int, customer_id int, shop_id int references shops, serial_no int, email text, deleted_at timestamptz)
        partition by range (serial_no);
      create table orders_1 partition of orders for values from (0) to (5000);
      create table orders_2 partition of orders for values from (5000) to (100000);
      insert into orders select i, 1 + i % 100, 1 + i % 10, i, 'o' || i || '@example.com' from generate_series(1, 9000) i;
      analyze`,
    )
    const findings = [...(await checkIntegrity(pool)), ...(await reviewSchema(pool))].filter(
      ({ relation }) => relation === 'public.orders',
    )
    const fixable = new Set([
      'foreign-key-without-index',
      'missing-foreign-key',
      'missing-unique',
      'missing-not-null',
    ])
    const found = findings.filter(({ kind }) => fixable.has(kind))
    expect(found.map(({ kind, evidence }) => `${kind} ${columnsOf(evidence)}`).toSorted()).toEqual([
      'foreign-key-without-index shop_id',
      'missing-foreign-key customer_id',
      'missing-not-null id,customer_id,shop_id,serial_no,email',
      'missing-unique email',
      'missing-unique id',
      'missing-unique serial_no',
    ])
    // Across the partitions nothing can keep a column unique by which they are not cut: that is said, and nothing to run.
    const unkeepable = found.filter(
      ({ kind, evidence }) => kind === 'missing-unique' && ['email', 'id'].includes(columnsOf(evidence)),
    )
    expect(unkeepable.map(({ fix }) => fix?.startsWith('-- '))).toEqual([true, true])
    await mend(
      pool,
      found.filter((one) => !unkeepable.includes(one)),
    )
    const again = [...(await checkIntegrity(pool)), ...(await reviewSchema(pool))]
    expect(
      again.filter(({ kind, relation }) => fixable.has(kind) && relation === 'public.orders'),
    ).toMatchObject([{ kind: 'missing-unique' }, { kind: 'missing-unique' }])
  })
})

describe('a table of more rows than are counted', () => {
  it('is said to be uncounted, where a column is meant to be a key', async () => {
    const pool = await server.database(
      'large',
      `create table people (email text, note text); insert into people select 'p' || i || '@example.com', 'x' from generate_series(1, 100) i;
      insert into people values ('p1@example.com', 'x'); analyze; update pg_class set reltuples = 3e6 where relname = 'people'`,
    )
    const found = (await checkIntegrity(pool)).filter(({ kind }) => /duplicate|unique/.test(kind))
    expect(found).toMatchObject([
      {
        kind: 'duplicates-uncounted',
        relation: 'public.people',
        evidence: { columns: ['email'], rows: 3_000_000 },
        fix: expect.stringMatching(/GROUP BY "email" HAVING count\(\*\) > 1;$/),
      },
    ])
  })
})
