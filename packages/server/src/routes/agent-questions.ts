import { createRoute, z } from '@hono/zod-openapi'
import { askAgent, unknownAgent } from '@esa/operations'
import { EsaError, type JsonObject } from '@esa/protocol'
import { answers, jsonBody, operation, routes } from '../api.ts'
import { idParam } from '../parameters.ts'
import { toolsOf } from '../tools.ts'

/** An answer is waited for so long at most, ms: a proxy gives up soon after. What takes longer is to be read as a task. */
const WAIT_MAX_MS = 20_000

const intentSchema = z.object({
  id: z.string(),
  kind: z.enum(['task', 'fact', 'responsibility', 'collaboration']),
  about: z.string(),
})

const ask = createRoute({
  method: 'post',
  path: '/{id}/ask',
  ...operation('incidents:write', 'agents', 'askAgent'),
  summary:
    'Ask an agent in plain words: a fact is answered at once, a task is given to it in the operator’s name',
  request: {
    params: idParam,
    body: jsonBody(
      z.strictObject({
        question: z.string().min(1).max(2_000),
        data: z.record(z.string(), z.any()).optional(),
        waitMs: z.number().int().nonnegative().max(WAIT_MAX_MS).default(WAIT_MAX_MS),
      }),
    ),
  },
  responses: answers(
    z
      .object({
        agent: z.string(),
        question: z.string(),
        intent: intentSchema.nullable(),
        because: z.string(),
        others: z.array(z.string()).optional(),
        canBeAsked: z.array(intentSchema.extend({ needs: z.array(z.string()) })).optional(),
        message: z.string().optional(),
        answer: z.any().optional(),
        waits: z.string().optional(),
      })
      .openapi('Asked'),
    'What it was taken for, and the answer; without one, `message` is the task to look for',
  ),
})

const card = createRoute({
  method: 'get',
  path: '/{id}/card',
  ...operation('agents:read', 'agents', 'showCard'),
  summary: "The text of an agent's card, whose lines the steps of a timeline name",
  request: { params: idParam },
  responses: answers(
    z
      .object({
        agent: z.string(),
        file: z.string(),
        cardHash: z.string().openapi({ description: 'Of the card in force; a pinned policy names its own' }),
        text: z.string(),
      })
      .openapi('CardText'),
    'The card; its lines count from 1',
  ),
})

/** Questions to an agent, and its card. */
export const agentQuestionRoutes = routes()
  .openapi(ask, async (context) => {
    const { question, data, waitMs } = context.req.valid('json')
    const about = data === undefined ? {} : { data: data as JsonObject }
    const asked = { agent: context.req.valid('param').id, question, waitMs, ...about }
    const { canBeAsked, ...rest } = await askAgent(context.var.world, asked)
    const shown = canBeAsked?.map((intent) => ({ ...intent, needs: [...intent.needs] }))
    return context.json({ ...rest, ...(shown === undefined ? {} : { canBeAsked: shown }) }, 200)
  })
  .openapi(card, async (context) => {
    const { id } = context.req.valid('param')
    const agent = context.var.world.directory.get(id)
    if (agent === undefined) throw unknownAgent(id)
    if (agent.card === null) {
      throw new EsaError('card.unknown', 'terminal', `${id} is on the chart and has no card yet`, {
        hint: `write one: esa agents new ${id}`,
      })
    }
    const { file, cardHash } = agent.card
    const text = await toolsOf(context.var.ports).readCard(file)
    return context.json({ agent: id, file, cardHash, text }, 200)
  })
