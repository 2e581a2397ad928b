import {
  connectPool,
  createDatabase,
  ensureEmbeddedServer,
  stopEmbeddedServer,
  withDatabase,
} from '@esa/pg-server'
import { hasPgBouncer, openWebSocketProxy, startPgBouncer } from '@esa/pg-server/testing'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Queryable } from '../sql/queryable.ts'
import { runGuarded } from '../../testing/run-guarded.ts'

let home: string
let adminUrl: string
const closing: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'esa-guard-ways-'))
  ;({ adminUrl } = await ensureEmbeddedServer({ home }))
  const pool = await open(await createDatabase(adminUrl, 'ways'))
  await pool.query(`create function inside(x int) returns int language sql as 'select x + 1';
    create sequence counter; create function acts() returns bigint language sql as $$ select nextval('counter') $$`)
})

afterAll(async () => {
  for (const close of closing.toReversed()) await close()
  await stopEmbeddedServer({ home, mode: 'immediate' })
  await rm(home, { recursive: true, force: true })
})

async function open(url: string): Promise<Awaited<ReturnType<typeof connectPool>>> {
  const pool = await connectPool(url, { max: 3 })
  closing.push(() => pool.end())
  return pool
}

/** Statements that take a second tree, several at once, so that a pooler has sessions to mix up. */
async function runsAndRefuses(pool: Queryable): Promise<void> {
  const runs = Array.from({ length: 6 }, async (_, at) => {
    const { rows } = await runGuarded(pool, `select inside(${at}) as v`, { timeoutMs: 10_000 })
    expect(rows).toEqual([{ v: at + 1 }])
    await expect(runGuarded(pool, 'select acts()', { timeoutMs: 10_000 })).rejects.toMatchObject({
      code: 'sql.not-a-read',
    })
  })
  await Promise.all(runs)
  const { rows } = await pool.query('select is_called from counter')
  expect(rows).toEqual([{ is_called: false }])
}

const ways = [
  ['a WebSocket, by the driver of Neon', openWebSocketProxy] as const,
  ...(hasPgBouncer() ? [['PgBouncer in transaction mode', startPgBouncer] as const] : []),
]

it.each(ways)('the guard hears the tree and runs it through %s', async (_, start) => {
  const way = await start(adminUrl)
  closing.push(() => way.close())
  const pool = await open(withDatabase(way.url, 'ways'))
  await runsAndRefuses(pool)
  // Nothing of it stays in a session that another client gets next.
  const left = Array.from({ length: 6 }, () => pool.query('select name from pg_prepared_statements'))
  for (const { rows } of await Promise.all(left)) expect(rows).toEqual([])
})

it('refuses where a driver passes no messages of the server on', async () => {
  const client = await (await open(withDatabase(adminUrl, 'ways'))).connect()
  const deaf: Queryable = { query: (statement, values) => client.query(statement as string, values) }
  try {
    await expect(runGuarded(deaf, 'select inside(1)', { timeoutMs: 5_000 })).rejects.toMatchObject({
      code: 'sql.tree-unseen',
    })
    // It has listeners, and none of them is ever called.
    const dumb = { ...deaf, on: () => undefined, removeListener: () => undefined }
    await expect(runGuarded(dumb, 'select inside(1)', { timeoutMs: 5_000 })).rejects.toMatchObject({
      code: 'sql.tree-unseen',
    })
  } finally {
    client.release()
  }
})
