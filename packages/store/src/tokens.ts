import { hash as digest, randomBytes } from 'node:crypto'
import { covers, EsaError, type Scope, scopesOf } from '@esa/protocol'
import type { Store, TokenRow } from './store.ts'

/** 256 bits: it cannot be guessed, so that a plain hash at rest is enough. */
const SECRET_BYTES = 32

/** Tells a token from other secrets, for those who search for leaked ones. */
const PREFIX = 'esa_'

/** A new token and the hash to keep: the token itself is shown once and never stored. */
export function mintToken(): { token: string; hash: string } {
  const token = `${PREFIX}${randomBytes(SECRET_BYTES).toString('base64url')}`
  return { token, hash: hashOf(token) }
}

/** A new session of a browser: its secret is the cookie's, and refers to a token once it is in the store. */
export function mintSession(): { secret: string; hash: string } {
  const secret = randomBytes(SECRET_BYTES).toString('base64url')
  return { secret, hash: hashOf(sessionSecret(secret)) }
}

/** A new link that signs in, and the hash to keep. */
export function mintLink(): { secret: string; hash: string } {
  const secret = randomBytes(SECRET_BYTES).toString('base64url')
  return { secret, hash: linkHash(secret) }
}

/** The hash of a link's secret: no token and no cookie has the same. */
export function linkHash(secret: string): string {
  return hashOf(`link:${secret}`)
}

/** The secret of a cookie among all secrets: no token is one, so that a cookie never holds a token, nor a header a session. */
export function sessionSecret(cookie: string): string {
  return `session:${cookie}`
}

/**
 * Who acts with a token, when it may be used for `scope` (null: for anything) now, by the store's clock. Every edge asks here.
 * @throws EsaError `auth.token-unknown`, `auth.token-revoked`, `auth.token-expired` or `auth.scope` (terminal).
 */
export async function verifyToken(store: Store, token: string, scope: Scope | null): Promise<TokenRow> {
  const [row, { nowMs }] = await Promise.all([store.findToken(hashOf(token)), store.runtime()])
  if (row === null) throw refused('unknown', 'this token is not one of this runtime', CREATE)
  const details = { token: row.id, holder: row.holder }
  if (row.revokedAt !== null) throw refused('revoked', `token ${row.id} was revoked`, CREATE, details)
  if (nowMs >= row.expiresAt) throw refused('expired', `token ${row.id} has expired`, CREATE, details)
  if (scope !== null && !covers(scopesOf(row.scopes), scope)) {
    const message = `token ${row.id} is for ${row.scopes.join(', ')}, and this takes ${scope}`
    throw new EsaError('auth.scope', 'terminal', message, {
      hint: `ask for one: esa tokens create --as ${row.holder} --scope ${scope}`,
      details,
    })
  }
  return row
}

const CREATE = 'the database’s operator makes one: esa tokens create --as WHO --scope SCOPE'

function refused(what: string, message: string, hint: string, details = {}): EsaError {
  return new EsaError(`auth.token-${what}`, 'terminal', message, { hint, details })
}

/** The hash by which a secret is found; its bits are all there is to guess. */
export function hashOf(token: string): string {
  return digest('sha256', token)
}
