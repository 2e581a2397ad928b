import { createDatabase, ensureEmbeddedServer, connectPool, stopEmbeddedServer } from '@esa/pg-server'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pool } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { isHarmlessFunction, knownHarmless } from './harmless-functions.ts'

let home: string
let pool: Pool

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'esa-known-'))
  const { adminUrl } = await ensureEmbeddedServer({ home })
  pool = await connectPool(await createDatabase(adminUrl, 'known'), { max: 1 })
})

afterAll(async () => {
  await pool.end()
  await stopEmbeddedServer({ home, mode: 'immediate' })
  await rm(home, { recursive: true, force: true })
})

it('knows the list of each major, and nothing of a major that was never listed', () => {
  for (const major of [14, 15, 16, 17, 18]) {
    expect(isHarmlessFunction(major, 'abs(integer)')).toBe(true)
    expect(isHarmlessFunction(major, 'pg_advisory_lock(bigint)')).toBe(false)
    // Reads its text as whatever type its second argument names, and runs that type's checks.
    expect(isHarmlessFunction(major, 'domain_in(cstring, oid, integer)')).toBe(false)
    // Computes the key of a partitioned table that is in no tree.
    expect(isHarmlessFunction(major, 'pg_get_partition_constraintdef(oid)')).toBe(false)
  }
  expect([isHarmlessFunction(17, 'uuidv7()'), isHarmlessFunction(18, 'uuidv7()')]).toEqual([false, true])
  expect(isHarmlessFunction(99, 'abs(integer)')).toBe(false)
})

it('says of object ids which are harmless, which are not and which depend on their body', async () => {
  await pool.query(`create extension citext; create function own(x int) returns int language sql as 'select x';
    create function claims(x int) returns int immutable language plpgsql as 'begin return x; end';
    create function pg_catalog.abs(x text) returns int immutable language sql as 'select 1'`)
  const names = ['abs(int)', 'nextval(regclass)', 'citext(inet)', 'own(int)', 'claims(int)', 'abs(text)']
  const { rows } = await pool.query(
    'select array(select n::regprocedure::oid from unnest($1::text[]) n) as oids',
    [names],
  )
  const known = await knownHarmless(pool, [...(rows[0].oids as number[]), 999_999])
  expect(
    Object.fromEntries(known.map(({ oid, verdict }) => [names[rows[0].oids.indexOf(oid)], verdict])),
  ).toEqual({
    'abs(int)': 'harmless',
    'nextval(regclass)': { refusedBecause: expect.stringContaining('known to only read') },
    'citext(inet)': 'harmless',
    'own(int)': 'follow',
    'claims(int)': { refusedBecause: expect.stringContaining('plpgsql') },
    'abs(text)': 'follow',
  })
})
