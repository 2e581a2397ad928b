import { createRoute } from '@hono/zod-openapi'
import { queueStatus, runtimeStatus } from '@esa/operations/views'
import { answers, operation, routes } from '../api.ts'
import { queuesSchema, statusSchema } from '../documents-status.ts'
import { toolsOf } from '../tools.ts'

const status = createRoute({
  method: 'get',
  path: '/status',
  ...operation('incidents:read', 'runtime', 'showStatus'),
  summary: 'What runs, what is open by level, and how late the ladder itself has been',
  responses: answers(statusSchema, 'What esa status prints'),
})

const queues = createRoute({
  method: 'get',
  path: '/queues',
  ...operation('incidents:read', 'runtime', 'showQueues'),
  summary: 'What waits by tier, what was given up, and who works it off',
  responses: answers(queuesSchema, 'The queues; `deadMessages` are the hundred that were given up last'),
})

/** `/status` and `/queues`. */
export const statusRoutes = routes()
  .openapi(status, async (context) => {
    const { world, ports } = context.var
    return context.json(await runtimeStatus(world, await toolsOf(ports).surroundings()), 200)
  })
  .openapi(queues, async (context) => context.json(await queueStatus(context.var.world.store), 200))
