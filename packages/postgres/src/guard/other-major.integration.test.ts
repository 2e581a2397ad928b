import { connectPool, createDatabase } from '@esa/pg-server'
import { hasOtherPostgres, startOtherPostgres, type TestServer } from '@esa/pg-server/test-servers'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HARMLESS_QUERIES, HARMLESS_SCHEMA } from './harmless-queries.fixture.ts'
import { runGuarded } from './run-guarded.ts'

/** What versions before the last ones lack. */
const NEWER_SYNTAX = /syntax error|does not exist|could not determine/

describe.runIf(hasOtherPostgres())('the guard on another major', () => {
  let server: TestServer
  let pool: Pool
  let major: number

  beforeAll(async () => {
    server = await startOtherPostgres()
    pool = await connectPool(await createDatabase(server.url, 'other_major'), { max: 3 })
    await pool.query(HARMLESS_SCHEMA)
    const { rows } = await pool.query(`select current_setting('server_version_num')::int / 10000 as major`)
    major = rows[0].major as number
  })

  afterAll(async () => {
    await pool.end()
    await server.close()
  })

  it('runs what only reads, or says that this major shows no tree', async () => {
    const refused: string[] = []
    for (const sql of HARMLESS_QUERIES)
      await runGuarded(pool, sql, { timeoutMs: 5_000 }).catch((error: unknown) => {
        if (!NEWER_SYNTAX.test(String(error))) refused.push(`${sql}: ${String(error)}`)
      })
    if (major >= 15) expect(refused).toEqual([])
    else {
      expect(refused).toHaveLength(HARMLESS_QUERIES.length)
      expect(new Set(refused.map((one) => one.slice(one.lastIndexOf('PostgreSQL'))))).toEqual(
        new Set([`PostgreSQL ${major} does not show what a statement would call`]),
      )
    }
  }, 60_000)
})
