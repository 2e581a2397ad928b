import { withCutOff } from './guard/cut-off.ts'
import { withoutValues } from './guard/withheld-words.ts'
import { postgresError } from './postgres-error.ts'
import { type Hearing, onOneSession, type Queryable } from './queryable.ts'

/** In the text of every statement this package sends for itself, so that its own work is never measured as traffic. */
export const OWN_MARK = '/* esa:own */'

/**
 * This query also takes the snapshot, after which the transaction can no longer be made writable. With standard strings
 * the server cuts the text as our parser did; with its digits no float is told for another, whatever the database shows.
 * No name in it is looked up where users may have put another.
 */
const BEGIN = `select ${OWN_MARK} pg_catalog.set_config('statement_timeout', $1, true), pg_catalog.set_config('standard_conforming_strings',
  'on', true), pg_catalog.set_config('extra_float_digits', '1', true), pg_catalog.pg_backend_pid() as pid,
  pg_catalog.current_setting('server_version_num') as version, pg_catalog.transaction_timestamp()::pg_catalog.text as "startedAt"`

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
        const { version, ...transaction } = rows[0] as { pid: number; startedAt: string; version: string }
        const major = Math.floor(Number(version) / 10_000)
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

/** Queries of our own look names up here only: a user's operator that fits them better is not called. */
export const OWN_PATH = 'pg_catalog, pg_temp'

const TO_OWN_PATH = `select ${OWN_MARK} pg_catalog.current_setting('search_path') as path,
  pg_catalog.set_config('search_path', '${OWN_PATH}', true)`

const USE_PATH = `select ${OWN_MARK} pg_catalog.set_config('search_path', $1, true)`

/**
 * Runs queries of our own where no name means what users have put on the search path: an operator or a function of theirs
 * would run with the rights of this role. `work` is told the path that the transaction has. In a transaction alone.
 */
export async function onOwnPath<T>(session: Queryable, work: (path: string) => Promise<T>): Promise<T> {
  const { rows } = await session.query(TO_OWN_PATH)
  const path = rows[0]!['path'] as string
  try {
    return await work(path)
  } finally {
    // After an error of the server this fails as well, and the caller's savepoint has the path.
    await session.query(USE_PATH, [path]).catch(() => undefined)
  }
}

/** The session's way to hear messages, bound to it; nothing for a driver that passes none. */
function listening(session: Queryable): Partial<Hearing> {
  const { on, removeListener } = session as Queryable & Partial<Hearing>
  if (!on || !removeListener) return {}
  return { on: on.bind(session), removeListener: removeListener.bind(session) }
}
