import { type DestinationStream, type Logger, pino } from 'pino'
import type { Tracing } from '@esa/runtime'
import type { Config } from './config.ts'

/** Secrets never reach a log line, wherever it carries them. */
const REDACTED = [
  'url',
  'databaseUrl',
  'redisUrl',
  'ownerUrl',
  '*.url',
  '*.databaseUrl',
  '*.redisUrl',
  '*.ownerUrl',
  '*.connectionString',
  '*.password',
  ...['token', 'secret', 'authorization', 'cookie'].flatMap((name) => [
    name,
    `*.${name}`,
    `*.headers.${name}`,
  ]),
]

/** Wrappers around an error, at most: what is deeper says nothing new. */
const CAUSE_DEPTH_MAX = 6

/** The log of a worker, as JSON lines on stderr by default. Where something is traced, a line says in which trace it came about. */
export function workerLog(
  level: Config['logLevel'],
  destination: DestinationStream = process.stderr,
  tracing: Pick<Tracing, 'traceId'> | null = null,
): Logger {
  const mixin = (): { traceId?: string } => {
    const traceId = tracing?.traceId() ?? null
    return traceId === null ? {} : { traceId }
  }
  const redact = { paths: REDACTED, censor: '***' }
  return pino({ level, redact, serializers: { err: plainError }, mixin }, destination)
}

/**
 * What a log line says of an error: nothing but its words. Drivers hang more on theirs: ioredis the command that failed,
 * which for AUTH is the password.
 */
function plainError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : typeof error
  const { name, message, stack, cause } = error
  const { code } = error as { code?: unknown }
  return {
    type: name,
    ...(typeof code === 'string' ? { code } : {}),
    message,
    stack,
    ...(cause === undefined || depth >= CAUSE_DEPTH_MAX ? {} : { cause: plainError(cause, depth + 1) }),
  }
}
