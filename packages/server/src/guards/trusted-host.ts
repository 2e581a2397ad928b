import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { EsaError } from '@esa/protocol'
import type { Context, MiddlewareHandler } from 'hono'
import type { Binding } from '../ports.ts'

/** Names of this machine for itself. */
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])$/

/** The host that a request says it is for, with its port. */
export function hostOf(context: Context): string {
  return context.req.header('host') ?? new URL(context.req.url).host
}

/**
 * Refuses a request for a host that is not ours: a foreign page can have its own name resolved to this machine
 * (DNS rebinding), and would then be of the same origin to the browser. An address as host cannot be rebound.
 */
export function trustedHost(binding: Binding): MiddlewareHandler {
  const own = new Set(
    [binding.host, hostname(), originHost(binding.publicUrl)].map((name) => name?.toLowerCase()),
  )
  return async (context, next) => {
    const name = nameOf(hostOf(context))
    if (!LOOPBACK.test(name) && !(isOutside(binding) && isAddress(name)) && !(isNamed(name) && own.has(name)))
      throw new EsaError('request.host-unknown', 'terminal', 'this server does not go by that name', {
        hint: 'by another name than its address it is reached when ESA_PUBLIC_URL says so',
      })
    await next()
  }

  function isNamed(name: string): boolean {
    return !binding.loopback || name === binding.host
  }
}

/** Bound to more than this machine's own loopback. */
function isOutside({ host }: Binding): boolean {
  return !LOOPBACK.test(host) && host !== '::1'
}

function isAddress(name: string): boolean {
  return isIP(name.replace(/^\[|\]$/g, '')) !== 0
}

function originHost(url: string | undefined): string | undefined {
  return url === undefined ? undefined : new URL(url).hostname
}

/** The host without its port, as URLs write it; an invalid one matches no name. */
function nameOf(host: string): string {
  const url = `http://${host}/`
  return URL.canParse(url) && !/[/?#@\\]/.test(host) ? new URL(url).hostname : ''
}
