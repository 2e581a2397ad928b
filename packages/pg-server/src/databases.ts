import { EsaError } from '@esa/protocol'
import type { Client } from 'pg'
import { databaseOf, parseDatabaseUrl, withDatabase } from './database-url.ts'
import { errorCode } from './error-code.ts'
import { mapPgError } from './map-pg-error.ts'

/** PostgreSQL cuts longer names silently, and two of them could become one. */
const NAME_MAX_BYTES = 63
const CONNECT_TIMEOUT_MS = 10_000
const DUPLICATE_DATABASE = '42P04'
const DUPLICATE_ROLE = '42710'
/** Two CREATE DATABASE at once can also collide in the catalog itself. */
const UNIQUE_VIOLATION = '23505'
/** The database that every server has, for statements about the others. */
const MAINTENANCE_DATABASE = 'postgres'

/** What a database is made with. */
export interface DatabaseOptions {
  /** It compares text by ICU's rules of that locale, else as the server's template does. */
  icuLocale?: string | undefined
  /** The role that owns it; unset: the role of the URL. Such a database is made from `template0`, which nothing can have changed. */
  owner?: string | undefined
}

/**
 * Makes database `name` on the server of `url`, unless it exists, and answers its URL.
 * @throws EsaError `database.permission`, `database.unreachable` and the others of mapPgError.
 */
export async function createDatabase(
  url: string,
  name: string,
  { icuLocale, owner }: DatabaseOptions = {},
): Promise<string> {
  assertName(name)
  await withClient(url, async (client) => {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])
    if (found.rowCount !== 0) return
    const whose = owner === undefined ? '' : ` OWNER ${client.escapeIdentifier(owner)}`
    const template = icuLocale === undefined && owner === undefined ? '' : ' TEMPLATE template0'
    const locale =
      icuLocale === undefined ? '' : ` LOCALE_PROVIDER icu ICU_LOCALE ${client.escapeLiteral(icuLocale)}`
    await client
      .query(`CREATE DATABASE ${client.escapeIdentifier(name)}${whose}${template}${locale}`)
      .catch((error: unknown) => {
        const code = errorCode(error)
        if (code !== DUPLICATE_DATABASE && code !== UNIQUE_VIOLATION) throw error
      })
  })
  return withDatabase(url, name)
}

/**
 * Removes database `name` with all its rows and ends the connections to it; false when there was none.
 * @throws EsaError of mapPgError.
 */
export async function dropDatabase(url: string, name: string): Promise<boolean> {
  assertName(name)
  const from = databaseOf(url) === name ? withDatabase(url, MAINTENANCE_DATABASE) : url
  return await withClient(from, async (client) => {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])
    await client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(name)} WITH (FORCE)`)
    return found.rowCount !== 0
  })
}

/** Makes the role that another URL of the same server names, with its password, unless it exists. @throws EsaError of mapPgError. */
export async function createLogin(url: string, roleUrl: string): Promise<void> {
  const { username, password } = parseDatabaseUrl(roleUrl)
  const name = decodeURIComponent(username)
  await withClient(url, async (client) => {
    const found = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [name])
    if (found.rowCount !== 0) return
    const secret = client.escapeLiteral(decodeURIComponent(password))
    await client
      .query(`CREATE ROLE ${client.escapeIdentifier(name)} LOGIN PASSWORD ${secret}`)
      .catch((error: unknown) => {
        const code = errorCode(error)
        if (code !== DUPLICATE_ROLE && code !== UNIQUE_VIOLATION) throw error
      })
  })
}

/** One connection for the length of `work`; its failures come out mapped. */
async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  parseDatabaseUrl(url)
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS })
  // A connection that breaks also fails the statement in hand, which is where it is handled.
  client.on('error', () => {})
  try {
    await client.connect()
    return await work(client)
  } catch (error) {
    throw mapPgError(error)
  } finally {
    await client.end().catch(() => {})
  }
}

function assertName(name: string): void {
  const bytes = Buffer.byteLength(name)
  if (bytes > 0 && bytes <= NAME_MAX_BYTES && !name.includes('\0')) return
  throw new EsaError(
    'database.name-invalid',
    'terminal',
    `A database name has 1 to ${NAME_MAX_BYTES} bytes.`,
    {
      details: { name },
    },
  )
}
