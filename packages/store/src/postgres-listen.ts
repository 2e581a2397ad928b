import { mapPgError } from '@esa/pg-server'
import pg from 'pg'
import { WAKE_CHANNEL } from './postgres-sql.ts'

/** Pause before a lost LISTEN connection is made again, ms. The poll beside it carries on meanwhile. */
const RECONNECT_MS = 1_000

/**
 * Listens on a connection of its own and makes it again when it breaks. Best effort: behind a pooler, or while the
 * database is away, nothing is heard, and whoever waits must poll as well.
 */
export async function listenForWake(url: string, onWake: () => void): Promise<() => Promise<void>> {
  let client: pg.Client | null = null
  let timer: NodeJS.Timeout | null = null
  let stopped = false

  const retry = (): void => {
    client = null
    if (!stopped && timer === null) timer = setTimeout(() => void connect(), RECONNECT_MS)
  }
  const connect = async (): Promise<void> => {
    timer = null
    const fresh = new pg.Client({ connectionString: url, keepAlive: true, application_name: 'esa listen' })
    fresh.on('error', retry)
    fresh.on('end', retry)
    fresh.on('notification', onWake)
    try {
      await fresh.connect()
      await fresh.query(`listen ${WAKE_CHANNEL}`)
      client = fresh
      if (stopped) await fresh.end()
    } catch (error) {
      // An unreachable database is what the poll is for; anything else would never heal, and is the caller's to know.
      if (mapPgError(error).kind !== 'transient') throw error
      retry()
    }
  }

  await connect()
  return async () => {
    stopped = true
    if (timer !== null) clearTimeout(timer)
    await client?.end()
  }
}
