import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { Binding } from './ports.ts'

const NAME = 'esa_session'

/** A working day; whoever still works then logs in again, s. */
export const SESSION_S = 12 * 3_600

/** The secret of the session that a browser's request belongs to, or null. */
export function sessionOf(context: Context): string | null {
  return getCookie(context, NAME, 'host') ?? getCookie(context, NAME) ?? null
}

/** Gives the browser its session: no script can read it, and no other site's request carries it. */
export function keepSession(context: Context, binding: Binding, secret: string): void {
  setCookie(context, NAME, secret, { ...attributes(binding), maxAge: SESSION_S })
}

/** Takes it back. */
export function dropSession(context: Context, binding: Binding): void {
  deleteCookie(context, NAME, attributes(binding))
}

function attributes({ publicUrl }: Binding) {
  const secure = publicUrl?.startsWith('https:') === true
  const prefix = secure ? ({ prefix: 'host' } as const) : {}
  return { httpOnly: true, sameSite: 'Strict', path: '/', secure, ...prefix } as const
}
