import { accountForSubject, issueToken, SIGN_IN_LIFE_MS } from '@esa/operations/accounts'
import type { Identity } from '@esa/operations/identity-provider'
import type { SignInPort } from '@esa/server'
import type { Store, TokenRow } from '@esa/store'
import { note } from './output.ts'
import { type SignInConfig, signInSettings } from './sign-in-config.ts'

/** A token of a person who came from the identity provider, for a working day. */
async function tokenOf(
  store: Store,
  identity: Identity,
  { scopes }: SignInConfig,
): Promise<{ token: string; row: TokenRow }> {
  const account = await accountForSubject(store, identity)
  return await issueToken(store, { account, scopes: [...scopes], lifeMs: SIGN_IN_LIFE_MS })
}

/** What the server needs to sign people in. @throws EsaError `config.secret-missing` (terminal). */
export function signInPort(config: SignInConfig, store: Store): SignInPort {
  return {
    settings: signInSettings(config),
    admit: async (identity) => (await tokenOf(store, identity, config)).row.id,
  }
}

/** Signs a person in by a code that they confirm in a browser, on whatever machine. @throws EsaError `auth.*`, `config.*`. */
export async function signInOnTerminal(
  config: SignInConfig,
  store: Store,
): Promise<{ token: string; row: TokenRow }> {
  const { beginDeviceSignIn } = await import('@esa/operations/identity-provider')
  const device = await beginDeviceSignIn(signInSettings(config))
  const minutes = Math.floor(device.expiresInMs / 60_000)
  note(`open ${device.url} and confirm the code ${device.code} within ${minutes} min`)
  return await tokenOf(store, await device.finish(), config)
}
