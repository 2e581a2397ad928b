import { connectPool, isPooler, mapPgError } from '@esa/pg-server'
import type { Pool, PoolClient } from 'pg'
import { WAKE_CHANNEL } from './postgres-sql.ts'

/** Pause before a lost LISTEN connection is made again, ms. The poll beside it carries on meanwhile. */
const RECONNECT_MS = 1_000

/**
 * Listens on a connection of its own and makes it again when it breaks. Best effort: while the database is away nothing
 * is heard, and behind a transaction-mode pooler nothing is even tried, because a LISTEN would stay with some other
 * client's connection. Its user must poll as well.
 */
export async function listenForWake(url: string, onWake: () => void): Promise<() => Promise<void>> {
  if (isPooler(url)) return async () => {}
  const pool: Pool = await connectPool(url, { max: 1, applicationName: 'esa listen' })
  let held: PoolClient | null = null
  let timer: NodeJS.Timeout | null = null
  let stopped = false

  const retry = (): void => {
    held?.release(true)
    held = null
    if (!stopped && timer === null) timer = setTimeout(() => void connect().catch(retry), RECONNECT_MS)
  }
  const connect = async (): Promise<void> => {
    timer = null
    const client = await pool.connect()
    if (stopped) return client.release(true)
    held = client
    const lost = (): void => {
      if (held === client) retry()
    }
    client.on('error', lost)
    client.on('end', lost)
    client.on('notification', onWake)
    await client.query(`listen ${WAKE_CHANNEL}`)
  }

  await connect().catch((error: unknown) => {
    // An unreachable database is what the poll is for. Anything else is the caller's to know, who begins; later it may
    // heal, like a password that is being changed, and must not take down the listener.
    if (mapPgError(error).kind !== 'transient') throw error
    retry()
  })
  return async () => {
    stopped = true
    if (timer !== null) clearTimeout(timer)
    held?.release(true)
    held = null
    await pool.end()
  }
}
