import { createRoute, z } from '@hono/zod-openapi'
import { agentStatechart } from '@esa/operations'
import { answers, operation, routes } from '../api.ts'

const stateSchema = z
  .object({
    id: z.string(),
    parent: z.string().nullable(),
    name: z.string(),
    initial: z.boolean(),
    transitions: z.array(
      z.object({ on: z.string(), guard: z.string().nullable(), target: z.string().nullable() }),
    ),
  })
  .openapi('ChartState')

const show = createRoute({
  method: 'get',
  path: '/{id}',
  summary: "An agent's machine, and the agent's current state",
  ...operation('agents:read', 'agents', 'showStatechart'),
  request: { params: z.object({ id: z.string().openapi({ param: { name: 'id', in: 'path' } }) }) },
  responses: answers(
    z.object({
      agent: z.string(),
      machine: z.string(),
      version: z.number().int(),
      states: z.array(stateSchema),
      active: z.array(z.string()),
      timer: z.object({ kind: z.string(), dueAt: z.string() }).nullable(),
      seq: z.number().int(),
      nowAt: z.string(),
    }),
    'The statechart; `active` are the states that the agent is in',
  ),
})

/** `/statecharts`: what an agent's machine can do, drawn by the console. */
export const statechartRoutes = routes().openapi(show, async (context) =>
  context.json(await agentStatechart(context.var.world, context.req.valid('param').id), 200),
)
