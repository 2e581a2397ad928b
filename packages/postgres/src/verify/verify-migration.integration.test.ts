import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  connectPool,
  createDatabase,
  ensureEmbeddedServer,
  stopEmbeddedServer,
  withDatabase,
} from '@esa/pg-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { scriptMigration } from '../apply/migration.ts'
import { LOSSLESS, LOSSY, SHOP } from './planted-losses.ts'
import { type Verdict, verifyMigration } from './verify-migration.ts'

let home: string
let admin: string
let databases = 0

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'esa-verify-'))
  admin = (await ensureEmbeddedServer({ home })).adminUrl
  await createDatabase(admin, 'planted')
  await onDatabase('planted', (pool) => pool.query(SHOP))
})
afterAll(async () => {
  await stopEmbeddedServer({ home, mode: 'immediate' })
  await rm(home, { recursive: true, force: true })
})

async function onDatabase<T>(
  name: string,
  work: (pool: Awaited<ReturnType<typeof connectPool>>) => Promise<T>,
): Promise<T> {
  const pool = await connectPool(withDatabase(admin, name), { max: 3 })
  try {
    return await work(pool)
  } finally {
    await pool.end()
  }
}

async function verdictOn(sql: string, whole = true): Promise<Verdict> {
  databases += 1
  const name = `copy_${databases}`
  await onDatabase('postgres', (pool) =>
    pool.query(`create database ${name} template planted strategy file_copy`),
  )
  const migration = await scriptMigration('planted.sql', sql)
  return await onDatabase(name, (pool) => verifyMigration({ queryable: pool, whole }, migration, () => {}))
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
