import { connectPool, createDatabase, withDatabase } from '@esa/pg-server'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ownServer } from '../own-server.fixture.ts'
import { scriptMigration } from '../apply/migration.ts'
import { LOSSLESS, LOSSY, SHOP } from './planted-losses.ts'
import { type Verdict, verifyMigration } from './verify-migration.ts'

/** A clean copy for every migration: making a database for each would take the disk longer than all that is tested. */
const ANEW = `do $$ declare s text; begin
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
  await pool.query(ANEW)
  const migration = await scriptMigration('planted.sql', sql)
  return await verifyMigration({ queryable: pool, whole }, migration, () => {})
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

  it('a sample proves a loss but never that there is none', async () => {
    expect((await verdictOn('alter table orders alter note type varchar(40)', false)).lossless).toBeNull()
    expect((await verdictOn('truncate items', false)).lossless).toBe(false)
  })

  it('one that does not run to its end is unverified, and an error', async () => {
    const { lossless, findings } = await verdictOn('truncate items; alter table nowhere add a int')
    expect(lossless).toBeNull()
    expect(findings).toMatchObject([{ kind: 'execution-failed', severity: 'error' }])
  })
})
