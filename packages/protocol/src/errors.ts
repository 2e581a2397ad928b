/**
 * How a failure may be treated: `terminal` is never retried, `transient` is retried with backoff,
 * `bug` stops the step it happened in and raises an alarm.
 */
export type ErrorKind = 'terminal' | 'transient' | 'bug'

/** What a reader needs beside the message: ids and values (`details`), the way out (`hint`), the cause. */
export interface ErrorOptions {
  details?: Record<string, unknown>
  hint?: string
  cause?: unknown
}

/**
 * The one error of the runtime. `code` is dotted and stable (`incident.not-allowed`), and edges map it to an
 * exit code or an HTTP status; `message` says what and where, `hint` how to go on.
 */
export class EsaError extends Error {
  override readonly name = 'EsaError'
  readonly code: string
  readonly kind: ErrorKind
  readonly details: Record<string, unknown>
  readonly hint: string | undefined

  constructor(code: string, kind: ErrorKind, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.kind = kind
    this.details = options.details ?? {}
    this.hint = options.hint
  }
}

/** True for an `EsaError`, with the given code when one is given. */
export function isEsaError(error: unknown, code?: string): error is EsaError {
  return error instanceof EsaError && (code === undefined || error.code === code)
}
