import { createRoute, z } from '@hono/zod-openapi'
import { orgGraph } from '@esa/operations/views'
import { answers, operation, routes } from '../api.ts'
import { instant } from '../documents.ts'
import { agentStateSchema } from '../documents-agents.ts'

const edgeSchema = z
  .object({
    from: z.string(),
    to: z.string(),
    kind: z.enum(['reports', 'awaits', 'escalated']),
    about: z.string().nullable(),
    dueAt: instant.nullable(),
  })
  .openapi('OrgEdge')

const graph = createRoute({
  method: 'get',
  path: '/',
  ...operation('agents:read', 'org', 'showOrg'),
  summary:
    'The whole organization: every agent with its state, and who waits for whom; now, or at an instant of the past',
  request: {
    query: z.object({
      at: z
        .string()
        .optional()
        .openapi({ description: 'An instant that has passed (ISO 8601), folded from the logs' }),
    }),
  },
  responses: answers(
    z
      .object({
        at: instant,
        nowAt: instant,
        past: z.boolean(),
        tree: z.string(),
        agents: z.array(agentStateSchema),
        edges: z.array(edgeSchema),
      })
      .openapi('OrgGraph'),
    'The organization',
  ),
})

/** `/org`. */
export const orgRoutes = routes().openapi(graph, async (context) =>
  context.json(await orgGraph(context.var.world, context.req.valid('query').at), 200),
)
