import { connectPool, createDatabase, withDatabase } from '@esa/pg-server'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import { effectText } from '../plan/steps/effects.ts'
import { scriptMigration } from '../plan/steps/migration.ts'
import { LOSSLESS, LOSSY, SHOP } from '../../testing/planted-losses.ts'
import { type Verdict, verifyMigration } from './verify-migration.ts'

/** A clean copy for every migration: making a database for each would take the disk longer than all that is tested. */
const MAKE_AGAIN = `do $$ declare s text; begin
  for s in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop
    execute format('drop schema %I cascade', s); end loop; end $$; create schema public; ${SHOP}`

const server = ownServer()
let pool: Pool

beforeAll(async () => {
  const { adminUrl } = server
  await createDatabase(adminUrl, 'planted')
  pool = await connectPool(withDatabase(adminUrl, 'planted'), { max: 3 })
  await pool.query('alter database planted set synchronous_commit = off')
})
afterAll(async () => {
  await pool.end()
})

async function verdictOn(sql: string, whole = true): Promise<Verdict> {
  await pool.query(MAKE_AGAIN)
  const migration = await scriptMigration('planted.sql', sql)
  return await verifyMigration({ queryable: pool, whole, missing: [] }, migration, () => {})
}

describe('of a migration on a copy', () => {
  it.each(LOSSY)('a loss is found: $name', async ({ sql }) => {
    const { lossless, mismatches, findings } = await verdictOn(sql)
    expect({ lossless, failed: findings.filter(({ kind }) => kind === 'execution-failed') }).toEqual({
      lossless: false,
      failed: [],
    })
    expect(mismatches.length).toBeGreaterThan(0)
  })

  it.each(LOSSLESS)('nothing is called lost that is kept: $name', async ({ sql }) => {
    const { lossless, mismatches, findings } = await verdictOn(sql)
    const failed = findings.filter(({ severity }) => severity === 'error')
    expect({ lossless, mismatches, failed }).toEqual({ lossless: true, mismatches: [], failed: [] })
  })

  it('says which column, how many values, how they differ, and where to look, and tells no value', async () => {
    const { mismatches } = await verdictOn('update orders set note = trim(note) where id <= 10')
    expect(mismatches).toEqual([
      {
        relation: 'public.orders',
        column: 'note',
        why: '8 of 900 values are not what they were: 8 lost blanks (like id = 1)',
      },
    ])
  })

  it('tells what each step takes, as an approval names it', async () => {
    const parts = `create table parts (id int, kind int) partition by list (kind);
      create table parts_1 partition of parts for values in (1); create table parts_2 partition of parts for values in (2);
      insert into parts select g, 1 + g % 2 from generate_series(1, 60) g;
      create table heads (id int primary key); insert into heads values (1), (2);
      create table follows (head int references heads on delete cascade); insert into follows values (1), (1)`
    const sql = `update orders set note = trim(note) where id <= 10; do $$ begin delete from parts where id < 9; end $$;
      delete from heads where id = 1; alter table orders add label text; update orders set label = upper(note) where id > 0`
    const of = async (whole: boolean): Promise<Record<string, string[]>> => {
      await pool.query(`${MAKE_AGAIN}; ${parts}`)
      const migration = await scriptMigration('planted.sql', sql)
      const { effects } = await verifyMigration({ queryable: pool, whole, missing: [] }, migration, () => {})
      return Object.fromEntries(Object.entries(effects).map(([step, found]) => [step, found.map(effectText)]))
    }
    expect(await of(true)).toEqual({
      'statement-1': ['at most 10 rows of public.orders are overwritten'],
      'statement-2': ['at most 10 rows of public.parts are deleted'],
      'statement-3': [
        'at most 1 rows of public.heads are deleted',
        'at most 10 rows of public.follows are deleted',
      ],
    })
    // Of rows that were not copied nothing is known.
    expect(await of(false)).toEqual({})
    expect(
      (
        await verdictOn(
          'alter table orders add label text; update orders set label = upper(note) where id > 0',
        )
      ).effects,
    ).toEqual({})
  })

  it('a sample proves a loss but never its absence', async () => {
    expect((await verdictOn('alter table orders alter note type varchar(40)', false)).lossless).toBeNull()
    expect((await verdictOn('truncate items', false)).lossless).toBe(false)
  })

  it('one that does not run to its end is unverified, and an error', async () => {
    const { lossless, findings } = await verdictOn('truncate items; alter table nowhere add a int')
    expect(lossless).toBeNull()
    expect(findings).toMatchObject([{ kind: 'execution-failed', severity: 'error' }])
  })
})
