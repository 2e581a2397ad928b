import { createRoute, z } from '@hono/zod-openapi'
import { pageTasks, readThread, requireTask, sendTask } from '@esa/operations'
import { EsaError } from '@esa/protocol'
import { answers, jsonBody, operation, routes } from '../api.ts'
import { answeredTaskSchema, taskSchema, threadSchema } from '../documents-tasks.ts'
import { cursorOf, cursorTo, nextSchema, pageQuery } from '../paging.ts'
import { flag, idParam } from '../parameters.ts'

const list = createRoute({
  method: 'get',
  path: '/tasks',
  ...operation('incidents:read', 'tasks', 'listTasks'),
  summary: 'Messages of the organization, the newest first',
  request: { query: z.object({ agent: z.string().optional(), open: flag, ...pageQuery }) },
  responses: answers(
    z.object({ tasks: z.array(taskSchema), next: nextSchema }),
    'Messages; go on with `cursor` = `next`',
  ),
})

const show = createRoute({
  method: 'get',
  path: '/tasks/{id}',
  ...operation('incidents:read', 'tasks', 'showTask'),
  summary: 'One message, and what was answered',
  request: { params: idParam },
  responses: answers(answeredTaskSchema, 'The message'),
})

const send = createRoute({
  method: 'post',
  path: '/tasks',
  ...operation('incidents:write', 'tasks', 'sendTask'),
  summary: "Send a message in an agent's name; once this answers, it is durable",
  request: {
    body: jsonBody(
      z.looseObject({ from: z.string(), to: z.array(z.string()).min(1), type: z.string(), body: z.any() }),
    ),
  },
  responses: answers(
    z.object({ sent: z.array(z.object({ id: z.string(), to: z.string() })) }),
    'What was sent, one message to each',
  ),
})

const thread = createRoute({
  method: 'get',
  path: '/threads/{id}',
  ...operation('incidents:read', 'tasks', 'showThread'),
  summary: 'A conversation by its thread or any message of it, and what it left in the logs',
  request: { params: idParam },
  responses: answers(threadSchema, 'The conversation'),
})

/** `/tasks` and `/threads`. */
export const taskRoutes = routes()
  .openapi(list, async (context) => {
    const { agent, open = false, cursor, limit } = context.req.valid('query')
    const before = placeOf(cursorOf('tasks', cursor))
    const filter = { open, limit, ...(agent === undefined ? {} : { agent }), ...before }
    const { tasks, next } = await pageTasks(context.var.world, filter)
    const place = next === null ? null : `${next.at} ${next.id}`
    return context.json({ tasks, next: cursorTo('tasks', place) }, 200)
  })
  .openapi(show, async (context) =>
    context.json(await requireTask(context.var.world, context.req.valid('param').id), 200),
  )
  .openapi(send, async (context) =>
    context.json({ sent: await sendTask(context.var.world, context.req.valid('json')) }, 200),
  )
  .openapi(thread, async (context) => {
    const { id } = context.req.valid('param')
    const found = await readThread(context.var.world, id)
    if (found !== null) return context.json(found, 200)
    throw new EsaError('task.unknown', 'terminal', `there is no conversation "${id}"`, {
      hint: 'esa tasks ls',
    })
  })

/** Where a page ended: the instant and the id of its last message. */
function placeOf(last: string | undefined): { before?: { at: number; id: string } } {
  if (last === undefined) return {}
  const [at, id = ''] = last.split(' ')
  return { before: { at: Number(at), id } }
}
