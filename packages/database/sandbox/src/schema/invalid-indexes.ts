import { onOneSession, type Queryable, postgresError, sqlState } from '@esa/database-catalog/sql'
import { type FailedStep, HOPELESS } from './build-schema.ts'
import type { InvalidIndex } from './read-schema.ts'

/** How long a build waits for a transaction that does not end. */
const PATIENCE = '20ms'

/** SQLSTATE of a lock that was not to be had in time. */
const LOCK_TIMEOUT = '55P03'

/**
 * Makes indexes as they are where a concurrent build was given up: the build waits for a transaction that has written to the
 * table, and is stopped by lock_timeout. Its index stays, invalid. Answers those for which that did not come.
 */
export async function makeInvalid(pool: Queryable, indexes: readonly InvalidIndex[]): Promise<FailedStep[]> {
  if (indexes.length === 0) return []
  return onOneSession(pool, (builder) =>
    onOneSession(pool, async (writer) => {
      await builder.query(`set lock_timeout = '${PATIENCE}'; set search_path = ''`)
      const failed: FailedStep[] = []
      for (const index of indexes) {
        await writer.query('begin')
        try {
          await writer.query(`lock table ${index.relation} in row exclusive mode`)
          await builder.query(index.sql)
          failed.push({ ...index, why: 'its build came to an end: it is valid here' })
        } catch (error) {
          const state = sqlState(error)
          if (state === undefined || HOPELESS.test(state)) throw postgresError(error)
          if (state !== LOCK_TIMEOUT) failed.push({ ...index, why: (error as Error).message })
        } finally {
          await writer.query('rollback')
        }
      }
      await builder.query('discard all')
      return failed
    }),
  )
}
