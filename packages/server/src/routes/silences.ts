import { createRoute, z } from '@hono/zod-openapi'
import { addSilence, endSilence, listSilences } from '@esa/operations'
import { CATEGORIES, isoTime } from '@esa/protocol'
import { answers, jsonBody, operation, routes } from '../api.ts'
import { instant } from '../documents.ts'
import { idParam } from '../parameters.ts'

const silenceSchema = z
  .object({
    id: z.string(),
    agent: z.string(),
    category: z.enum(CATEGORIES).nullable(),
    status: z.string(),
    untilAt: instant,
    reason: z.string(),
    by: z.string().nullable(),
    addedAt: instant,
    held: z.number().int(),
  })
  .openapi('Silence')

const list = createRoute({
  method: 'get',
  path: '/',
  ...operation('incidents:read', 'silences', 'listSilences'),
  summary: 'The silences that are in force, the one that ends first at the top',
  responses: answers(z.object({ silences: z.array(silenceSchema), nowAt: instant }), 'Silences'),
})

const add = createRoute({
  method: 'post',
  path: '/',
  ...operation('incidents:write', 'silences', 'addSilence'),
  summary: 'Add a silence: matching incidents open without telling anybody, until it ends',
  request: {
    body: jsonBody(
      z.strictObject({
        agent: z.string(),
        category: z.enum(CATEGORIES).optional(),
        until: z
          .string()
          .openapi({ description: 'An instant (ISO 8601), or a duration from now on like 2h' }),
        reason: z.string(),
      }),
    ),
  },
  responses: answers(silenceSchema, 'The silence'),
})

const end = createRoute({
  method: 'post',
  path: '/{id}/end',
  ...operation('incidents:write', 'silences', 'endSilence'),
  summary: 'End a silence: every incident that it suppresses is notified at once',
  request: { params: idParam },
  responses: answers(
    silenceSchema.extend({ incidents: z.array(z.string()) }),
    'The silence; `incidents` were notified',
  ),
})

/** `/silences`. */
export const silenceRoutes = routes()
  .openapi(list, async (context) => {
    const { silences, nowMs } = await listSilences(context.var.world.store)
    return context.json({ silences, nowAt: isoTime(nowMs) }, 200)
  })
  .openapi(add, async (context) => {
    const { category, ...rest } = context.req.valid('json')
    const silence = { ...rest, ...(category === undefined ? {} : { category }) }
    return context.json(await addSilence(context.var.world, silence), 200)
  })
  .openapi(end, async (context) =>
    context.json(await endSilence(context.var.world, context.req.valid('param').id), 200),
  )
