import { connectPool, mapPgError } from '@esa/pg-server'
import type { Pool } from 'pg'

/** One works; a second is only opened where work cannot share a transaction with what guards it. */
const CONNECTIONS_MAX = 2

/**
 * Runs `work` on a small pool and closes it whatever happens. Errors come out mapped. `name` is seen in
 * pg_stat_activity.
 */
export async function withPool<T>(url: string, name: string, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = await connectPool(url, { max: CONNECTIONS_MAX, applicationName: `esa ${name}` })
  try {
    return await work(pool)
  } catch (error) {
    throw mapPgError(error)
  } finally {
    await pool.end()
  }
}
