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
  request: { query: z.object({ limit: z.coerce.number().int().min(1).optional() }) },
  responses: answers(
    z.object({ timers: z.array(timerSchema), armed: z.number().int(), nowAt: z.string() }),
    'Deadlines; `armed` is how many there are',
  ),
})

/** `/timers`. */
export const timerRoutes = routes().openapi(list, async (context) => {
  const { limit } = context.req.valid('query')
  const next = limit === undefined ? {} : { limit }
  const { timers, armed, nowMs } = await listTimers(context.var.world.store, next)
  return context.json({ timers, armed, nowAt: isoTime(nowMs) }, 200)
})
