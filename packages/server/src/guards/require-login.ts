import { isEsaError } from '@esa/protocol'
import { verifyToken } from '@esa/store'
import type { MiddlewareHandler } from 'hono'
import type { ServerPorts } from '../ports.ts'
import { dropSession, sessionOf } from '../session-cookie.ts'

/** Sends a browser to the login before it gets a page, where one is needed; a session that is over is forgotten. */
export function requireLogin(ports: ServerPorts): MiddlewareHandler {
  return async (context, next) => {
    const secret = sessionOf(context, ports.binding)
    const valid = secret !== null && (await isValid(ports, secret))
    if (secret !== null && !valid) dropSession(context, ports.binding)
    if (valid || ports.binding.loopback) return await next()
    const { pathname, search } = new URL(context.req.url)
    const place = pathname === '/' ? '' : `?next=${encodeURIComponent(pathname + search)}`
    return context.redirect(`/login${place}`, 302)
  }
}

async function isValid(ports: ServerPorts, secret: string): Promise<boolean> {
  try {
    await verifyToken(ports.world.store, secret, null)
    return true
  } catch (error) {
    if (isEsaError(error) && error.code.startsWith('auth.')) return false
    throw error
  }
}
