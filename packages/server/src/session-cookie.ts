import { mintSession, sessionSecret } from '@esa/store'
import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { Binding, ServerPorts } from './ports.ts'

const NAME = 'esa_session'

/** A working day; a longer session needs another login, s. */
const SESSION_S = 12 * 3_600

/**
 * The secret of the session that a browser's request belongs to, or null. With https only a cookie counts that no other host
 * and no page without https can have set.
 */
export function sessionOf(context: Context, binding: Binding): string | null {
  const cookie = isSecure(binding) ? getCookie(context, NAME, 'host') : getCookie(context, NAME)
  return cookie === undefined ? null : sessionSecret(cookie)
}

/** Gives the browser a session for a token: no script can read it, and no other site's request carries it. */
export async function startSession(
  context: Context,
  { world, binding }: Pick<ServerPorts, 'world' | 'binding'>,
  token: string,
): Promise<void> {
  const { secret, hash } = mintSession()
  await world.store.edge.addSession({ hash, token, lifeMs: SESSION_S * 1_000 })
  setCookie(context, NAME, secret, { ...attributes(binding), maxAge: SESSION_S })
}

/** Takes it back. */
export function dropSession(context: Context, binding: Binding): void {
  deleteCookie(context, NAME, attributes(binding))
}

function isSecure({ publicUrl }: Binding): boolean {
  return publicUrl?.startsWith('https:') === true
}

function attributes(binding: Binding) {
  const secure = isSecure(binding)
  const prefix = secure ? ({ prefix: 'host' } as const) : {}
  return { httpOnly: true, sameSite: 'Strict', path: '/', secure, ...prefix } as const
}
