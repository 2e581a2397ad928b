import { createRoute, z } from '@hono/zod-openapi'
import { answerItem, judgeProposal, listInbox } from '@esa/operations'
import { answers, jsonBody, operation, routes } from '../api.ts'
import { inboxItemSchema } from '../documents-agents.ts'
import { idParam } from '../parameters.ts'

const TAG = 'inbox'

const list = createRoute({
  method: 'get',
  path: '/',
  ...operation('incidents:read', TAG, 'listInbox'),
  summary: 'What waits for an answer, the oldest first',
  request: { query: z.object({ agent: z.string().optional() }) },
  responses: answers(z.object({ items: z.array(inboxItemSchema) }), 'Items'),
})

const answer = createRoute({
  method: 'post',
  path: '/{id}/answer',
  ...operation('incidents:write', TAG, 'answerItem'),
  summary: 'Answer a message on behalf of its recipient, or of an agent',
  request: {
    params: idParam,
    body: jsonBody(z.strictObject({ as: z.string().optional(), text: z.string().min(1) })),
  },
  responses: answers(
    z.object({ agent: z.string(), item: z.string(), answered: z.literal(true), seq: z.number().int() }),
    'Answered; `seq` is the position of the agent’s log',
  ),
})

const judgment = z.strictObject({
  as: z.string(),
  because: z.string().optional(),
  hash: z
    .string()
    .optional()
    .openapi({ description: 'Of the statement that was read; another one is refused' }),
})

const judged = answers(
  z.object({
    agent: z.string(),
    item: z.string(),
    decision: z.enum(['approved', 'rejected']),
    seq: z.number().int(),
  }),
  'Decided',
)

const approve = createRoute({
  method: 'post',
  path: '/{id}/approve',
  ...operation('incidents:write', TAG, 'approveItem'),
  summary: 'Approve a proposal; needs a token on every machine, from someone other than the requester',
  request: { params: idParam, body: jsonBody(judgment) },
  responses: judged,
})

const reject = createRoute({
  method: 'post',
  path: '/{id}/reject',
  ...operation('incidents:write', TAG, 'rejectItem'),
  summary: 'Reject a proposal',
  request: { params: idParam, body: jsonBody(judgment) },
  responses: judged,
})

/** `/inbox`. */
export const inboxRoutes = routes()
  .openapi(list, async (context) => {
    const { agent } = context.req.valid('query')
    return context.json({ items: await listInbox(context.var.world, agent) }, 200)
  })
  .openapi(answer, async (context) => {
    const { as, text } = context.req.valid('json')
    const { id } = context.req.valid('param')
    const done = await answerItem(context.var.world, id, { text, ...(as === undefined ? {} : { as }) })
    return context.json(done, 200)
  })
  .openapi(approve, async (context) =>
    context.json(
      await judgeProposal(
        context.var.world,
        context.req.valid('param').id,
        true,
        given(context.req.valid('json')),
      ),
      200,
    ),
  )
  .openapi(reject, async (context) =>
    context.json(
      await judgeProposal(
        context.var.world,
        context.req.valid('param').id,
        false,
        given(context.req.valid('json')),
      ),
      200,
    ),
  )

function given({ as, because, hash }: z.output<typeof judgment>) {
  return {
    as,
    ...(because === undefined ? {} : { because }),
    ...(hash === undefined ? {} : { hash }),
  }
}
