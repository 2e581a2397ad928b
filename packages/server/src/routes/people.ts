import { createRoute, z } from '@hono/zod-openapi'
import {
  addPerson,
  listPeople,
  onCall,
  putStandIn,
  removePerson,
  removeStandIn,
} from '@esa/operations/notifications'
import { LEVELS } from '@esa/protocol'
import { answers, jsonBody, operation, routes } from '../api.ts'
import { instant } from '../documents.ts'

const contactSchema = z.object({ channel: z.string(), to: z.string().nullable() })

const personSchema = z
  .object({
    person: z.string(),
    agent: z.string().nullable(),
    contacts: z.array(contactSchema),
    createdAt: instant,
    createdBy: z.string(),
  })
  .openapi('Person')

const standInSchema = z
  .object({
    level: z.string(),
    person: z.string(),
    from: instant,
    until: instant,
    active: z.boolean(),
    createdBy: z.string(),
  })
  .openapi('StandIn')

const list = createRoute({
  method: 'get',
  path: '/',
  ...operation('admin', 'people', 'listPeople'),
  summary: 'All people on call, and overrides',
  responses: answers(
    z.object({ people: z.array(personSchema), standIns: z.array(standInSchema) }),
    'People by name; stand-ins by level, past ones too',
  ),
})

const add = createRoute({
  method: 'post',
  path: '/',
  ...operation('admin', 'people', 'addPerson'),
  summary: 'Put a person on call for an agent whose seat a person holds, or only as a substitute',
  request: {
    body: jsonBody(
      z.strictObject({
        person: z.string(),
        agent: z.string().optional(),
        channels: z.array(z.string()).optional(),
        email: z.array(z.string()).optional(),
      }),
    ),
  },
  responses: answers(personSchema, 'The person'),
})

const remove = createRoute({
  method: 'post',
  path: '/remove',
  ...operation('admin', 'people', 'removePerson'),
  summary: 'Take a person off call, for one seat or as a substitute',
  request: { body: jsonBody(z.strictObject({ person: z.string(), agent: z.string().nullable() })) },
  responses: answers(z.object({ removed: z.literal(true) }), 'Removed'),
})

const current = createRoute({
  method: 'get',
  path: '/on-call',
  ...operation('incidents:read', 'people', 'getOnCall'),
  summary: 'Who is reached for an agent at a level now, by the clock of the database',
  request: { query: z.object({ agent: z.string(), level: z.enum(LEVELS) }) },
  responses: answers(
    z.object({
      agent: z.string(),
      level: z.string(),
      at: instant,
      people: z.array(
        z.object({
          person: z.string(),
          contacts: z.array(contactSchema),
          standsIn: z
            .string()
            .nullable()
            .openapi({ description: 'The level, where they replace all others' }),
        }),
      ),
    }),
    'No one: its notices go to its inbox alone',
  ),
})

const standIn = createRoute({
  method: 'post',
  path: '/override',
  ...operation('admin', 'people', 'overrideLevel'),
  summary: 'Have one person replace all people on call at a level, for a while',
  request: {
    body: jsonBody(
      z.strictObject({
        level: z.enum(LEVELS),
        person: z.string(),
        from: z.string().optional().openapi({ description: 'An instant (ISO 8601), or a duration from now' }),
        until: z.string().openapi({ description: 'An instant (ISO 8601), or a duration from now' }),
      }),
    ),
  },
  responses: answers(standInSchema, 'The override'),
})

const endStandIn = createRoute({
  method: 'post',
  path: '/override/end',
  ...operation('admin', 'people', 'endOverride'),
  summary: 'End a stand-in now',
  request: { body: jsonBody(z.strictObject({ level: z.enum(LEVELS) })) },
  responses: answers(z.object({ ended: z.literal(true) }), 'Ended'),
})

/** `/people`. */
export const peopleRoutes = routes()
  .openapi(list, async (context) => context.json(await listPeople(context.var.world.store), 200))
  .openapi(add, async (context) => {
    const { person, agent, channels, email } = context.req.valid('json')
    const given = {
      person,
      ...(agent === undefined ? {} : { agent }),
      ...(channels === undefined ? {} : { channels }),
      ...(email === undefined ? {} : { email }),
    }
    return context.json(await addPerson(context.var.world, given), 200)
  })
  .openapi(remove, async (context) => {
    const { person, agent } = context.req.valid('json')
    await removePerson(context.var.world, person, agent)
    return context.json({ removed: true as const }, 200)
  })
  .openapi(current, async (context) => {
    const { agent, level } = context.req.valid('query')
    return context.json(await onCall(context.var.world, agent, level), 200)
  })
  .openapi(standIn, async (context) => {
    const { from, ...rest } = context.req.valid('json')
    const given = { ...rest, ...(from === undefined ? {} : { from }) }
    return context.json(await putStandIn(context.var.world, given), 200)
  })
  .openapi(endStandIn, async (context) => {
    await removeStandIn(context.var.world, context.req.valid('json').level)
    return context.json({ ended: true as const }, 200)
  })
