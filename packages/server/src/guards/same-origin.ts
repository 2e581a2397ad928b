import { EsaError } from '@esa/protocol'
import type { MiddlewareHandler } from 'hono'
import type { Binding } from '../ports.ts'
import { sessionOf } from '../session-cookie.ts'
import { hostOf } from './trusted-host.ts'

/** Methods that change nothing. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Refuses what a page of another site sends: a browser adds its user's loopback or cookie to it. A program sends
 * neither `Origin` nor `Sec-Fetch-Site`, and has no cookie. Source: OWASP, "Cross-Site Request Forgery Prevention".
 */
export function refuseCrossSite(binding: Binding): MiddlewareHandler {
  return async (context, next) => {
    const { method } = context.req
    const site = context.req.header('sec-fetch-site')
    const origin = context.req.header('origin')
    const foreign = site !== undefined && site !== 'same-origin' && site !== 'none'
    if (SAFE.has(method)) {
      // A link from elsewhere may open a page; a script of elsewhere has nothing to ask.
      if (foreign && context.req.header('sec-fetch-mode') !== 'navigate') throw crossSite()
    } else {
      const own = [`http://${hostOf(context)}`, binding.publicUrl]
      if (foreign || (origin !== undefined && !own.includes(origin))) throw crossSite()
      if (origin === undefined && site === undefined && sessionOf(context, binding) !== null)
        throw crossSite()
    }
    await next()
  }
}

function crossSite(): EsaError {
  return new EsaError('request.cross-site', 'terminal', 'a page of another site sent this')
}
