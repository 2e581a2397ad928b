import { OpenAPIHono } from '@hono/zod-openapi'
import type { ApiEnv } from './api.ts'
import type { Feed } from './feed.ts'
import { agentQuestionRoutes } from './routes/agent-questions.ts'
import { agentRoutes } from './routes/agents.ts'
import { inboxRoutes } from './routes/inbox.ts'
import { incidentRoutes } from './routes/incidents.ts'
import { noteRoutes } from './routes/notes.ts'
import { orgRoutes } from './routes/org.ts'
import { statechartRoutes } from './routes/statechart.ts'
import { streamRoutes } from './routes/stream.ts'
import { approvalRoutes } from './routes/approvals.ts'
import { databaseRoutes } from './routes/databases.ts'
import { eventRoutes } from './routes/events.ts'
import { peopleRoutes } from './routes/people.ts'
import { recordRoutes } from './routes/records.ts'
import { silenceRoutes } from './routes/silences.ts'
import { simulationRoutes } from './routes/simulations.ts'
import { statusRoutes } from './routes/status.ts'
import { taskRoutes } from './routes/tasks.ts'
import { tokenRoutes } from './routes/tokens.ts'
import { timerRoutes } from './routes/timers.ts'
import { webhookRoutes } from './routes/webhooks.ts'

/** Everything under /api/v1 that answers and ends. One chain: the types of its routes are what a typed client knows. */
export function answeringRoutes() {
  return new OpenAPIHono<ApiEnv>()
    .route('/agents', agentRoutes)
    .route('/agents', agentQuestionRoutes)
    .route('/approvals', approvalRoutes)
    .route('/db', databaseRoutes())
    .route('/events', eventRoutes)
    .route('/org', orgRoutes)
    .route('/inbox', inboxRoutes)
    .route('/incidents', recordRoutes)
    .route('/incidents', noteRoutes)
    .route('/incidents', incidentRoutes)
    .route('/silences', silenceRoutes)
    .route('/simulations', simulationRoutes)
    .route('/timers', timerRoutes)
    .route('/tokens', tokenRoutes)
    .route('/people', peopleRoutes)
    .route('/webhooks', webhookRoutes)
    .route('/', statusRoutes)
    .route('/', taskRoutes)
    .route('/statecharts', statechartRoutes)
}

/** Everything under /api/v1. */
export function apiRoutes(feed: Feed) {
  return answeringRoutes().route('/stream', streamRoutes(feed))
}

/** The routes with their types, for a typed client. */
export type Api = ReturnType<typeof apiRoutes>
