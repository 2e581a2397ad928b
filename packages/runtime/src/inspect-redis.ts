import { EsaError } from '@esa/protocol'
import { within } from './within.ts'

/** A server that has not answered in this time is as good as away, ms. */
const ANSWER_WITHIN_MS = 5_000

/** What an operator should know of a Redis before queues go there. */
export interface RedisFacts {
  version: string
  /** Null where the server does not tell. */
  evictionPolicy: string | null
  /** True when an append-only file is kept: after a crash fewer doorbells have to be rung again. */
  appendOnly: boolean
}

/** Asks a Redis about itself. @throws EsaError `queue.unreachable` (transient), `queue.auth` (terminal). */
export async function inspectRedis(url: string): Promise<RedisFacts> {
  const { Redis } = await import('ioredis')
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 })
  const why = lastError(redis)
  try {
    const info = await within(
      redis.connect().then(() => redis.info()),
      ANSWER_WITHIN_MS,
    )
    return {
      version: infoField(info, 'redis_version') ?? 'unknown',
      evictionPolicy: infoField(info, 'maxmemory_policy'),
      appendOnly: infoField(info, 'aof_enabled') === '1',
    }
  } catch (cause) {
    throw redisFailure(why() ?? cause)
  } finally {
    redis.disconnect()
  }
}

/** A field of what INFO answers, or null. */
export function infoField(info: string, name: string): string | null {
  return new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1] ?? null
}

/** The last thing that went wrong with a connection: its own promises only say that it is closed. */
export function lastError(redis: {
  on(event: 'error', listener: (error: Error) => void): unknown
}): () => Error | null {
  let last: Error | null = null
  redis.on('error', (error) => (last = error))
  return () => last
}

/** Why no Redis is to be had; no message holds a part of its URL. */
export function redisFailure(cause: unknown): EsaError {
  if (cause instanceof Error && /^(?:WRONGPASS|NOAUTH|NOPERM|ERR AUTH)/.test(cause.message))
    return new EsaError('queue.auth', 'terminal', 'Redis refuses this user or password', {
      cause,
      hint: 'check user and password in REDIS_URL',
    })
  return new EsaError('queue.unreachable', 'transient', 'Redis does not answer', {
    cause,
    hint: 'check that the server runs and that REDIS_URL is right',
  })
}
