import { setTimeout as wait } from 'node:timers/promises'
import { EsaError } from '@esa/protocol'

/** How long a command waits for another one that starts or stops the server: a start after a crash replays the log. */
const LOCK_WAIT_MS = 90_000
/** Between two tries: short beside a start (about 1 s), rare enough to cost nothing. */
const LOCK_RETRY_MS = 25
const SQLITE_BUSY = 5

/**
 * Runs `work` while no other process of this machine runs work under the same lock file. The lock is the operating
 * system's (a SQLite file lock), so the death of its holder frees it at once, and a reused pid cannot fake it.
 * @throws EsaError `database.home-busy` (transient) when the holder does not finish in time.
 */
export async function withHomeLock<T>(lockFile: string, work: () => Promise<T>): Promise<T> {
  const { DatabaseSync } = await import('node:sqlite')
  const lock = new DatabaseSync(lockFile, { timeout: 0 })
  try {
    const giveUpAt = performance.now() + LOCK_WAIT_MS
    while (!tryLock(lock)) {
      if (performance.now() > giveUpAt) throw homeBusy(lockFile)
      await wait(LOCK_RETRY_MS)
    }
    return await work()
  } finally {
    lock.close()
  }
}

function tryLock(lock: { exec(sql: string): void }): boolean {
  try {
    lock.exec('BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return false
    throw error
  }
}

function homeBusy(lockFile: string): EsaError {
  return new EsaError(
    'database.home-busy',
    'transient',
    'Another process is still starting or stopping the embedded PostgreSQL.',
    {
      hint: `Try again in a moment; \`fuser ${lockFile}\` names the process.`,
      details: { lockFile },
    },
  )
}
