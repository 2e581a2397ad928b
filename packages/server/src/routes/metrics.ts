import { Hono } from 'hono'
import { Registry } from 'prom-client'
import type { ApiEnv } from '../api.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { ServerPorts } from '../ports.ts'
import { requireScope, tokenOf } from '../request-caller.ts'

/** `/metrics`: what Prometheus scrapes. On this machine without a token, elsewhere with one that may read agents. */
export function metricsRoutes(ports: ServerPorts, metrics: Metrics) {
  return new Hono<ApiEnv>().get('/metrics', async (context) => {
    await requireScope(ports, tokenOf(context), 'agents:read')
    const headers = { 'content-type': Registry.PROMETHEUS_CONTENT_TYPE, 'cache-control': 'no-store' }
    return context.body(await metrics.scrape(), 200, headers)
  })
}
