import { isLoopback } from '@esa/pg-server'
import type { Caller } from '@esa/operations'
import { EsaError, type Scope, scopesOf, tokenedBy } from '@esa/protocol'
import { identityOf, type Store, verifyToken } from '@esa/store'
import type { Config } from './config.ts'
import { osUser } from './flags.ts'

/** Where a request comes from. */
interface Place {
  config: Config
  databaseUrl: string
  store: Store
}

/** Who runs this command: by ESA_TOKEN, or, on a database of this machine, by being its user. Source: docs/security.md. */
export function commandCaller(place: Place): Caller {
  const { token } = place.config
  return {
    async actAs(as, scope, orAs = as) {
      if (token !== null) return await tokenHolder(place, token, [as, orAs], scope)
      if (isLoopback(place.databaseUrl)) return osUser()
      throw new EsaError(
        'auth.token-required',
        'terminal',
        `to act as ${as} on a database that is not on this machine takes a token`,
        {
          hint: `on the database's machine: esa tokens create --as ${as} --scope ${scope}; then set ESA_TOKEN here`,
        },
      )
    },
    async approveAs(as, scope) {
      if (token !== null) return await tokenHolder(place, token, [as], scope)
      throw new EsaError(
        'auth.token-required',
        'terminal',
        `to approve as ${as} takes a token, on every machine`,
        {
          hint: 'a person signs in by a link: esa accounts add NAME on the host, then esa login LINK, then set ESA_TOKEN; in an emergency the owner of the target has psql',
        },
      )
    },
    async account() {
      return token === null
        ? null
        : await identityOf(place.store, await verifyToken(place.store, token, null))
    },
    onHost: isLoopback(place.databaseUrl),
    async scopes() {
      return token === null ? null : scopesOf((await verifyToken(place.store, token, null)).scopes)
    },
  }
}

async function tokenHolder({ store }: Place, token: string, names: string[], scope: Scope): Promise<string> {
  const { id, holder, person } = await verifyToken(store, token, scope)
  if (names.includes(holder)) return tokenedBy(person, id)
  const [as] = names
  throw new EsaError('auth.other-holder', 'terminal', `token ${id} acts as ${holder}, not as ${as}`, {
    hint: `leave that to a token holder for ${as}, or: esa tokens create --as ${as} --scope ${scope}`,
    details: { token: id, holder },
  })
}
