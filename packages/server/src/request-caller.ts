import type { Caller } from '@esa/operations'
import { EsaError, type Scope, scopesOf, tokenedBy } from '@esa/protocol'
import { identityOf, type TokenRow, verifyToken } from '@esa/store'
import type { Context } from 'hono'
import type { Binding, ServerPorts } from './ports.ts'
import { sessionOf } from './session-cookie.ts'

/** What a request without a token may lead an agent to on a loopback server: everything but changes of a database. */
const LOCAL_SCOPES: readonly Scope[] = ['agents:read', 'incidents:write', 'db:plan']

/** The secret that a request carries: a token, or that of a browser's session; or null. */
export function tokenOf(context: Context, binding: Binding): string | null {
  const header = context.req.header('authorization')
  const bearer = header === undefined ? null : (/^Bearer ([\w\-.~+/]+=*)$/i.exec(header)?.[1] ?? null)
  return bearer ?? sessionOf(context, binding)
}

/**
 * Who sends this request: the holder of its token, or, where the server is bound to this machine alone, the machine's user.
 * Source: docs/security.md.
 */
export function requestCaller(ports: ServerPorts, token: string | null): Caller {
  const { world, binding, localUser } = ports
  const holder = async (names: string[], scope: Scope): Promise<string> => {
    const row = await verifyToken(world.store, token!, scope)
    if (names.includes(row.holder)) return tokenedBy(row.person, row.id)
    throw new EsaError(
      'auth.other-holder',
      'terminal',
      `token ${row.id} acts as ${row.holder}, not as ${names[0]}`,
    )
  }
  return {
    async actAs(as, scope, orAs = as) {
      if (token !== null) return await holder([as, orAs], scope)
      if (binding.loopback && scope !== 'db:apply') return localUser
      throw tokenRequired()
    },
    async approveAs(as, scope) {
      if (token !== null) return await holder([as], scope)
      throw tokenRequired()
    },
    async account() {
      return token === null
        ? null
        : await identityOf(world.store, await verifyToken(world.store, token, null))
    },
    onHost: false,
    async scopes() {
      return token === null ? LOCAL_SCOPES : scopesOf((await verifyToken(world.store, token, null)).scopes)
    },
  }
}

/**
 * Refuses a request that may not read in this scope. Gives the token that it came with, or null for this machine's user.
 * @throws EsaError `auth.*` (terminal).
 */
export async function requireScope(
  ports: ServerPorts,
  token: string | null,
  scope: Scope,
): Promise<TokenRow | null> {
  if (token !== null) return await verifyToken(ports.world.store, token, scope)
  if (!ports.binding.loopback) throw tokenRequired()
  return null
}

function tokenRequired(): EsaError {
  return new EsaError('auth.token-required', 'terminal', 'this takes a token', {
    hint: 'send it as: Authorization: Bearer TOKEN; make one with: esa tokens create',
  })
}
