import { EsaError, type ErrorKind } from '@esa/protocol'

/** SQLSTATE of an error from the server, undefined for any other error. Source: PostgreSQL, appendix A. */
export function sqlState(error: unknown): string | undefined {
  const own = (error as { code?: unknown } | null)?.code
  if (error instanceof EsaError) return sqlState(error.cause)
  return typeof own === 'string' && /^[0-9A-Z]{5}$/.test(own) ? own : undefined
}

/** Codes of Node's socket errors that come from a server that is away, not from a statement. */
const AWAY = /^(?:ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)/

/** What the driver says, without a code, of a session that is gone. */
const LOST = /connection (?:terminated|timeout)|not queryable|after calling end/i

/** The error of an endless statement, and of one that only takes long. */
const STOPPED =
  'it was stopped when its time was over: let it end (LIMIT, a condition on the recursion or the join), or give it longer'

/** By SQLSTATE, the whole code before its class. The codes are those of the rest of the runtime. */
const BY_STATE: Record<string, [code: string, kind: ErrorKind, hint?: string]> = {
  '57014': ['database.timeout', 'transient', STOPPED],
  '55P03': ['database.locked', 'transient', 'another session holds the lock; try again'],
  '42501': ['database.permission', 'terminal', 'grant the role what the message names'],
  '57P': ['database.unreachable', 'transient'],
  '08': ['database.unreachable', 'transient'],
  '53': ['database.busy', 'transient'],
  '40': ['database.serialization', 'transient'],
  '42': ['database.schema', 'terminal'],
}

function classify(error: unknown): [code: string, kind: ErrorKind, hint?: string] {
  const state = sqlState(error)
  if (state !== undefined) {
    const known = BY_STATE[state] ?? BY_STATE[state.slice(0, 3)] ?? BY_STATE[state.slice(0, 2)]
    return known ?? ['database.failed', 'terminal']
  }
  const { code, message } = error as { code?: unknown; message?: unknown }
  const away = AWAY.test(String(code)) || LOST.test(String(message))
  return away ? ['database.unreachable', 'transient'] : ['database.unexpected', 'bug']
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
