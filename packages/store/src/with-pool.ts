import { connectPool, mapPgError } from '@esa/pg-server'
import type { Pool } from 'pg'

/**
 * Runs `work` on a pool of one connection and closes it whatever happens. Errors come out mapped. `name` is seen in
 * pg_stat_activity.
 */
export async function withPool<T>(url: string, name: string, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = await connectPool(url, { max: 1, applicationName: `esa ${name}` })
  try {
    return await work(pool)
  } catch (error) {
    throw mapPgError(error)
  } finally {
    await pool.end()
  }
}
