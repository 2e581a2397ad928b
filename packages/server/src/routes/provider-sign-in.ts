import type { PendingSignIn } from '@esa/operations/identity-provider'
import { EsaError, isEsaError } from '@esa/protocol'
import { type Context, Hono } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { html } from 'hono/html'
import { z } from '@hono/zod-openapi'
import type { ApiEnv } from '../api.ts'
import { LOGIN_RATE, rateLimit } from '../guards/rate-limit.ts'
import type { ServerPorts, SignInPort } from '../ports.ts'
import { startSession } from '../session-cookie.ts'
import type { TokenWatch } from '../token-watch.ts'
import { loginPage, placeOf } from './login.ts'

const BEGIN = '/login/oidc'
const BACK = '/login/oidc/callback'
const COOKIE = 'esa_sign_in'

/** How long a person may take at the provider, s. */
const PENDING_S = 600

const pendingSchema = z.strictObject({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  next: z.string(),
})

/**
 * Signing in by an OpenID provider: `/login/oidc` sends the browser there, `/login/oidc/callback` takes it back and gives it a
 * session of its own. What the two have in common is in a cookie of this browser for ten minutes.
 */
export function providerRoutes(ports: ServerPorts, signIn: SignInPort, tokens: TokenWatch): Hono<ApiEnv> {
  const { binding } = ports
  const secure = binding.publicUrl?.startsWith('https:') === true
  // Lax: the way back is a navigation that another site began.
  const attributes = { httpOnly: true, sameSite: 'Lax', path: '/', secure } as const
  const prefix = secure ? ({ prefix: 'host' } as const) : {}
  const redirectUri = (context: Context): string =>
    new URL(BACK, binding.publicUrl ?? new URL(context.req.url).origin).href
  return new Hono<ApiEnv>()
    .use(`${BEGIN}/*`, rateLimit('login', LOGIN_RATE, { binding, tokens }))
    .get(BEGIN, async (context) => {
      const { beginSignIn } = await provider()
      const { url, pending } = await beginSignIn(signIn.settings, redirectUri(context))
      const kept = { ...pending, next: placeOf(context.req.query('next')) }
      const value = Buffer.from(JSON.stringify(kept)).toString('base64url')
      setCookie(context, COOKIE, value, { ...attributes, ...prefix, maxAge: PENDING_S })
      context.header('cache-control', 'no-store')
      return context.redirect(url.href, 302)
    })
    .get(BACK, async (context) => {
      const kept = secure ? getCookie(context, COOKIE, 'host') : getCookie(context, COOKIE)
      deleteCookie(context, COOKIE, { ...attributes, ...prefix })
      context.header('cache-control', 'no-store')
      try {
        const { next, ...pending } = pendingOf(kept)
        const returned = new URL(redirectUri(context))
        returned.search = new URL(context.req.url).search
        const { finishSignIn } = await provider()
        const token = await signIn.admit(await finishSignIn(signIn.settings, returned, pending))
        await startSession(context, ports, token)
        return context.html(onward(placeOf(next)))
      } catch (error) {
        // A person reads this in a browser.
        if (isEsaError(error) && error.code.startsWith('auth.'))
          return context.html(loginPage(ports, '/', error.message), 401)
        throw error
      }
    })
}

/** Loaded by the first person who signs in: a server is ready before. */
function provider() {
  return import('@esa/operations/identity-provider')
}

/** @throws EsaError `auth.sign-in-refused` (terminal): this browser did not begin, or took too long. */
function pendingOf(kept: string | undefined): PendingSignIn & { next: string } {
  try {
    return pendingSchema.parse(JSON.parse(Buffer.from(kept ?? '', 'base64url').toString()))
  } catch (cause) {
    throw new EsaError(
      'auth.sign-in-refused',
      'terminal',
      'this browser began no sign-in, or ten minutes ago',
      {
        hint: 'start again from /login',
        cause,
      },
    )
  }
}

/**
 * Moves on by a navigation of our own: the session's cookie is SameSite=Strict, and a redirect would still be part of the
 * navigation that the provider's site began, which carries no such cookie.
 */
function onward(next: string) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="refresh" content="0;url=${next}" />
        <title>Signed in - ESA</title>
      </head>
      <body>
        <p>Signed in. <a href="${next}">Go on</a></p>
      </body>
    </html>`
}
