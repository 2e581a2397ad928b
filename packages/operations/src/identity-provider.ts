import { cut, EsaError, type Scope } from '@esa/protocol'
import * as client from 'openid-client'

/** How people sign in: an OpenID provider, and what a person who signed in may do here. */
export interface SignInSettings {
  /** An https URL; http only on this machine. */
  issuer: string
  clientId: string
  /** Null: a public client, which has none. */
  clientSecret: string | null
  scopes: readonly Scope[]
}

/** A person, as the provider names them. `issuer` and `subject` together never name another one. */
export interface Identity {
  issuer: string
  subject: string
  /** What people read; nothing is decided by it. */
  display: string
}

/** What a browser keeps between its way to the provider and its way back. */
export interface PendingSignIn {
  state: string
  nonce: string
  verifier: string
}

/** What a person does to sign in on a terminal; `finish` waits until they have, or until the code expires. */
export interface DeviceSignIn {
  url: string
  code: string
  expiresInMs: number
  finish(signal?: AbortSignal): Promise<Identity>
}

/** What is requested about a person: who they are, and by which name. */
const ASKED = 'openid profile email'

/** Longest name that is shown of a person. */
const DISPLAY_MAX = 100

/** The provider answers within this, s: a person waits. */
const TIMEOUT_S = 10

/** The provider's own description, read once for a process and client. */
const known = new Map<string, Promise<client.Configuration>>()

/** Where a browser goes to sign in by the authorization code flow with PKCE, and what it keeps until it is back. @throws EsaError `auth.provider-unreachable` (transient), `config.invalid` (terminal). */
export async function beginSignIn(
  settings: SignInSettings,
  redirectUri: string,
): Promise<{ url: URL; pending: PendingSignIn }> {
  const configuration = await discovered(settings)
  const pending = {
    state: client.randomState(),
    nonce: client.randomNonce(),
    verifier: client.randomPKCECodeVerifier(),
  }
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri,
    scope: ASKED,
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: await client.calculatePKCECodeChallenge(pending.verifier),
    code_challenge_method: 'S256',
  })
  return { url, pending }
}

/**
 * Who came back from the provider, by the URL that the browser came back to.
 * @throws EsaError `auth.sign-in-refused` (terminal) or `auth.provider-unreachable` (transient).
 */
export async function finishSignIn(
  settings: SignInSettings,
  returned: URL,
  { state, nonce, verifier }: PendingSignIn,
): Promise<Identity> {
  const configuration = await discovered(settings)
  return identified(
    client.authorizationCodeGrant(configuration, returned, {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
    }),
  )
}

/** Signs a person in on a terminal by the device grant. @throws EsaError `auth.provider-*`, `auth.sign-in-refused`. */
export async function beginDeviceSignIn(settings: SignInSettings): Promise<DeviceSignIn> {
  const configuration = await discovered(settings)
  const device = await client.initiateDeviceAuthorization(configuration, { scope: ASKED }).catch(refusal)
  return {
    url: device.verification_uri_complete ?? device.verification_uri,
    code: device.user_code,
    expiresInMs: device.expires_in * 1_000,
    finish: (signal) =>
      identified(
        client.pollDeviceAuthorizationGrant(
          configuration,
          device,
          undefined,
          signal === undefined ? {} : { signal },
        ),
      ),
  }
}

async function identified(
  granted: Promise<client.TokenEndpointResponse & client.TokenEndpointResponseHelpers>,
): Promise<Identity> {
  const claims = (await granted.catch(refusal)).claims()
  if (claims === undefined) throw refused('the provider named no person: its answer has no ID token')
  const named = [claims['name'], claims['preferred_username'], claims['email']]
  const name = named.find((one) => typeof one === 'string' && one.trim() !== '')
  const display = typeof name === 'string' ? name : claims.sub
  return { issuer: claims.iss, subject: claims.sub, display: cut(display.trim(), DISPLAY_MAX) }
}

function discovered(settings: SignInSettings): Promise<client.Configuration> {
  const { issuer, clientId, clientSecret } = settings
  const key = JSON.stringify([issuer, clientId, clientSecret])
  const found = known.get(key)
  if (found !== undefined) return found
  const url = new URL(issuer)
  // The signature of the ID token is checked even where TLS would do.
  const execute = [client.enableNonRepudiationChecks]
  if (url.protocol === 'http:') {
    if (!isThisMachine(url.hostname)) return Promise.reject(inTheClear(issuer))
    execute.push(client.allowInsecureRequests)
  }
  const auth = clientSecret === null ? client.None() : client.ClientSecretBasic(clientSecret)
  const asked = client
    .discovery(url, clientId, undefined, auth, { execute, timeout: TIMEOUT_S })
    .catch((error: unknown) => {
      // Requested again by the next sign-in: the provider may be back by then.
      known.delete(key)
      throw unreachable(issuer, error)
    })
  known.set(key, asked)
  return asked
}

function isThisMachine(host: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(host)
}

/** A refusal of the provider, or of what it answered. Its words may be shown: they are for the person who signs in. */
function refusal(error: unknown): never {
  if (error instanceof client.ResponseBodyError || error instanceof client.AuthorizationResponseError) {
    throw refused(error.error_description ?? error.error, error)
  }
  if (error instanceof client.ClientError && error.code !== 'OAUTH_TIMEOUT')
    throw refused('the answer of the identity provider does not hold', error)
  throw unreachable('the identity provider', error)
}

function refused(why: string, cause?: unknown): EsaError {
  return new EsaError('auth.sign-in-refused', 'terminal', `not signed in: ${why}`, {
    hint: 'start again from the login page, or with: esa login',
    cause,
  })
}

function inTheClear(issuer: string): EsaError {
  return new EsaError(
    'config.invalid',
    'terminal',
    `the identity provider ${issuer} would be reached in the clear`,
    {
      hint: 'name it by https in ESA_OIDC_ISSUER',
    },
  )
}

function unreachable(what: string, cause: unknown): EsaError {
  return new EsaError(
    'auth.provider-unreachable',
    'transient',
    `${what} does not answer as an OpenID provider`,
    {
      hint: 'look at ESA_OIDC_ISSUER: its /.well-known/openid-configuration must be readable from here',
      cause,
    },
  )
}
