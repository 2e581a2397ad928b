import { withCutOff } from './guard/cut-off.ts'
import { withoutValues } from './guard/withheld-words.ts'
import { postgresError } from './postgres-error.ts'
import { type Hearing, onOneSession, type Queryable } from './queryable.ts'

/** In the text of every statement this package sends for itself, so that its own work is never measured as traffic. */
export const OWN_MARK = '/* esa:own */'

/**
 * This query also takes the snapshot, after which the transaction can no longer be made writable. With standard strings
 * the server cuts the text as our parser did; with its digits no float is told for another, whatever the database shows.
 */
const BEGIN = `select ${OWN_MARK} set_config('statement_timeout', $1, true), set_config('standard_conforming_strings',
  'on', true), set_config('extra_float_digits', '1', true), pg_backend_pid() as pid,
  current_setting('server_version_num')::int / 10000 as major, transaction_timestamp()::text as "startedAt"`

/** A session in a read-only transaction, with the names of what was prepared in it: these outlive a rollback. */
export interface ReadOnlySession extends Queryable, Partial<Hearing> {
  prepared: string[]
  /** The server's major version. */
  major: number
}

/**
 * Runs `work` in a read-only transaction that is rolled back, each statement cut off after `timeoutMs`, from a second
 * session where the queryable is a pool. What the server says of an error passes `withoutValues` first.
 * @throws EsaError `database.*` with the server's error as cause; an EsaError of `work` passes unchanged.
 */
export async function inReadOnly<T>(
  queryable: Queryable,
  timeoutMs: number,
  work: (session: ReadOnlySession) => Promise<T>,
): Promise<T> {
  return onOneSession(queryable, async (session) => {
    const prepared: string[] = []
    try {
      await session.query('BEGIN READ ONLY')
      try {
        const { rows } = await session.query(BEGIN, [`${timeoutMs}ms`])
        const { major, ...transaction } = rows[0] as { pid: number; startedAt: string; major: number }
        const { query } = withCutOff(session, queryable, transaction, timeoutMs)
        const told: Queryable['query'] = async (statement, values) => {
          try {
            return await query(statement, values)
          } catch (error) {
            throw withoutValues(error)
          }
        }
        return await work({ ...listening(session), query: told, prepared, major })
      } finally {
        // A failed ROLLBACK means a lost session; the error that lost it is the one worth reporting.
        // One message: behind a pooler the next one may reach another session.
        const ending = ['ROLLBACK', ...prepared.map((name) => `DEALLOCATE ${name}`)].join('; ')
        await session.query(ending).catch(() => undefined)
      }
    } catch (error) {
      throw postgresError(error)
    }
  })
}

/** The session's way to hear messages, bound to it; nothing for a driver that passes none. */
function listening(session: Queryable): Partial<Hearing> {
  const { on, removeListener } = session as Queryable & Partial<Hearing>
  if (!on || !removeListener) return {}
  return { on: on.bind(session), removeListener: removeListener.bind(session) }
}
