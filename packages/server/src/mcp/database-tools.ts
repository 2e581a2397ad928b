import { z } from '@hono/zod-openapi'
import { storeNow } from '@esa/operations'
import { CATEGORIES, type Scope } from '@esa/protocol'
import { runSchema, targetSchema } from '../documents-targets.ts'
import type { TargetWork } from '@esa/operations/plugin'
import { databasesOf, toolsOf } from '../tools.ts'
import { type McpTool, tool } from './tool.ts'

/** Commands of one simulation. */
const COMMANDS_MAX = 100

const sql = z.string().min(1).max(200_000)

const targets = tool({
  name: 'databases_list',
  title: 'List databases',
  description: 'The databases that this runtime knows by name, without their passwords.',
  scope: 'db:read',
  effect: { kind: 'reads' },
  input: z.object({}),
  output: z.object({ targets: z.array(targetSchema) }),
  run: async ({ ports }) => ({ targets: await databasesOf(ports).targets() }),
})

/** A tool for one kind of work on a target, which is done by the same code as its command. */
function work(
  kind: TargetWork,
  scope: Scope,
  about: Pick<McpTool, 'title' | 'description'>,
  fields: z.ZodRawShape = {},
): McpTool {
  return tool({
    name: `databases_${kind}`,
    title: about.title,
    description: `${about.description} What takes longer than some seconds comes back as running; ask for it with databases_run.`,
    scope,
    effect: { kind: 'reads' },
    input: z.object({ target: z.string().describe('Name of a target, from databases_list'), ...fields }),
    output: runSchema,
    run: async ({ ports, runs }, { target, ...input }) => {
      const databases = databasesOf(ports)
      const nowMs = await storeNow(ports.world.store)
      return runs.start({ work: kind, target, nowMs }, () => databases.run(kind, target, input))
    },
  })
}

const run = tool({
  name: 'databases_run',
  title: 'Ask for a run',
  description:
    'What came of a run on a target that was still running. Only the server that began it knows it.',
  scope: 'db:read',
  effect: { kind: 'reads' },
  input: z.object({ id: z.string() }),
  output: runSchema,
  run: async ({ runs }, { id }) => runs.require(id),
})

const simulate = tool({
  name: 'simulate',
  title: 'Simulate an incident',
  description:
    'Runs an incident of an agent by the real rules on a virtual clock: who would be notified when. Nothing is stored or sent.',
  scope: 'agents:read',
  effect: { kind: 'reads' },
  input: z.object({
    agent: z.string(),
    category: z.enum(CATEGORIES),
    commands: z
      .array(z.looseObject({ atMs: z.number().int(), type: z.string(), as: z.string() }))
      .max(COMMANDS_MAX)
      .default([]),
    horizonMs: z.number().int().positive().optional(),
    seed: z.number().int().optional(),
  }),
  output: z.object({
    path: z.array(z.looseObject({})),
    events: z.array(z.looseObject({})),
    outcome: z.string(),
    end: z.looseObject({}),
  }),
  run: ({ ports }, scenario) => toolsOf(ports).simulate(scenario),
})

/** Tools of Layer 1 on named databases, and the simulator. They read, and build only on copies. */
export const databaseTools: readonly McpTool[] = [
  targets,
  work('measure', 'db:read', {
    title: 'Measure a database',
    description: 'Measures what is promised of a database, now; nothing is kept.',
  }),
  work('check', 'db:read', {
    title: 'Check a database',
    description: 'Looks at its schema, integrity and storage, and says what to mend.',
  }),
  work(
    'explain',
    'db:read',
    {
      title: 'Explain a query',
      description:
        'Runs one SELECT in a read-only transaction and says what is slow in its plan. What may change anything is refused.',
    },
    { sql },
  ),
  work(
    'lint',
    'db:plan',
    {
      title: 'Lint a migration',
      description: 'Tries a migration on a copy of the schema: what it locks, rewrites, and keeps waiting.',
    },
    { sql },
  ),
  work(
    'advise',
    'db:plan',
    {
      title: 'Advise indexes',
      description:
        'Finds indexes for queries (or for the target’s own workload), each built and timed on a copy.',
    },
    { queries: z.array(sql).max(100).optional() },
  ),
  run,
  simulate,
]
