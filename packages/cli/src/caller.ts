import { isLoopback } from '@esa/pg-server'
import { EsaError, tokenedBy } from '@esa/protocol'
import { type Scope, type Store, verifyToken } from '@esa/store'
import type { Config } from './config.ts'
import { osUser } from './flags.ts'

/** Where somebody asks for something. */
interface Place {
  config: Config
  databaseUrl: string
  store: Store
}

/**
 * Who asks, to be recorded as `by`, once it is known that they may act in the name of `as` (or `orAs`): by ESA_TOKEN, or, on a database
 * of this machine, by being its user. Source: docs/security.md.
 * @throws EsaError `auth.*` (terminal).
 */
export async function callerOf(place: Place, as: string, scope: Scope, orAs = as): Promise<string> {
  if (place.config.token !== null) return await tokenHolder(place, place.config.token, [as, orAs], scope)
  if (isLoopback(place.databaseUrl)) return osUser()
  throw new EsaError(
    'auth.token-required',
    'terminal',
    `to act as ${as} on a database that is not on this machine takes a token`,
    {
      hint: `on the database's machine: esa tokens create --as ${as} --scope ${scope}; then set ESA_TOKEN here`,
    },
  )
}

/** Who approves: nobody does without a token, on this machine neither. @throws EsaError `auth.*` (terminal). */
export async function approverOf(place: Place, as: string, scope: Scope): Promise<string> {
  if (place.config.token !== null) return await tokenHolder(place, place.config.token, [as], scope)
  throw new EsaError(
    'auth.token-required',
    'terminal',
    `to approve as ${as} takes a token, on every machine`,
    {
      hint: `esa tokens create --as ${as} --scope ${scope}; then set ESA_TOKEN`,
    },
  )
}

async function tokenHolder({ store }: Place, token: string, names: string[], scope: Scope): Promise<string> {
  const { id, holder, person } = await verifyToken(store, token, scope)
  if (names.includes(holder)) return tokenedBy(person, id)
  const [as] = names
  throw new EsaError('auth.other-holder', 'terminal', `token ${id} acts as ${holder}, not as ${as}`, {
    hint: `leave that to whoever holds one for ${as}, or: esa tokens create --as ${as} --scope ${scope}`,
    details: { token: id, holder },
  })
}
