import { createRoute, z } from '@hono/zod-openapi'
import { timeline } from '@esa/escalation'
import {
  cardFileOf,
  commandIncident,
  openIncident,
  pageIncidents,
  parseIncidentCommand,
  requireIncident,
  requireStream,
} from '@esa/operations'
import { CATEGORIES, levelSchema } from '@esa/protocol'
import { answers, jsonBody, operation, requiring, routes } from '../api.ts'
import { incidentSchema, timelineEventSchema } from '../documents.ts'
import { incidentCommandApi } from '../command-api.ts'
import { etagOf, expectedEpoch } from '../epoch-match.ts'
import { idParam } from '../parameters.ts'
import { cursorOf, cursorTo, nextSchema, pageQuery } from '../paging.ts'

const TAG = 'incidents'

/** What an incident is opened with; the operation behind it says what of it is wrong. */
const openingSchema = z
  .looseObject({
    agent: z.string(),
    category: z.string().openapi({ enum: [...CATEGORIES] }),
    title: z.string().openapi({ maxLength: 200 }),
    dedupKey: z
      .string()
      .optional()
      .openapi({ description: 'The open incident of the same agent and key is counted up' }),
    evidence: z.any().optional().openapi({ description: 'JSON for the approver' }),
  })
  .openapi('OpenIncident')

const { place, body: commandBody, scopes, scopeOf, typeOf } = incidentCommandApi

/** Each command takes the scope of its row in the table of commands. */
const commanding = {
  ...operation('incidents:write', TAG, 'commandIncident'),
  security: scopes.map((scope) => ({ token: [scope] })),
  middleware: requiring((context) => scopeOf(context.req.param('command'))),
}

const list = createRoute({
  method: 'get',
  path: '/',
  ...operation('incidents:read', TAG, 'listIncidents'),
  summary: 'Incidents, the newest first',
  request: {
    query: z.object({
      open: z.stringbool().optional(),
      status: z.string().max(40).optional(),
      level: levelSchema.optional(),
      agent: z.string().max(64).optional(),
      category: z.enum(CATEGORIES).optional(),
      search: z.string().max(200).optional(),
      ...pageQuery,
    }),
  },
  responses: answers(
    z.object({ incidents: z.array(incidentSchema), next: nextSchema }),
    'Incidents; go on with `cursor` = `next`',
  ),
})

const show = createRoute({
  method: 'get',
  path: '/{id}',
  ...operation('incidents:read', TAG, 'showIncident'),
  summary: 'One incident',
  request: { params: idParam },
  responses: answers(incidentSchema, 'The incident'),
})

const open = createRoute({
  method: 'post',
  path: '/',
  ...operation('incidents:write', TAG, 'openIncident'),
  summary: 'Open an incident, or count up the open one of the same agent and key',
  request: { body: jsonBody(openingSchema) },
  responses: answers(incidentSchema.extend({ created: z.boolean() }), 'The incident'),
})

const command = createRoute({
  method: 'post',
  path: '/{id}/{command}',
  ...commanding,
  summary: 'Give an incident a command: the answer is the commit',
  request: {
    params: idParam.extend({ command: place }),
    headers: z.object({
      'if-match': z.string().optional().openapi({ description: 'The ETag that was seen' }),
    }),
    body: {
      content: { 'application/json': { schema: commandBody } },
    },
  },
  responses: answers(incidentSchema, 'The incident after it; 412 when it moved on from `If-Match`'),
})

const story = createRoute({
  method: 'get',
  path: '/{id}/timeline',
  ...operation('incidents:read', TAG, 'showTimeline'),
  summary: 'What happened, in order; reads only and sends nothing',
  request: { params: idParam },
  responses: answers(
    z.object({
      incidentId: z.string(),
      events: z.array(timelineEventSchema),
      head: z.string().nullable(),
      card: z.string().nullable(),
    }),
    'The timeline; `card` is the file whose lines the steps name, or null when it reads differently by now',
  ),
})

/** `/incidents`. */
export const incidentRoutes = routes()
  .openapi(list, async (context) => {
    const { cursor, ...filter } = context.req.valid('query')
    const before = cursorOf('incidents', cursor)
    const { incidents, next } = await pageIncidents(context.var.world.store, { ...filter, before })
    return context.json({ incidents, next: cursorTo('incidents', next) }, 200)
  })
  .openapi(show, async (context) => {
    const incident = await requireIncident(context.var.world.store, context.req.valid('param').id)
    return context.json(incident, 200, etagOf(incident.epoch))
  })
  .openapi(open, async (context) => {
    const { incident, created } = await openIncident(context.var.world, context.req.valid('json'))
    return context.json({ ...incident, created }, 200, etagOf(incident.epoch))
  })
  .openapi(story, async (context) => {
    const { world } = context.var
    const { id } = context.req.valid('param')
    const { actor, events } = await requireStream(world.store, world.databaseUrl, id)
    const head = events.at(-1)?.hash ?? null
    const card = cardFileOf(world.directory, actor)
    return context.json({ incidentId: id, events: timeline(events), head, card }, 200)
  })
  .openapi(command, async (context) => {
    const { id, command: verb } = context.req.valid('param')
    const given = parseIncidentCommand({ ...context.req.valid('json'), type: typeOf(verb) })
    const incident = await commandIncident(context.var.world, id, given, expectedEpoch(context))
    return context.json(incident, 200, etagOf(incident.epoch))
  })
