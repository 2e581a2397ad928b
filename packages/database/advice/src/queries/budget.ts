import { isEsaError } from '@esa/protocol'
import { systemClock, sqlState, type Queryable, OWN_MARK } from '@esa/database-catalog/sql'

/** What may be tried for one statement until its time is over, in a read-only transaction. */
export interface Budget {
  /** Runs `work`, each of its statements stopped at the end of the budget; undefined when it was, or was refused. */
  try<T>(work: () => Promise<T>): Promise<T | undefined>
}

/** A statement and its other forms may each have no end: all of them together take `ms` at most. */
export function budgetOf(session: Queryable, ms: number): Budget {
  const end = systemClock.now() + ms
  return {
    try: async (work) => {
      const left = Math.floor(end - systemClock.now())
      if (left <= 0) return undefined
      return inSavepoint(session, async () => {
        await session.query(`select ${OWN_MARK} pg_catalog.set_config('statement_timeout', $1, true)`, [
          `${left}ms`,
        ])
        return work()
      })
    },
  }
}

/**
 * What the server or the guard refuses, or is cut off, undoes nothing before it, and is undefined.
 * @throws what is not an answer of the server or the guard.
 */
export async function inSavepoint<T>(session: Queryable, work: () => Promise<T>): Promise<T | undefined> {
  await session.query('savepoint esa_try')
  try {
    const done = await work()
    await session.query('release savepoint esa_try')
    return done
  } catch (error) {
    const refused = isEsaError(error) && error.code.startsWith('sql.')
    if (sqlState(error) === undefined && !refused) throw error
    await session.query('rollback to savepoint esa_try')
    return undefined
  }
}
