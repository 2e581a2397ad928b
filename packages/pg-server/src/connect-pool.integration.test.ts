import { describe, expect, it } from 'vitest'
import { connectPool } from './connect-pool.ts'
import { mapPgError } from './map-pg-error.ts'

describe('a pool over WebSocket', () => {
  it('finds its proxy away, and says so like any other server that is away', async () => {
    // Nothing listens on port 1.
    const pool = await connectPool('postgres://ada:hunter2@db.example/shop?wsproxy=127.0.0.1:1')
    const failure = mapPgError(await pool.query('select 1').catch((error: unknown) => error))
    expect(failure).toMatchObject({ code: 'database.unreachable', kind: 'transient' })
    expect(failure.message).not.toContain('hunter2')
    await pool.end()
  })
})
