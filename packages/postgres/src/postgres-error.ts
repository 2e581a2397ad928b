import { EsaError, type ErrorKind } from '@esa/protocol'

/** SQLSTATE of an error from the server, undefined for any other error. Source: PostgreSQL, appendix A. */
export function sqlState(error: unknown): string | undefined {
  const own = (error as { code?: unknown } | null)?.code
  if (error instanceof EsaError) return sqlState(error.cause)
  return typeof own === 'string' && /^[0-9A-Z]{5}$/.test(own) ? own : undefined
}

/** Codes of Node's socket errors that come from a server that is away, not from a statement. */
const AWAY = /^(?:ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)/

function classify(error: unknown): [code: string, kind: ErrorKind, hint?: string] {
  const state = sqlState(error)
  if (state === '57014') return ['postgres.timed-out', 'transient']
  if (state === '55P03')
    return ['postgres.lock-timed-out', 'transient', 'another session holds the lock; try again']
  if (state === '42501') return ['postgres.not-allowed', 'terminal', 'grant the role what the message names']
  if (state !== undefined && /^(?:08|53|57P)/.test(state)) return ['postgres.unreachable', 'transient']
  if (state !== undefined && /^40/.test(state)) return ['postgres.aborted', 'transient']
  if (state !== undefined) return ['postgres.statement-failed', 'terminal']
  const { code = '', message = '' } = error as { code?: string; message?: string }
  const away = AWAY.test(code) || /connection (?:terminated|timeout)|not queryable|ended/i.test(message)
  return away ? ['postgres.unreachable', 'transient'] : ['postgres.failed', 'bug']
}

/** The error of a query as an EsaError, its cause kept; an EsaError passes unchanged. */
export function postgresError(error: unknown): EsaError {
  if (error instanceof EsaError) return error
  const [code, kind, hint] = classify(error)
  const message = error instanceof Error ? error.message : String(error)
  const state = sqlState(error)
  return new EsaError(code, kind, message, {
    cause: error,
    details: state === undefined ? {} : { sqlState: state },
    ...(hint === undefined ? {} : { hint }),
  })
}
