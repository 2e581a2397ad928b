import { createRoute, z } from '@hono/zod-openapi'
import { storeNow } from '@esa/operations'
import { freezeTarget, targetBoard, thawTarget } from '@esa/operations/views'
import { EsaError, type JsonObject } from '@esa/protocol'
import { answers, jsonBody, operation, routes } from '../api.ts'
import { frozenSchema, runSchema, targetBoardSchema, targetSchema } from '../documents-targets.ts'
import { idParam } from '../parameters.ts'
import type { ServerPorts } from '../ports.ts'
import { TargetRuns } from '../target-runs.ts'
import type { TargetWork } from '@esa/operations/plugin'
import { databasesOf } from '../tools.ts'

const TAG = 'databases'

const nameParam = z.object({ name: z.string().openapi({ param: { name: 'name', in: 'path' } }) })

const list = createRoute({
  method: 'get',
  path: '/targets',
  ...operation('db:read', TAG, 'listTargets'),
  summary: 'The databases that this runtime knows by name, without their passwords',
  responses: answers(z.object({ targets: z.array(targetSchema) }), 'Targets'),
})

const board = createRoute({
  method: 'get',
  path: '/targets/{name}',
  ...operation('db:read', TAG, 'showTarget'),
  summary: 'The metrics of a target: what is promised, the last reading, and the history',
  request: {
    params: nameParam,
    query: z.object({ since: z.iso.datetime().optional().openapi({ description: 'At most 31 days ago' }) }),
  },
  responses: answers(targetBoardSchema, 'What was measured; this measures nothing'),
})

/** What a body may say for each kind of work: SQL to look at, or queries to find indexes for. */
const sqlBody = jsonBody(z.strictObject({ sql: z.string().min(1) }))
const queriesBody = {
  required: false,
  content: { 'application/json': { schema: z.strictObject({ queries: z.array(z.any()).optional() }) } },
} as const

const answered = answers(runSchema, 'The run: `done`, `failed`, or still `running`, to be read by its id')

function work(path: `/targets/{name}/${TargetWork}`, summary: string, scope: 'db:read' | 'db:plan') {
  const operationId = `${path.split('/').at(-1)}Target`
  return {
    method: 'post' as const,
    ...operation(scope, TAG, operationId),
    summary,
    responses: answered,
  }
}

const measure = createRoute({
  path: '/targets/{name}/measure',
  ...work('/targets/{name}/measure', 'Measure the metrics now; nothing is kept', 'db:read'),
  request: { params: nameParam },
})

const check = createRoute({
  path: '/targets/{name}/check',
  ...work('/targets/{name}/check', 'Look at schema, integrity and storage', 'db:read'),
  request: { params: nameParam },
})

const explain = createRoute({
  path: '/targets/{name}/explain',
  ...work('/targets/{name}/explain', 'Explain one SELECT; what may change anything is refused', 'db:read'),
  request: { params: nameParam, body: sqlBody },
})

const lint = createRoute({
  path: '/targets/{name}/lint',
  ...work(
    '/targets/{name}/lint',
    'Try a migration on a copy of the schema, and say what it locks',
    'db:plan',
  ),
  request: { params: nameParam, body: sqlBody },
})

const advise = createRoute({
  path: '/targets/{name}/advise',
  ...work('/targets/{name}/advise', 'Find indexes for queries, each tried on a copy', 'db:plan'),
  request: { params: nameParam, body: queriesBody },
})

const freeze = createRoute({
  method: 'post',
  path: '/targets/{name}/freeze',
  ...operation('admin', TAG, 'freezeTarget'),
  summary: 'Nothing is applied to the target from now on, whatever was approved',
  request: { params: nameParam, body: jsonBody(z.strictObject({ reason: z.string().min(1) })) },
  responses: answers(frozenSchema, 'Frozen'),
})

const thaw = createRoute({
  method: 'post',
  path: '/targets/{name}/unfreeze',
  ...operation('admin', TAG, 'unfreezeTarget'),
  summary: 'A frozen target may be changed again',
  request: { params: nameParam },
  responses: answers(frozenSchema, 'Thawed; `reason` is why it was frozen until now'),
})

const runs = createRoute({
  method: 'get',
  path: '/runs',
  ...operation('db:read', TAG, 'listRuns'),
  summary: 'The last runs on this server, the newest first',
  responses: answers(z.object({ runs: z.array(runSchema) }), 'Runs'),
})

const run = createRoute({
  method: 'get',
  path: '/runs/{id}',
  ...operation('db:read', TAG, 'showRun'),
  summary: 'A run of this server, and what came of it',
  request: { params: idParam },
  responses: answers(runSchema, 'The run'),
})

async function requireTarget(ports: ServerPorts, name: string): Promise<void> {
  const known = await databasesOf(ports).targets()
  if (known.some((target) => target.name === name)) return
  throw new EsaError('target.unknown', 'terminal', `there is no target "${name}"`, { hint: 'esa targets ls' })
}

/** `/db`. */
export function databaseRoutes() {
  const started = new TargetRuns()
  const start = async (ports: ServerPorts, kind: TargetWork, target: string, input: JsonObject = {}) => {
    await requireTarget(ports, target)
    const nowMs = await storeNow(ports.world.store)
    const databases = databasesOf(ports)
    return await started.start({ work: kind, target, nowMs }, () => databases.run(kind, target, input))
  }
  return routes()
    .openapi(list, async (context) =>
      context.json({ targets: await databasesOf(context.var.ports).targets() }, 200),
    )
    .openapi(board, async (context) => {
      const { name } = context.req.valid('param')
      const { since } = context.req.valid('query')
      await requireTarget(context.var.ports, name)
      const span = since === undefined ? {} : { sinceMs: Date.parse(since) }
      return context.json(await targetBoard(context.var.world, name, span), 200)
    })
    .openapi(measure, async (context) =>
      context.json(await start(context.var.ports, 'measure', context.req.valid('param').name), 200),
    )
    .openapi(check, async (context) =>
      context.json(await start(context.var.ports, 'check', context.req.valid('param').name), 200),
    )
    .openapi(explain, async (context) => {
      const { name } = context.req.valid('param')
      return context.json(await start(context.var.ports, 'explain', name, context.req.valid('json')), 200)
    })
    .openapi(lint, async (context) => {
      const { name } = context.req.valid('param')
      return context.json(await start(context.var.ports, 'lint', name, context.req.valid('json')), 200)
    })
    .openapi(advise, async (context) => {
      const { name } = context.req.valid('param')
      const { queries } = context.req.valid('json')
      const input = queries === undefined ? {} : { queries }
      return context.json(await start(context.var.ports, 'advise', name, input), 200)
    })
    .openapi(freeze, async (context) => {
      const { name } = context.req.valid('param')
      const { world, ports } = context.var
      const { reason } = context.req.valid('json')
      await requireTarget(ports, name)
      const set = databasesOf(ports).freeze(name)
      return context.json(await freezeTarget(world, name, reason, set), 200)
    })
    .openapi(thaw, async (context) => {
      const { name } = context.req.valid('param')
      const { world, ports } = context.var
      await requireTarget(ports, name)
      return context.json(await thawTarget(world, name, databasesOf(ports).freeze(name)), 200)
    })
    .openapi(runs, (context) => context.json({ runs: started.list() }, 200))
    .openapi(run, (context) => context.json(started.require(context.req.valid('param').id), 200))
}
