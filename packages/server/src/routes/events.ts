import { createRoute, z } from '@hono/zod-openapi'
import { listEvents } from '@esa/operations/views'
import { answers, operation, routes } from '../api.ts'
import { instant } from '../documents.ts'

const eventSchema = z
  .object({
    pos: z.number().int(),
    stream: z.string(),
    seq: z.number().int(),
    at: instant,
    type: z.string(),
    epoch: z.number().int(),
    level: z.string().optional(),
    actor: z.string().optional(),
    lateMs: z.number().int().optional(),
    data: z.record(z.string(), z.any()),
  })
  .openapi('LogEvent')

const list = createRoute({
  method: 'get',
  path: '/',
  ...operation('incidents:read', 'events', 'listEvents'),
  summary: 'The log of all streams after a position, in order',
  request: {
    query: z.object({
      after: z.coerce.number().int().nonnegative().optional(),
      stream: z.string().optional(),
      type: z
        .string()
        .optional()
        .openapi({ description: 'A type, or the beginning of some like incident.*' }),
      limit: z.coerce.number().int().min(1).max(1_000).optional(),
    }),
  },
  responses: answers(
    z.object({ events: z.array(eventSchema), next: z.number().int(), end: z.boolean() }),
    'Events; go on with `after` = `next` until `end`, a page in between may be empty',
  ),
})

/** `/events`. */
export const eventRoutes = routes().openapi(list, async (context) => {
  const { after, stream, type, limit } = context.req.valid('query')
  const query = {
    ...(after === undefined ? {} : { after }),
    ...(stream === undefined ? {} : { stream }),
    ...(type === undefined ? {} : { type }),
    ...(limit === undefined ? {} : { limit }),
  }
  return context.json(await listEvents(context.var.world.store, query), 200)
})
