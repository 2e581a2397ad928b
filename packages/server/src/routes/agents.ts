import { createRoute, z } from '@hono/zod-openapi'
import { agentPage, agentStates, resumeAgent, seatAgent, stopAgent } from '@esa/operations'
import { answers, jsonBody, operation, routes } from '../api.ts'
import { agentPageSchema, agentStateSchema } from '../documents-agents.ts'
import { idParam } from '../parameters.ts'

const TAG = 'agents'

const list = createRoute({
  method: 'get',
  path: '/',
  ...operation('agents:read', TAG, 'listAgents'),
  summary: 'Every agent, and what it has to do with now',
  responses: answers(z.object({ agents: z.array(agentStateSchema) }), 'Agents, in the order of the chart'),
})

const show = createRoute({
  method: 'get',
  path: '/{id}',
  ...operation('agents:read', TAG, 'showAgent'),
  summary: "One agent: its card's facts, its state, its figures, its inbox, and the end of its log",
  request: { params: idParam },
  responses: answers(agentPageSchema, 'The agent'),
})

const seat = createRoute({
  method: 'post',
  path: '/{id}/seat',
  ...operation('admin', TAG, 'seatAgent'),
  summary: "Give an agent's seat to a person, or back to its playbook",
  request: { params: idParam, body: jsonBody(z.strictObject({ seat: z.enum(['human', 'built-in']) })) },
  responses: answers(
    z.object({ agent: z.string(), seat: z.enum(['human', 'built-in']) }),
    'Who sits there now',
  ),
})

const stop = createRoute({
  method: 'post',
  path: '/{id}/stop',
  ...operation('admin', TAG, 'stopAgent'),
  summary: 'Stop an agent: it takes nothing more, and every incident that waits for it learns so',
  request: { params: idParam },
  responses: answers(
    z.object({ agent: z.string(), stopped: z.literal(true), incidents: z.array(z.string()) }),
    'Stopped; `incidents` were notified',
  ),
})

const resume = createRoute({
  method: 'post',
  path: '/{id}/resume',
  ...operation('admin', TAG, 'resumeAgent'),
  summary: 'Let a stopped agent work again',
  request: { params: idParam },
  responses: answers(z.object({ agent: z.string(), stopped: z.literal(false) }), 'It works'),
})

/** `/agents`. */
export const agentRoutes = routes()
  .openapi(list, async (context) => context.json({ agents: await agentStates(context.var.world) }, 200))
  .openapi(show, async (context) =>
    context.json(await agentPage(context.var.world, context.req.valid('param').id), 200),
  )
  .openapi(seat, async (context) => {
    const { id: agent } = context.req.valid('param')
    const { seat: asked } = context.req.valid('json')
    return context.json({ agent, seat: await seatAgent(context.var.world, agent, asked) }, 200)
  })
  .openapi(stop, async (context) => {
    const { id: agent } = context.req.valid('param')
    const incidents = await stopAgent(context.var.world, agent)
    return context.json({ agent, stopped: true as const, incidents }, 200)
  })
  .openapi(resume, async (context) => {
    const { id: agent } = context.req.valid('param')
    await resumeAgent(context.var.world, agent)
    return context.json({ agent, stopped: false as const }, 200)
  })
