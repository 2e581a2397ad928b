import { describe, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import type { Queryable } from '@esa/database-catalog/sql'
import { INDEX_CASES } from '../../../testing/index-pairs.ts'
import { type IndexFinding, reviewIndexes } from './review-indexes.ts'

const NEVER_MS = Number.MAX_SAFE_INTEGER

const server = ownServer()

const inSchema = (findings: IndexFinding[], schema: string): string[] =>
  findings
    .filter(({ index }) => index.startsWith(`${schema}.`))
    .map(({ kind, index }) => `${kind} ${index.slice(schema.length + 1)}`)
    .toSorted()

describe('index pairs', () => {
  it('are judged as they are: nothing false, nothing missed, and the DDL runs', async () => {
    const pool = await server.database('pairs')
    await pool.query('create extension pg_trgm; create extension btree_gist')
    expect(INDEX_CASES.length).toBeGreaterThanOrEqual(30)
    for (const [at, { sql }] of INDEX_CASES.entries())
      await pool.query(`create schema c${at}; set search_path = c${at}; ${sql}`)
    const { findings, notJudged } = await reviewIndexes(pool, NEVER_MS)
    const said = INDEX_CASES.map(
      ({ about, truth }, at) => [about, inSchema(findings, `c${at}`), truth.toSorted()] as const,
    )
    for (const [about, found, truth] of said) expect([about, found]).toEqual([about, truth])
    expect(findings).toHaveLength(INDEX_CASES.flatMap(({ truth }) => truth).length)
    expect(notJudged.join()).toContain('unused: scans have been counted for')
    for (const { ddl } of findings) await pool.query(ddl)
    expect((await reviewIndexes(pool, NEVER_MS)).findings).toEqual([])
  })
})

describe('a failed build', () => {
  it('is found; one that is under way is not, and neither is what is being built twice', async () => {
    const pool = await server.database('builds')
    await pool.query('create table t (a int); insert into t values (1), (1), (2)')
    await expect(pool.query('create unique index concurrently failed on t (a)')).rejects.toThrow(
      'could not create',
    )
    await pool.query('create index good on t (a)')
    const writer = await pool.connect()
    await writer.query('begin')
    await writer.query('insert into t values (3)')
    const build = pool.query('create index concurrently under_way on t (a)')
    for (let seen = false; !seen;) {
      const { rows } = await pool.query(`select from pg_index where indexrelid = to_regclass('under_way')`)
      seen = rows.length > 0
    }
    const { findings } = await reviewIndexes(pool, NEVER_MS)
    expect(inSchema(findings, 'public')).toEqual(['invalid failed'])
    expect(findings[0]).toMatchObject({
      severity: 'error',
      ddl: 'REINDEX INDEX CONCURRENTLY "public"."failed"',
    })
    await writer.query('rollback')
    writer.release()
    await build
    await pool.query('delete from t where a = 1')
    await pool.query(findings[0]!.ddl)
    const after = await reviewIndexes(pool, NEVER_MS)
    expect(inSchema(after.findings, 'public')).toEqual(['duplicate under_way', 'overlapping good'])
  })
})

describe('an index', () => {
  it('that no scan used is unused, unless something else relies on it', async () => {
    const pool = await server.database('scans')
    await pool.query(`create table parent (id int primary key);
      create table t (id int primary key, parent int references parent, used int, idle int, alone int unique, small int);
      insert into parent select generate_series(1, 10);
      insert into t select i, i % 10 + 1, i, i, i, i from generate_series(1, 20000) i`)
    await pool.query(
      'create index used on t (used); create index idle on t (idle); create index parents on t (parent)',
    )
    await pool.query('create index small on t (small) where small < 10; analyze')
    await pool.query(
      'set enable_seqscan = off; select count(*) from t where used = 5; select pg_stat_force_next_flush()',
    )
    await pool.query('select count(*) from t; select pg_stat_force_next_flush()')
    const { findings } = await reviewIndexes(pool, 0)
    expect(inSchema(findings, 'public')).toEqual(['unused idle'])
    expect(findings[0]?.because).toContain('no replica streams from here')
  })

  it('that is mostly air is bloated: measured where pgstattuple is, else estimated and said so', async () => {
    const pool = await server.database('air')
    await pool.query(
      'create table t (id int, a int); insert into t select i, i from generate_series(1, 400000) i',
    )
    await pool.query('create index airy on t (a); create index dense on t (id); analyze t')
    await pool.query('delete from t where id % 10 <> 0')
    await pool.query('vacuum analyze t')
    await pool.query('reindex index dense')
    const estimate = (await reviewIndexes(pool, NEVER_MS)).findings
    expect(estimate).toMatchObject([
      { kind: 'bloated', index: 'public.airy', evidence: { method: 'estimate' } },
    ])
    expect(estimate[0]?.because).toContain('an estimate')
    await pool.query('create extension pgstattuple')
    const measured = (await reviewIndexes(pool, NEVER_MS)).findings
    expect(measured).toMatchObject([
      { kind: 'bloated', index: 'public.airy', evidence: { method: 'pgstatindex' } },
    ])
    await pool.query(measured[0]!.ddl)
    expect((await reviewIndexes(pool, NEVER_MS)).findings).toEqual([])
  })

  it('is measured by the parts of a partitioned one, and what is dropped meanwhile loses none of the others', async () => {
    const pool = await server.database('parts')
    await pool.query(`create extension pgstattuple;
      create table p (id int, a int) partition by range (id);
      create table p1 partition of p for values from (0) to (400000);
      create table p2 partition of p for values from (400000) to (400010);
      insert into p select i, i from generate_series(1, 400009) i;
      create index p_a on p (a);
      create table gone (a int); insert into gone select i from generate_series(1, 300000) i;
      create index gone_a on gone (a); analyze;
      delete from p1 where id % 10 <> 0`)
    await pool.query('vacuum p1')
    const session = await pool.connect()
    let dropped = false
    const dropping: Queryable = {
      query: async (text, values) => {
        if (!dropped && typeof text === 'string' && text.includes('pgstatindex($1')) {
          dropped = true
          await pool.query('drop index gone_a')
        }
        return session.query(text, values)
      },
    }
    const { findings, notJudged } = await reviewIndexes(dropping, NEVER_MS).finally(() => session.release())
    expect(findings).toMatchObject([
      { kind: 'bloated', index: 'public.p1_a_idx', evidence: { method: 'pgstatindex' } },
    ])
    expect(notJudged.filter((one) => one.startsWith('bloated'))).toEqual([
      expect.stringContaining('public.gone_a could not be measured: while the statement ran'),
    ])
  })
})
