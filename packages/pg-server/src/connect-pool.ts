import { EsaError } from '@esa/protocol'
import type { CustomTypesConfig, Pool, PoolConfig } from 'pg'
import { isNeon, isPooler, parseDatabaseUrl, webSocketProxy } from './database-url.ts'
import { mapPgError } from './map-pg-error.ts'

/** Connections of a pool when the caller has no opinion: PostgreSQL's default allows 100 to all its clients together. */
const POOL_MAX = 10
/** A server that does not answer in this time is as good as gone; a serverless one needs about 1 s to wake. */
const CONNECT_TIMEOUT_MS = 10_000
const IDLE_TIMEOUT_MS = 30_000
/** Before the first keep-alive probe: less than the minutes after which firewalls forget an idle connection. */
const KEEP_ALIVE_DELAY_MS = 10_000

const INT8_OID = 20
const INT8_ARRAY_OID = 1016

export interface PoolOptions {
  /** Most connections at once; 10 by default. */
  max?: number
  /** Seen in pg_stat_activity. */
  applicationName?: string
  /** Schemas in front; sent as a start-up option, so not for a transaction-mode pooler. */
  searchPath?: string
  /** The server cancels longer statements; behind a pooler, which takes no such option, the client stops waiting. */
  statementTimeoutMs?: number
  /** Default 10,000. */
  connectTimeoutMs?: number
  /** Gets connections that broke while idle; the pool replaces them by itself. */
  onError?: (error: EsaError) => void
}

/**
 * A pool that outlives restarts of its server: broken connections are dropped and replaced, and none of them can end the process.
 * `int8` and `int8[]` arrive as numbers in this pool. Nothing is connected yet. Close it with `end()`.
 * @throws EsaError `database.url-unreadable` (terminal); queries throw `database.unsafe-integer` beyond 2^53.
 */
export async function connectPool(url: string, options: PoolOptions = {}): Promise<Pool> {
  parseDatabaseUrl(url)
  const pool = await newPool(url, options)
  const report = (error: Error) => options.onError?.(mapPgError(error))
  pool.on('error', report)
  // While a client is checked out the pool does not listen to it, and an unheard 'error' ends the process.
  pool.on('connect', (client) => client.on('error', report))
  return pool
}

async function newPool(url: string, options: PoolOptions): Promise<Pool> {
  const config = await poolConfig(url, options)
  if (isNeon(url) || webSocketProxy(url) !== null) return await neonPool(config, webSocketProxy(url))
  const { default: pg } = await import('pg')
  return new pg.Pool(config)
}

/** A pool over WebSocket: to Neon itself, or through a plain proxy (Neon's own for local work, or one like it). */
async function neonPool(config: PoolConfig, proxy: string | null): Promise<Pool> {
  const { Client, Pool: NeonPool } = await import('@neondatabase/serverless')
  class ProxiedClient extends Client {
    constructor(given: ConstructorParameters<typeof Client>[0]) {
      super(given)
      if (proxy === null) return
      // Such a proxy only passes bytes on: neither TLS nor a password may be sent ahead of PostgreSQL's own answers.
      const plain = { wsProxy: proxy, useSecureWebSocket: false, pipelineTLS: false, pipelineConnect: false }
      Object.assign(this.neonConfig, plain)
    }
  }
  const neon = new NeonPool(config)
  // It makes its clients of this class, whatever its options say.
  Object.assign(neon, { Client: ProxiedClient })
  // Neon's Pool is node-postgres's over a WebSocket; only its bundled copy of the types is another.
  const pool: unknown = neon
  return pool as Pool
}

async function poolConfig(url: string, options: PoolOptions): Promise<PoolConfig> {
  const timeout = options.statementTimeoutMs
  return {
    connectionString: url,
    max: options.max ?? POOL_MAX,
    connectionTimeoutMillis: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
    types: await numbersForBigints(),
    ...(options.applicationName === undefined ? {} : { application_name: options.applicationName }),
    ...(options.searchPath === undefined ? {} : { options: `-c search_path=${options.searchPath}` }),
    ...(timeout === undefined
      ? {}
      : isPooler(url)
        ? { query_timeout: timeout }
        : { statement_timeout: timeout }),
  }
}

/** Type parsers of one pool; the driver's global ones stay as they are for others in the process. */
async function numbersForBigints(): Promise<CustomTypesConfig> {
  const { default: pg } = await import('pg')
  const parserOf: (oid: number, format?: 'text' | 'binary') => unknown = pg.types.getTypeParser
  const parseTexts = parserOf(INT8_ARRAY_OID) as (text: string) => Nested
  return {
    getTypeParser: (oid: number, format?: 'text' | 'binary') => {
      if (format !== 'binary' && oid === INT8_OID) return safeInteger
      if (format !== 'binary' && oid === INT8_ARRAY_OID)
        return (text: string) => deepNumbers(parseTexts(text))
      return parserOf(oid, format)
    },
  }
}

type Nested = string | null | Nested[]
type NestedNumbers = number | null | NestedNumbers[]

function deepNumbers(value: Nested): NestedNumbers {
  if (value === null) return null
  return Array.isArray(value) ? value.map(deepNumbers) : safeInteger(value)
}

function safeInteger(text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number)) return number
  throw new EsaError('database.unsafe-integer', 'bug', `The bigint ${text} does not fit a number exactly.`, {
    hint: 'Select it as text.',
  })
}
