import { createRoute, z } from '@hono/zod-openapi'
import {
  addChannel,
  listChannels,
  listDeliveries,
  redeliver,
  removeChannel,
  requireChannel,
  testChannel,
} from '@esa/operations/notifications'
import { CATEGORIES, LEVELS } from '@esa/protocol'
import { answers, jsonBody, operation, routes } from '../api.ts'
import { instant } from '../documents.ts'
import { idParam } from '../parameters.ts'

const KINDS = ['webhook', 'slack', 'pagerduty', 'email'] as const

const aim = {
  kind: z.enum(KINDS),
  secret: z.string().openapi({ description: 'Where the worker finds the secret: env:NAME or file:PATH' }),
  url: z.string().optional(),
  from: z.string().optional(),
  to: z.array(z.string()).optional(),
  agent: z.string().optional().openapi({ description: 'Only notices to this agent' }),
  level: z.enum(LEVELS).optional(),
  category: z.enum(CATEGORIES).optional(),
}

const channelSchema = z
  .object({
    name: z.string(),
    ...aim,
    personal: z.boolean(),
    allowPrivate: z.boolean(),
    allowPlain: z.boolean(),
    createdAt: instant,
    createdBy: z.string(),
  })
  .openapi('Channel')

const deliverySchema = z
  .object({
    id: z.string(),
    at: instant,
    attempt: z.number().int(),
    notificationId: z.string(),
    channel: z.string(),
    incidentId: z.string(),
    agent: z.string(),
    person: z.string().nullable(),
    notice: z.string(),
    status: z.enum(['sent', 'failed', 'dropped']),
    code: z.number().int().nullable(),
    latencyMs: z.number(),
    why: z.string().nullable(),
  })
  .openapi('Delivery')

const nameParam = z.object({ name: z.string().openapi({ param: { name: 'name', in: 'path' } }) })

const list = createRoute({
  method: 'get',
  path: '/',
  ...operation('admin', 'webhooks', 'listChannels'),
  summary: 'The channels by which notices leave; never their secrets',
  responses: answers(z.object({ channels: z.array(channelSchema) }), 'Channels, by name'),
})

const add = createRoute({
  method: 'post',
  path: '/',
  ...operation('admin', 'webhooks', 'addChannel'),
  summary: 'Add a channel; it gets every notice that fits all of its filters',
  request: {
    body: jsonBody(
      z.strictObject({
        name: z.string(),
        ...aim,
        personal: z.boolean().optional(),
        allowPrivate: z.boolean().optional(),
        allowPlain: z.boolean().optional(),
      }),
    ),
  },
  responses: answers(channelSchema, 'The channel'),
})

const show = createRoute({
  method: 'get',
  path: '/{name}',
  ...operation('admin', 'webhooks', 'getChannel'),
  summary: 'One channel',
  request: { params: nameParam },
  responses: answers(channelSchema, 'The channel'),
})

const remove = createRoute({
  method: 'post',
  path: '/{name}/remove',
  ...operation('admin', 'webhooks', 'removeChannel'),
  summary: 'Remove a channel; what is on its way by it fails',
  request: { params: nameParam },
  responses: answers(z.object({ name: z.string(), removed: z.literal(true) }), 'Removed'),
})

const test = createRoute({
  method: 'post',
  path: '/{name}/test',
  ...operation('admin', 'webhooks', 'testChannel'),
  summary: 'Have a worker send something harmless by a channel',
  request: { params: nameParam },
  responses: answers(z.object({ id: z.string() }), 'The id under which its delivery can be followed'),
})

const deliveries = createRoute({
  method: 'get',
  path: '/{name}/deliveries',
  ...operation('admin', 'webhooks', 'listDeliveries'),
  summary: 'What was tried by a channel, the newest first',
  request: { params: nameParam, query: z.object({ incidentId: z.string().optional() }) },
  responses: answers(z.object({ deliveries: z.array(deliverySchema) }), 'Tries'),
})

const again = createRoute({
  method: 'post',
  path: '/deliveries/{id}/redeliver',
  ...operation('admin', 'webhooks', 'redeliver'),
  summary: 'Have a worker deliver something once more, under the same id',
  request: { params: idParam },
  responses: answers(z.object({ id: z.string() }), 'The id under which its delivery can be followed'),
})

/** `/webhooks`. */
export const webhookRoutes = routes()
  .openapi(list, async (context) =>
    context.json({ channels: await listChannels(context.var.world.store) }, 200),
  )
  .openapi(add, async (context) => {
    const { name, ...spec } = context.req.valid('json')
    return context.json(await addChannel(context.var.world, name, spec), 200)
  })
  .openapi(show, async (context) =>
    context.json(await requireChannel(context.var.world.store, context.req.valid('param').name), 200),
  )
  .openapi(remove, async (context) => {
    const { name } = context.req.valid('param')
    await removeChannel(context.var.world, name)
    return context.json({ name, removed: true as const }, 200)
  })
  .openapi(test, async (context) =>
    context.json(await testChannel(context.var.world, context.req.valid('param').name), 200),
  )
  .openapi(deliveries, async (context) => {
    const { name: channel } = context.req.valid('param')
    const { incidentId } = context.req.valid('query')
    const about = incidentId === undefined ? {} : { incidentId }
    const { store } = context.var.world
    return context.json({ deliveries: await listDeliveries(store, { channel, ...about }) }, 200)
  })
  .openapi(again, async (context) =>
    context.json(await redeliver(context.var.world, context.req.valid('param').id), 200),
  )
