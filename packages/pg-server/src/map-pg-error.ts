import { type ErrorKind, EsaError } from '@esa/protocol'

interface Rule {
  code: string
  kind: ErrorKind
  message: string
  hint?: string
}

const UNREACHABLE: Rule = {
  code: 'database.unreachable',
  kind: 'transient',
  message: 'The database cannot be reached.',
  hint: 'Check that it runs and that the URL is right; the embedded one starts with `esa up`.',
}
const BUSY: Rule = {
  code: 'database.busy',
  kind: 'transient',
  message: 'The database has no connection or memory to spare.',
  hint: 'Close idle clients, or raise max_connections.',
}
const SERIALIZATION: Rule = {
  code: 'database.serialization',
  kind: 'transient',
  message: 'Another transaction got in the way; this one was rolled back and can run again.',
}
const LOCKED: Rule = {
  code: 'database.locked',
  kind: 'transient',
  message: 'A lock was not granted in time.',
}
const TIMEOUT: Rule = {
  code: 'database.timeout',
  kind: 'transient',
  message: 'The statement ran out of time or was canceled.',
}
const READ_ONLY: Rule = {
  code: 'database.read-only',
  kind: 'transient',
  message: 'The database only answers reads at the moment.',
  hint: 'Is the URL that of a standby? After a failover it must name the new primary.',
}
const DISK_FULL: Rule = {
  code: 'database.disk-full',
  kind: 'transient',
  message: 'The database server has no disk space left.',
  hint: 'Free some space on its disk.',
}
const AUTH: Rule = {
  code: 'database.auth',
  kind: 'terminal',
  message: 'The database refuses this user or password.',
  hint: 'Check user and password in the URL, and pg_hba.conf on the server.',
}
const PERMISSION: Rule = {
  code: 'database.permission',
  kind: 'terminal',
  message: 'The database user lacks a right that this needs.',
  hint: 'Grant it, or connect as a user who has it.',
}
const ABSENT: Rule = {
  code: 'database.absent',
  kind: 'terminal',
  message: 'There is no such database.',
  hint: 'Create it, or name another one in the URL.',
}
const SCHEMA: Rule = {
  code: 'database.schema',
  kind: 'terminal',
  message: 'The statement does not fit the schema of the database.',
  hint: 'Run `esa migrate`, if this is the runtime’s own database.',
}
const CONFLICT: Rule = {
  code: 'database.conflict',
  kind: 'terminal',
  message: 'Such a row exists already.',
}
const CONSTRAINT: Rule = {
  code: 'database.constraint',
  kind: 'terminal',
  message: 'A constraint of the database refuses the row.',
}
const DATA: Rule = {
  code: 'database.data',
  kind: 'terminal',
  message: 'The database cannot take this value.',
}
const CORRUPT: Rule = {
  code: 'database.corrupt',
  kind: 'terminal',
  message: 'The database reports damaged data.',
  hint: 'Stop writing to it and restore a backup.',
}
const TLS: Rule = {
  code: 'database.tls',
  kind: 'terminal',
  message: 'No encrypted connection to the database could be made.',
  hint: 'Check sslmode in the URL and the certificate of the server.',
}
const FAILED: Rule = {
  code: 'database.failed',
  kind: 'terminal',
  message: 'The database refused a statement.',
}
const UNEXPECTED: Rule = { code: 'database.unexpected', kind: 'bug', message: 'The database driver failed.' }

/** SQLSTATE, the whole code before its class. Source: appendix A of the PostgreSQL 18 manual. */
const BY_SQLSTATE: Record<string, Rule> = {
  '08': UNREACHABLE,
  '57P01': UNREACHABLE,
  '57P02': UNREACHABLE,
  '57P03': UNREACHABLE,
  '57P05': UNREACHABLE,
  '53': BUSY,
  '53100': DISK_FULL,
  '40': SERIALIZATION,
  '55P03': LOCKED,
  '57014': TIMEOUT,
  '25P02': UNEXPECTED,
  '25P03': UNREACHABLE,
  '25P04': TIMEOUT,
  '25006': READ_ONLY,
  '28': AUTH,
  '42501': PERMISSION,
  '3D000': ABSENT,
  '3F': SCHEMA,
  '42': SCHEMA,
  '0A': SCHEMA,
  '23505': CONFLICT,
  '23': CONSTRAINT,
  '22': DATA,
  XX001: CORRUPT,
  XX002: CORRUPT,
}

/** Codes of Node's sockets. */
const BY_SYSTEM_CODE: Record<string, Rule> = {
  ECONNREFUSED: UNREACHABLE,
  ECONNRESET: UNREACHABLE,
  EPIPE: UNREACHABLE,
  ETIMEDOUT: UNREACHABLE,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  ENOTFOUND: UNREACHABLE,
  EAI_AGAIN: UNREACHABLE,
  ENOENT: UNREACHABLE,
  DEPTH_ZERO_SELF_SIGNED_CERT: TLS,
  SELF_SIGNED_CERT_IN_CHAIN: TLS,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: TLS,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: TLS,
  CERT_HAS_EXPIRED: TLS,
  ERR_TLS_CERT_ALTNAME_INVALID: TLS,
}

/** What the driver says without a code. */
const BY_MESSAGE: [RegExp, Rule][] = [
  [
    /connection terminated|timeout exceeded when trying to connect|connection error and is not queryable|timeout expired/i,
    UNREACHABLE,
  ],
  [/query read timeout/i, TIMEOUT],
  [/does not support SSL/i, TLS],
  [/password must be a string|SASL/i, AUTH],
]

/** Wrappers (an ORM's, an AggregateError of two addresses) around the driver's error, at most. */
const CAUSE_DEPTH_MAX = 6

interface DriverError {
  code?: unknown
  severity?: unknown
  message?: unknown
  table?: unknown
  column?: unknown
  constraint?: unknown
  cause?: unknown
  errors?: unknown
  type?: unknown
  target?: unknown
}

/**
 * Turns whatever a PostgreSQL driver threw into an EsaError that says whether trying again can help. The original stays as
 * its cause; the message holds the server's own words but never a row's values or a password. EsaErrors pass through.
 */
export function mapPgError(error: unknown): EsaError {
  const chain = causes(error)
  const mapped = chain.find((link) => link instanceof EsaError)
  if (mapped instanceof EsaError) return mapped
  // A code anywhere beats words; of words the innermost count, because wrappers quote statements and their parameters.
  const inward = chain.toReversed()
  for (const find of [ruleByCode, ruleByWords]) {
    for (const link of inward) {
      const rule = find(link)
      if (rule) return fromRule(rule, link, error)
    }
  }
  return fromRule(UNEXPECTED, inward[0] ?? {}, error)
}

function fromRule(rule: Rule, source: DriverError, cause: unknown): EsaError {
  // The server quotes the value it could not take: that stays in the cause.
  const words = typeof source.message === 'string' && rule !== DATA ? source.message.trim() : ''
  const details = Object.fromEntries(
    (['code', 'table', 'column', 'constraint'] as const)
      .map((key) => [key === 'code' ? 'sqlState' : key, source[key]] as const)
      .filter(([, value]) => typeof value === 'string'),
  )
  return new EsaError(rule.code, rule.kind, words === '' ? rule.message : `${rule.message} (${words})`, {
    cause,
    details,
    ...(rule.hint === undefined ? {} : { hint: rule.hint }),
  })
}

function ruleByCode(error: DriverError): Rule | undefined {
  // What a WebSocket throws is an event without a word of why.
  if (error.type === 'error' && error.target instanceof WebSocket) return UNREACHABLE
  if (typeof error.code !== 'string') return undefined
  const bySystem = BY_SYSTEM_CODE[error.code]
  if (bySystem || error.severity === undefined) return bySystem
  return BY_SQLSTATE[error.code] ?? BY_SQLSTATE[error.code.slice(0, 2)] ?? FAILED
}

function ruleByWords(error: DriverError): Rule | undefined {
  const words = typeof error.message === 'string' ? error.message : ''
  return BY_MESSAGE.find(([pattern]) => pattern.test(words))?.[1]
}

/** The error, its causes, and the parts of an aggregate, outermost first. */
function causes(error: unknown, depth = 0): DriverError[] {
  if (typeof error !== 'object' || error === null || depth > CAUSE_DEPTH_MAX) return []
  const link: DriverError = error
  const parts = Array.isArray(link.errors) ? link.errors.flatMap((part) => causes(part, depth + 1)) : []
  return [link, ...parts, ...causes(link.cause, depth + 1)]
}
