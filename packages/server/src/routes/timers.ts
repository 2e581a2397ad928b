import { createRoute, z } from '@hono/zod-openapi'
import { listTimers } from '@esa/operations'
import { isoTime } from '@esa/protocol'
import { answers, operation, routes } from '../api.ts'
import { timerSchema } from '../documents.ts'

const list = createRoute({
  method: 'get',
  path: '/',
  summary: 'Every armed deadline, the next first',
  ...operation('incidents:read', 'timers', 'listTimers'),
  responses: answers(z.object({ timers: z.array(timerSchema), nowAt: z.string() }), 'Deadlines'),
})

/** `/timers`. */
export const timerRoutes = routes().openapi(list, async (context) => {
  const { timers, nowMs } = await listTimers(context.var.world.store)
  return context.json({ timers, nowAt: isoTime(nowMs) }, 200)
})
