import { withCutOff } from './cut-off.ts'
import { withoutValues } from './withheld-words.ts'
import { postgresError } from './postgres-error.ts'
import { type Hearing, onOneSession, type Queryable } from './queryable.ts'

/** In the text of every statement this package sends for itself, so that its own work is never measured as traffic. */
export const OWN_MARK = '/* esa:own */'

/** Where names of our own queries are looked up: an operator or function that a user made is not found here. */
export const OWN_PATH = 'pg_catalog, pg_temp'

/** Leaves the path of the target for our own, and says what it was. Every name in it is written in full. */
const TO_OWN_PATH = `pg_catalog.current_setting('search_path') as path, pg_catalog.set_config('search_path', '${OWN_PATH}', true)`

const USE_PATH = `select ${OWN_MARK} pg_catalog.set_config('search_path', $1, true)`

/**
 * This query also takes the snapshot, after which the transaction can no longer be made writable. With standard strings
 * the server cuts the text as our parser did; with its digits no float is mistaken for another, whatever the database shows.
 */
const BEGIN = `select ${OWN_MARK} ${TO_OWN_PATH}, pg_catalog.set_config('statement_timeout', $1, true),
  pg_catalog.set_config('standard_conforming_strings', 'on', true), pg_catalog.set_config('extra_float_digits', '1', true),
  pg_catalog.pg_backend_pid() as pid, pg_catalog.current_setting('server_version_num') as version,
  pg_catalog.transaction_timestamp()::pg_catalog.text as "startedAt"`

/** A session in a read-only transaction, with the names of what was prepared in it: these outlive a rollback. */
export interface ReadOnlySession extends Queryable, Partial<Hearing> {
  prepared: string[]
  /** The search path of the target. Statements of others need it: `onTargetPath`. */
  path: string
  /** The server's major version. */
  major: number
}

/**
 * Runs `work` in a read-only transaction that is rolled back, each statement cut off after `timeoutMs`, from a second
 * session where the queryable is a pool. Names are looked up on `OWN_PATH`. What the server says of an error passes
 * `withoutValues` first.
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
        const { version, path, ...transaction } = rows[0] as Begun
        const major = Math.floor(Number(version) / 10_000)
        const { query } = withCutOff(session, queryable, transaction, timeoutMs)
        const told: Queryable['query'] = async (statement, values) => {
          try {
            return await query(statement, values)
          } catch (error) {
            throw withoutValues(error)
          }
        }
        return await work({ ...listening(session), query: told, prepared, path, major })
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

/** What the first query of a transaction answers. */
type Begun = { pid: number; startedAt: string; version: string; path: string }

/**
 * Runs statements of others, and looks up names as they write them, on the path of the target. A statement of our own
 * never belongs here: an operator or function that a user made would run with the rights of this role.
 */
export async function onTargetPath<T>(session: ReadOnlySession, work: () => Promise<T>): Promise<T> {
  await session.query(USE_PATH, [session.path])
  try {
    return await work()
  } finally {
    // After an error of the server this fails as well: then the savepoint that the caller returns to has our own path.
    await session.query(USE_PATH, [OWN_PATH]).catch(() => undefined)
  }
}

/** Runs queries of our own in a transaction of the caller's, whose path `work` receives and which has it again afterwards. */
export async function onOwnPath<T>(session: Queryable, work: (path: string) => Promise<T>): Promise<T> {
  const path = await toOwnPath(session)
  try {
    return await work(path)
  } finally {
    await session.query(USE_PATH, [path]).catch(() => undefined)
  }
}

/** Leaves the path of the target for the rest of the caller's transaction, and returns it. @throws the server's error. */
export async function toOwnPath(session: Queryable): Promise<string> {
  const { rows } = await session.query(`select ${OWN_MARK} ${TO_OWN_PATH}`)
  return rows[0]!['path'] as string
}

/** The session's way to hear messages, bound to it; nothing for a driver that passes none. */
function listening(session: Queryable): Partial<Hearing> {
  const { on, removeListener } = session as Queryable & Partial<Hearing>
  if (!on || !removeListener) return {}
  return { on: on.bind(session), removeListener: removeListener.bind(session) }
}
