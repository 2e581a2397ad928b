import { oneOperator } from '@esa/operations/accounts'
import { EsaError, isEsaError, isoTime, SCOPES } from '@esa/protocol'
import { hashOf, type TokenRow, verifyToken } from '@esa/store'
import { type Context, Hono } from 'hono'
import { html } from 'hono/html'
import type { ApiEnv } from '../api.ts'
import { LOGIN_RATE, rateLimit } from '../guards/rate-limit.ts'
import type { ServerPorts, SignInPort } from '../ports.ts'
import { tokenOf } from '../request-caller.ts'
import type { TokenWatch } from '../token-watch.ts'
import { dropSession, sessionOf, startSession } from '../session-cookie.ts'

/** What the logged-in person may do, as the console shows it. */
interface SessionDocument {
  /** `machine`: no login is needed here. */
  by: 'token' | 'machine'
  as: string
  person: string
  scopes: readonly string[]
  expiresAt: string | null
  /** Who approves alone, in the mode for one operator; null while two persons approve. */
  oneOperator: string | null
}

/**
 * `/login`: a person pastes a token once, and the browser gets a session for it. The token's row is read at every
 * request, so that a revoked one ends all its sessions. `/logout` ends this one.
 */
export function loginRoutes(ports: ServerPorts, tokens: TokenWatch) {
  const { world, binding } = ports
  const limit = rateLimit('login', LOGIN_RATE, { binding, tokens, secretOf: givenToken })
  return new Hono<ApiEnv>()
    .use('/login', noStore())
    .get('/login', (context) => context.html(loginPage(ports, placeOf(context.req.query('next')), null)))
    .post('/login', limit, async (context) => {
      const form = await context.req.parseBody()
      const next = placeOf(form['next'])
      const token = await tokenIn(ports, await givenToken(context))
      if (token instanceof EsaError) return context.html(loginPage(ports, next, token.message), 401)
      await startSession(context, ports, token.id)
      return context.redirect(next, 303)
    })
    .post('/logout', async (context) => {
      const secret = sessionOf(context, binding)
      if (secret !== null) await world.store.edge.endSession(hashOf(secret))
      dropSession(context, binding)
      return context.redirect('/login', 303)
    })
    .get('/api/v1/session', noStore(), async (context) =>
      context.json(await sessionDocument(ports, tokenOf(context, binding)), 200),
    )
}

/** The token in the form. What has not the form of one could be the secret of a session. */
async function givenToken(context: Context): Promise<string> {
  const { token } = await context.req.parseBody()
  const given = typeof token === 'string' ? token.trim() : ''
  return /^[\w-]+$/.test(given) ? given : ''
}

async function tokenIn(ports: ServerPorts, given: string): Promise<TokenRow | EsaError> {
  try {
    return await verifyToken(ports.world.store, given, null)
  } catch (error) {
    if (isEsaError(error) && error.code.startsWith('auth.')) return error
    throw error
  }
}

async function sessionDocument(ports: ServerPorts, secret: string | null): Promise<SessionDocument> {
  const { store } = ports.world
  if (secret !== null) {
    const { holder, person, scopes, expiresAt } = await verifyToken(store, secret, null)
    const alone = { oneOperator: (await oneOperator(store))?.name ?? null }
    return { by: 'token', as: holder, person, scopes, expiresAt: isoTime(expiresAt), ...alone }
  }
  if (!ports.binding.loopback)
    throw new EsaError('auth.token-required', 'terminal', 'not logged in', { hint: 'log in at /login' })
  const alone = { oneOperator: (await oneOperator(store))?.name ?? null }
  return { by: 'machine', as: 'operator', person: ports.localUser, scopes: SCOPES, expiresAt: null, ...alone }
}

/** Where to go on: a path of ours, and never another site's. */
export function placeOf(next: unknown): string {
  return typeof next === 'string' && /^\/(?![/\\])[\w\-./?=&%:,~+]*$/.test(next) ? next : '/'
}

function noStore() {
  return async (context: { header(name: string, value: string): void }, next: () => Promise<void>) => {
    await next()
    context.header('cache-control', 'no-store')
  }
}

/** The form needs no script, and nothing but itself. */
export function loginPage({ signIn }: Pick<ServerPorts, 'signIn'>, next: string, problem: string | null) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>Log in - ESA</title>
        <style>
          :root {
            color-scheme: light dark;
            font:
              1rem/1.5 system-ui,
              sans-serif;
          }
          main {
            max-width: 26rem;
            margin: 12vh auto;
            padding: 0 1rem;
          }
          .provider {
            display: block;
            line-height: 44px;
            text-align: center;
            border: 1px solid;
            border-radius: 4px;
          }
          input,
          button {
            font: inherit;
            min-height: 44px;
            width: 100%;
            box-sizing: border-box;
            margin: 0.25rem 0 1rem;
            padding: 0 0.75rem;
          }
        </style>
      </head>
      <body>
        <main>
          <h1>ESA runtime</h1>
          ${problem === null ? '' : html`<p role="alert">Not logged in: ${problem}.</p>`}
          ${signIn === undefined ? '' : providerLink(signIn, next)}
          <form method="post" action="/login">
            <input type="hidden" name="next" value="${next}" />
            <label for="token">Token</label>
            <input
              id="token"
              name="token"
              type="password"
              autocomplete="current-password"
              required
              autofocus
            />
            <button>Log in</button>
          </form>
          <p>
            A person signs in by the link of <code>esa accounts add NAME</code>, on the machine of the
            runtime.
          </p>
        </main>
      </body>
    </html>`
}

function providerLink({ settings }: SignInPort, next: string) {
  const href = `/login/oidc?next=${encodeURIComponent(next)}`
  return html`<p><a class="provider" href="${href}">Sign in with ${new URL(settings.issuer).host}</a></p>`
}
