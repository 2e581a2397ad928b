import { readFileSync } from 'node:fs'
import type { SignInSettings } from '@esa/operations/identity-provider'
import { EsaError, type Scope, SCOPES } from '@esa/protocol'

/** How people sign in, before its secret is read. */
export type SignInConfig = Omit<SignInSettings, 'clientSecret'> & { secretFile: string | null }

/** A secret is a line; a larger file is something else, bytes. */
const SECRET_MAX = 16 * 1024

/**
 * The settings of the identity provider, or null where none is named.
 * @throws EsaError `config.invalid` (terminal) when one is there without the other, or names an unknown scope.
 */
export function signInConfig(set: {
  ESA_OIDC_ISSUER?: string | undefined
  ESA_OIDC_CLIENT_ID?: string | undefined
  ESA_OIDC_CLIENT_SECRET_FILE?: string | undefined
  ESA_OIDC_SCOPES: string
}): SignInConfig | null {
  const { ESA_OIDC_ISSUER: issuer, ESA_OIDC_CLIENT_ID: clientId } = set
  if (issuer === undefined && clientId === undefined) return null
  if (issuer === undefined || clientId === undefined)
    throw invalid('ESA_OIDC_ISSUER and ESA_OIDC_CLIENT_ID go together', 'set both, or neither')
  const scopes = set.ESA_OIDC_SCOPES.split(/\s+/).filter((scope) => scope !== '')
  const unknown = scopes.find((scope) => !SCOPES.some((known) => known === scope))
  if (unknown !== undefined)
    throw invalid(`ESA_OIDC_SCOPES names no scope "${unknown}"`, `one of ${SCOPES.join(', ')}`)
  return { issuer, clientId, scopes: scopes as Scope[], secretFile: set.ESA_OIDC_CLIENT_SECRET_FILE ?? null }
}

/** With the secret. @throws EsaError `config.secret-missing` (terminal); it names the file and never what is in it. */
export function signInSettings({ secretFile, ...config }: SignInConfig): SignInSettings {
  return { ...config, clientSecret: secretFile === null ? null : secretIn(secretFile) }
}

function secretIn(file: string): string {
  let secret = ''
  try {
    secret = readFileSync(file, 'utf8').trim()
  } catch {
    // Said below, as for an empty file.
  }
  if (secret !== '' && secret.length <= SECRET_MAX) return secret
  throw new EsaError('config.secret-missing', 'terminal', `there is no secret in ${file}`, {
    hint: 'ESA_OIDC_CLIENT_SECRET_FILE names a file that this user can read',
  })
}

function invalid(message: string, hint: string): EsaError {
  return new EsaError('config.invalid', 'terminal', message, { hint })
}
