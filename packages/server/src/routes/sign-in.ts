import { redeemLink } from '@esa/operations/accounts'
import { isEsaError } from '@esa/protocol'
import { Hono } from 'hono'
import { html } from 'hono/html'
import type { ApiEnv } from '../api.ts'
import { LOGIN_RATE, rateLimit } from '../guards/rate-limit.ts'
import type { ServerPorts } from '../ports.ts'
import { startSession } from '../session-cookie.ts'
import type { TokenWatch } from '../token-watch.ts'

/**
 * `/sign-in/SECRET`: the page of a link that the host made. To look at it changes nothing; its button signs the account in, once.
 */
export function signInRoutes(ports: ServerPorts, tokens: TokenWatch) {
  const { world, binding, log } = ports
  return new Hono<ApiEnv>()
    .use('/sign-in/*', rateLimit('login', LOGIN_RATE, { binding, tokens }), async (context, next) => {
      await next()
      context.header('cache-control', 'no-store')
      context.header('x-robots-tag', 'noindex')
    })
    .get('/sign-in/:secret', (context) =>
      context.html(page(html`<form method="post"><button>Sign in</button></form>`)),
    )
    .post('/sign-in/:secret', async (context) => {
      try {
        const { row } = await redeemLink(world.store, context.req.param('secret'))
        await startSession(context, ports, row.id)
        return context.redirect('/', 303)
      } catch (error) {
        if (isEsaError(error) && error.kind === 'terminal')
          return context.html(page(html`<p role="alert">Not signed in: ${error.message}.</p>`), 410)
        // The address holds the secret: no log may have it, and so the error goes no further.
        log.error({ err: error }, 'a sign-in failed')
        return context.html(page(html`<p role="alert">This did not work. Try again in a moment.</p>`), 503)
      }
    })
}

function page(content: ReturnType<typeof html>) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>Sign in - ESA</title>
      </head>
      <body style="max-width: 26rem; margin: 12vh auto; padding: 0 1rem; font: 1rem/1.5 system-ui">
        <h1>ESA runtime</h1>
        ${content}
      </body>
    </html>`
}
