import { Hono } from 'hono'
import { Registry } from 'prom-client'
import type { ApiEnv } from '../api.ts'
import { rateLimit, USUAL_RATE } from '../guards/rate-limit.ts'
import { trustedHost } from '../guards/trusted-host.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { ServerPorts } from '../ports.ts'
import { requireScope, tokenOf } from '../request-caller.ts'
import type { TokenWatch } from '../token-watch.ts'

/** `/metrics`: what Prometheus scrapes. On this machine without a token, elsewhere with one that may read agents. */
export function metricsRoutes(ports: ServerPorts, metrics: Metrics, tokens: TokenWatch) {
  const { binding } = ports
  const limits = [rateLimit('requests', USUAL_RATE, { binding, tokens })]
  // Without a token a foreign page could read it by a name of its own; with one, any name works.
  const guards = binding.loopback ? [trustedHost(binding), ...limits] : limits
  const routes = new Hono<ApiEnv>()
  routes.use('/metrics', ...guards)
  return routes.get('/metrics', async (context) => {
    await requireScope(ports, tokenOf(context, ports.binding), 'agents:read')
    const headers = { 'content-type': Registry.PROMETHEUS_CONTENT_TYPE, 'cache-control': 'no-store' }
    return context.body(await metrics.scrape(), 200, headers)
  })
}
