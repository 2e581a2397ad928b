import { connectPool, createDatabase } from '@esa/pg-server'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import { measureConnections } from './measure-connections.ts'

const server = ownServer()
let owner: Pool
let stranger: Pool

beforeAll(async () => {
  const { adminUrl } = server
  const url = await createDatabase(adminUrl, 'crowded')
  owner = await connectPool(url, { max: 3 })
  await owner.query(`create role stranger login password 'secret' connection limit 7`)
  const own = new URL(url)
  own.username = 'stranger'
  own.password = 'secret'
  stranger = await connectPool(own.href, { max: 1 })
})
afterAll(async () => {
  await stranger.end()
  await owner.end()
})

describe('connections', () => {
  it('are counted as they are: what runs, what idles in a transaction, and what the server takes', async () => {
    const [idle, busy] = [await owner.connect(), await owner.connect()]
    await idle.query('begin; select 1')
    const sleeping = busy.query('select pg_sleep(60)').catch(() => 'cancelled')
    const numbers = await measureConnections(owner, { samples: 3, everyMs: 50 })
    await idle.query(
      `rollback; select pg_cancel_backend(pid) from pg_stat_activity where query like 'select pg_sleep%'`,
    )
    expect(await sleeping).toBe('cancelled')
    for (const session of [idle, busy]) session.release()
    const { rows } = await owner.query<{ max: number }>(
      `select current_setting('max_connections')::int as max`,
    )
    expect(numbers).toMatchObject({
      maxConnections: rows[0]?.max,
      samples: 3,
      roleLimit: -1,
      seesOthers: true,
      activeMax: 1,
      idleInTransactionMax: 1,
      // The cut-off of the look itself is not the server's setting.
      statementTimeoutMs: 0,
    })
    expect(numbers.idleInTransactionMs).toBeGreaterThanOrEqual(0)
  })

  it('of others are not guessed by a role that does not see them', async () => {
    const numbers = await measureConnections(stranger, { samples: 2, everyMs: 10 })
    expect(numbers).toMatchObject({ seesOthers: false, roleLimit: 7 })
  })
})
