import { OpenAPIHono } from '@hono/zod-openapi'
import type { ApiEnv } from './api.ts'
import type { Feed } from './feed.ts'
import { agentRoutes } from './routes/agents.ts'
import { inboxRoutes } from './routes/inbox.ts'
import { incidentRoutes } from './routes/incidents.ts'
import { orgRoutes } from './routes/org.ts'
import { statechartRoutes } from './routes/statechart.ts'
import { streamRoutes } from './routes/stream.ts'
import { timerRoutes } from './routes/timers.ts'

/** Everything under /api/v1. One chain: the types of its routes are what a typed client knows. */
export function apiRoutes(feed: Feed) {
  return new OpenAPIHono<ApiEnv>()
    .route('/agents', agentRoutes)
    .route('/org', orgRoutes)
    .route('/inbox', inboxRoutes)
    .route('/incidents', incidentRoutes)
    .route('/timers', timerRoutes)
    .route('/statecharts', statechartRoutes)
    .route('/stream', streamRoutes(feed))
}

/** The routes with their types, for a typed client. */
export type Api = ReturnType<typeof apiRoutes>
