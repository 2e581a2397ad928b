import { serveStatic } from '@hono/node-server/serve-static'
import { OpenAPIHono } from '@hono/zod-openapi'
import { EsaError } from '@esa/protocol'
import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { secureHeaders } from 'hono/secure-headers'
import { type ApiEnv, worldOf } from './api.ts'
import { apiRoutes } from './api-routes.ts'
import { describeApi } from './describe-api.ts'
import type { Feed } from './feed.ts'
import { onlyJson } from './guards/only-json.ts'
import { plainAddress } from './guards/plain-address.ts'
import { rateLimit, USUAL_RATE } from './guards/rate-limit.ts'
import { requestTimeout } from './guards/request-timeout.ts'
import { requireLogin } from './guards/require-login.ts'
import { refuseCrossSite } from './guards/same-origin.ts'
import { trustedHost } from './guards/trusted-host.ts'
import { Metrics } from './metrics/metrics.ts'
import type { ServerPorts } from './ports.ts'
import { answerProblem } from './problems.ts'
import { protocolRoutes } from './protocol-routes.ts'
import { ackLinkRoutes } from './routes/ack-links.ts'
import { healthRoutes } from './routes/health.ts'
import { loginRoutes } from './routes/login.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { providerRoutes } from './routes/provider-sign-in.ts'
import { signInRoutes } from './routes/sign-in.ts'
import { tracedRequests } from './traced-requests.ts'

/** Largest body, bytes: a payload of 256 KB and what wraps it. */
const BODY_MAX = 300 * 1024

/** The whole HTTP edge: API, its description, signs of life, and the console's pages. */
export function edge(ports: ServerPorts, feed: Feed): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  const metrics = new Metrics(ports, () => feed.followers)
  app.use(metrics.timing)
  if (ports.tracing !== undefined) app.use(tracedRequests(ports.tracing))
  app.onError((error, context) => answerProblem(error, context, ports.log))
  app.notFound((context) =>
    answerProblem(
      new EsaError('page.unknown', 'terminal', `there is nothing at ${context.req.path}`),
      context,
      ports.log,
    ),
  )
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'self'"],
        // Styles that the page's own scripts set on an element: lengths and colors of a picture.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        formAction: ["'self'"],
      },
      // Nothing for other sites; with none at all, a browser would send our own forms as from nowhere.
      referrerPolicy: 'same-origin',
    }),
  )
  app.route('/', healthRoutes(ports))
  const { binding } = ports
  const { tokens } = feed
  app.route('/', metricsRoutes(ports, metrics, tokens))
  app.use(
    trustedHost(binding),
    refuseCrossSite(binding),
    rateLimit('requests', ports.rate ?? USUAL_RATE, { binding, tokens }),
  )
  app.use(plainAddress(), bodyLimit({ maxSize: BODY_MAX, onError: tooLarge }), following(feed))
  app.use('/api/*', requestTimeout(), onlyJson(), worldOf(ports))
  app.route('/', loginRoutes(ports, tokens))
  if (ports.signIn !== undefined) app.route('/', providerRoutes(ports, ports.signIn, tokens))
  app.route('/', ackLinkRoutes(ports, tokens))
  app.route('/', signInRoutes(ports, tokens))
  app.route('/api/v1', apiRoutes(feed))
  app.route('/', protocolRoutes(ports, feed))
  app.get('/openapi.json', (context) => context.json(describeApi()))
  if (ports.page !== null) {
    app.get('/assets/*', serveStatic({ root: ports.page }))
    app.get('*', requireLogin(ports), serveStatic({ root: ports.page, path: 'index.html' }))
  }
  return app
}

function tooLarge(): never {
  throw new EsaError('payload.too-large', 'terminal', `a body has at most ${BODY_MAX} bytes`)
}

/** What a request changed is announced at once; and a server that stops keeps no connection for a next one. */
function following(feed: Feed): MiddlewareHandler {
  return async (context, next) => {
    await next()
    if (context.req.method !== 'GET') feed.poke()
    if (feed.ending.aborted) context.header('connection', 'close')
  }
}
