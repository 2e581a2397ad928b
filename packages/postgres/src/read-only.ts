import { withCutOff } from './guard/cut-off.ts'
import { postgresError } from './postgres-error.ts'
import { onOneSession, type Queryable } from './queryable.ts'

/** In the text of every statement this package sends for itself, so that its own work is never measured as traffic. */
export const OWN_MARK = '/* esa:own */'

/**
 * This query also takes the snapshot, after which the transaction can no longer be made writable. With standard strings
 * the server cuts the text as our parser did; with its digits no float is told for another, whatever the database shows.
 */
const BEGIN = `select ${OWN_MARK} set_config('statement_timeout', $1, true), set_config('standard_conforming_strings',
  'on', true), set_config('extra_float_digits', '1', true), pg_backend_pid() as pid, transaction_timestamp()::text as "startedAt"`

/**
 * Runs `work` in a read-only transaction that is rolled back, each statement cut off after `timeoutMs`, from a second
 * session where the queryable is a pool.
 * @throws EsaError `database.*` with the server's error as cause; an EsaError of `work` passes unchanged.
 */
export async function inReadOnly<T>(
  queryable: Queryable,
  timeoutMs: number,
  work: (session: Queryable) => Promise<T>,
): Promise<T> {
  return onOneSession(queryable, async (session) => {
    try {
      await session.query('BEGIN READ ONLY')
      try {
        const { rows } = await session.query(BEGIN, [`${timeoutMs}ms`])
        const transaction = rows[0] as { pid: number; startedAt: string }
        return await work(withCutOff(session, queryable, transaction, timeoutMs))
      } finally {
        // A failed ROLLBACK means a lost session; the error that lost it is the one worth reporting.
        await session.query('ROLLBACK').catch(() => undefined)
      }
    } catch (error) {
      throw postgresError(error)
    }
  })
}
