import { createRoute, z } from '@hono/zod-openapi'
import { answers, jsonBody, operation, routes } from '../api.ts'
import { toolsOf } from '../tools.ts'

const run = createRoute({
  method: 'post',
  path: '/',
  ...operation('agents:read', 'simulations', 'simulate'),
  summary:
    'Run one scenario by the real rules on a virtual clock; nothing of it is kept and nothing leaves it',
  request: {
    body: jsonBody(
      z.looseObject({
        agent: z.string(),
        category: z.string(),
        commands: z.array(z.looseObject({ atMs: z.number(), type: z.string() })).optional(),
        faults: z.array(z.looseObject({ atMs: z.number(), type: z.string() })).optional(),
        horizonMs: z.number().int().optional(),
        seed: z.number().int().optional(),
      }),
    ),
  },
  responses: answers(
    z
      .object({
        path: z.array(z.any()),
        events: z.array(z.any()),
        outcome: z.string(),
        end: z.any(),
        later: z.array(z.string()),
      })
      .openapi('Simulation'),
    'What came of it; `atMs` counts from the opening',
  ),
})

/** `/simulations`. */
export const simulationRoutes = routes().openapi(run, async (context) =>
  context.json(await toolsOf(context.var.ports).simulate(context.req.valid('json')), 200),
)
