import { connectPool, createDatabase } from '@esa/pg-server'
import { hasOtherPostgres, startOtherPostgres, type TestServer } from '@esa/pg-server/testing'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HARMLESS_QUERIES, HARMLESS_SCHEMA } from '../../testing/harmless-queries.ts'
import { runGuarded } from '../../testing/run-guarded.ts'

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
    const words: string[] = []
    for (const sql of HARMLESS_QUERIES)
      await runGuarded(pool, sql, { timeoutMs: 5_000 }).catch((error: unknown) =>
        words.push(error instanceof Error ? error.message : String(error)),
      )
    const refused = new Set(words.filter((one) => !NEWER_SYNTAX.test(one)))
    const unseen = `PostgreSQL ${major} does not show what a statement would call`
    expect([...refused]).toEqual(major >= 15 ? [] : [unseen])
    // On 15 three statements are newer syntax.
    expect(words.length).toBe(major >= 15 ? Math.min(words.length, 3) : HARMLESS_QUERIES.length)
  }, 60_000)
})
