import { setTimeout as wait } from 'node:timers/promises'
import { mapPgError } from '@esa/pg-server'
import type { Pool, PoolClient } from 'pg'
import { buildIndex, concurrentIndexOf } from './build-index.ts'

/** Any number will do, as long as it is ours: two migrating processes take turns. */
const MIGRATION_LOCK = 7_361_105

/** Writers wait behind a migration that waits for its lock: so long at most, ms. */
const LOCK_TIMEOUT_MS = 200

/** Between two tries the workers have the table to themselves, ms. */
const RETRY_MS = 300

/** About a minute of tries: a table that is locked for longer needs an operator. */
const TRIES_MAX = 120

/** One migration as drizzle-kit wrote it; `when` orders them. */
export interface MigrationFile {
  when: number
  hash: string
  statements: string[]
}

/**
 * Applies what is missing of `files`, each in a transaction of its own, while workers go on. A lock that is not granted at
 * once is given up and requested again later, so that no session queues behind it for long. It needs no session: a
 * transaction-mode pooler will do; an index that is built CONCURRENTLY takes a second connection of `pool`.
 * @throws EsaError `database.locked` (transient) when the lock never came.
 */
export async function applyMigrations(pool: Pool, journal: string, files: MigrationFile[]): Promise<void> {
  for (const file of files) {
    for (let tries = 1; !(await tryOne(pool, journal, file, tries >= TRIES_MAX)); tries++)
      await wait(RETRY_MS)
  }
}

/** True when the migration is in; false when it could not have its locks, and nothing has changed. */
async function tryOne(pool: Pool, journal: string, file: MigrationFile, last: boolean): Promise<boolean> {
  const client = await pool.connect()
  let sound = false
  try {
    // An index build waits for holders of snapshots. Between the statements of read committed this holds none.
    await client.query('begin isolation level read committed')
    await client.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`)
    await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK])
    await applyOne(pool, client, journal, file)
    await client.query('commit')
    sound = true
    return true
  } catch (cause) {
    const error = mapPgError(cause)
    sound = await client.query('rollback').then(
      () => true,
      () => false,
    )
    if (error.code === 'database.locked' && !last) return false
    throw error
  } finally {
    client.release(!sound)
  }
}

async function applyOne(pool: Pool, client: PoolClient, journal: string, file: MigrationFile): Promise<void> {
  const { rows } = await client.query<{ newest: number | null }>(
    `select max(created_at)::bigint as newest from ${journal}`,
  )
  if ((rows[0]!.newest ?? 0) >= file.when) return
  const index = concurrentIndexOf(file.statements)
  if (index !== null) await buildIndex(pool, index)
  else for (const statement of file.statements) await client.query(statement)
  await client.query(`insert into ${journal} (hash, created_at) values ($1, $2)`, [file.hash, file.when])
}
