import type { Look } from './look.activity.ts'
import type { OpenTarget } from './open-target.activity.ts'
import { isPooler } from '@esa/pg-server'
import type { Finding } from '@esa/database-catalog/sql'
import type { MetricThreshold } from '@esa/database-advice/measure'
import { EsaError, type JsonObject, textOf } from '@esa/protocol'
import type { Config } from '../config.ts'
import { resolveTarget } from '../targets/targets.ts'

/**
 * What Layer 1 finds when another agent asks for a look, each by the same code as its command. What a look needs is loaded
 * on request, so that a worker is ready earlier. Every one reads the target, and builds only on copies of it.
 */
export function workerLooks(config: Config, environment: NodeJS.ProcessEnv): Record<string, Look> {
  return {
    measure: measureLook,
    schema: async ({ queryable }) =>
      findings(await (await import('@esa/database-advice/review')).reviewSchema(queryable)),
    normalize: async ({ queryable }) =>
      (await import('@esa/database-advice/measure')).normalizeDatabase(queryable),
    indexes: async ({ queryable }) =>
      (await import('@esa/database-advice/review')).reviewIndexes(queryable, UNUSED_AFTER_MS),
    integrity: async ({ queryable }) =>
      findings(await (await import('@esa/database-advice/review')).checkIntegrity(queryable)),
    storage: async (target) =>
      (await import('@esa/database-advice/review')).reviewStorage(target.queryable, counted(target)),
    check: checkLook,
    queries: async ({ queryable }) =>
      (await import('@esa/database-advice/queries')).topQueries(queryable, TRAFFIC_MS),
    explain: (target, input) => explainLook(config, environment, target, input),
    lint: (target, input) => lintLook(config, target, input),
    verify: (_, input) => verifyLook(config, environment, input),
    'tune-connections': (target, input) => connectionsLook(config, environment, target, input),
    advise: (target, input) => adviseLook(config, environment, target, input),
    'serve-endpoint': (target, input) => adviseLook(config, environment, target, input),
  }
}

/** An index that no scan used for so long is worth a look, ms: a week has every kind of day in it. */
const UNUSED_AFTER_MS = 7 * 24 * 3_600_000

/** How long traffic is watched where the server does not count its statements, ms. */
const TRAFFIC_MS = 5_000

/** Cut-off of an explained run that came by a request or a message, ms: a look has a minute, and other forms take as long. */
const EXPLAIN_MS = 20_000

/** Longest search for indexes that a message may ask for, ms: the look as a whole has ten minutes. */
const ADVISE_MS = 4 * 60_000

async function measureLook(
  { queryable, workload, ...target }: OpenTarget,
  input: JsonObject,
): Promise<unknown> {
  const { measure } = await import('@esa/database-advice/measure')
  const { WORKLOAD_RUNS } = await import('./measure.activity.ts')
  const thresholds = input['thresholds'] as unknown[] as MetricThreshold[]
  const terms = { ...target.terms, caller: 'workload' } as const
  const load =
    workload === null ? {} : { workload: { statements: [...workload], runs: WORKLOAD_RUNS, terms } }
  return { metrics: await measure(queryable, { thresholds, ...load }) }
}

function findings(found: Finding[]): { findings: Finding[] } {
  return { findings: found }
}

/** The workload that a target names, as a count of calls. */
function counted({ workload }: OpenTarget): { workload?: { sql: string; calls: number }[] } {
  return workload === null ? {} : { workload: workload.map(({ sql, weight }) => ({ sql, calls: weight })) }
}

async function explainLook(
  config: Config,
  environment: NodeJS.ProcessEnv,
  { queryable, terms }: OpenTarget,
  { sql, target }: JsonObject,
): Promise<unknown> {
  const { explainQuery } = await import('@esa/database-advice/queries')
  const { timeoutMs } = await resolveTarget(config, textOf(target), environment)
  return explainQuery(queryable, textOf(sql), {
    timeoutMs: Math.min(EXPLAIN_MS, timeoutMs ?? EXPLAIN_MS),
    // A request, a tool of MCP or a message: nothing of it was written on this host.
    terms: { ...terms, caller: 'foreign' },
  })
}

async function checkLook(target: OpenTarget): Promise<unknown> {
  const [{ reviewSchema }, { checkIntegrity }, { reviewStorage }] = await Promise.all([
    import('@esa/database-advice/review'),
    import('@esa/database-advice/review'),
    import('@esa/database-advice/review'),
  ])
  const { queryable } = target
  return findings([
    ...(await reviewSchema(queryable)),
    ...(await checkIntegrity(queryable)),
    ...(await reviewStorage(queryable, counted(target))).findings,
  ])
}

async function lintLook(config: Config, { queryable }: OpenTarget, { sql }: JsonObject): Promise<unknown> {
  const { lintScripts, readScript, readSizes } = await import('@esa/database-migrations/lint')
  const ground = await (await import('../sandbox/rehearsal-ground.ts')).rehearsalGround(config, queryable)
  const script = await readScript(MESSAGE, new TextEncoder().encode(textOf(sql)))
  const sizes = await readSizes(queryable)
  return lintScripts([script], { ground, independent: false, schema: { from: queryable }, sizes })
}

async function verifyLook(
  config: Config,
  environment: NodeJS.ProcessEnv,
  { sql, target }: JsonObject,
): Promise<unknown> {
  const { verifyMigration } = await import('@esa/database-migrations/verify')
  const { scriptMigration } = await import('@esa/database-migrations/plan')
  const { onRehearsal } = await import('../sandbox/on-rehearsal.ts')
  const migration = await scriptMigration(MESSAGE, textOf(sql))
  const purpose = { id: 'verify', rows: 'full', seesAllRows: true } as const
  return onRehearsal(
    config,
    environment,
    { target: textOf(target) },
    purpose,
    ({ queryable, tables, missing }) =>
      verifyMigration(
        { queryable, whole: tables.every(({ complete }) => complete), missing },
        migration,
        () => {},
      ),
  )
}

/** What SQL that came in a message is called where a file has its name. */
const MESSAGE = 'message.sql'

async function connectionsLook(
  config: Config,
  environment: NodeJS.ProcessEnv,
  { queryable }: OpenTarget,
  { target, processes }: JsonObject,
): Promise<unknown> {
  const { advisePool, measureConnections } = await import('@esa/database-advice/measure')
  const { url } = await resolveTarget(config, textOf(target), environment)
  const numbers = await measureConnections(queryable, { pooled: isPooler(url) })
  return { numbers, advice: advisePool(numbers, typeof processes === 'number' ? processes : 1) }
}

async function adviseLook(
  config: Config,
  environment: NodeJS.ProcessEnv,
  { workload }: OpenTarget,
  { target, queries }: JsonObject,
): Promise<unknown> {
  const statements = queries === undefined ? (workload ?? []) : statementsOf(queries)
  if (statements.length === 0) {
    throw new EsaError(
      'workload.none',
      'terminal',
      'no queries are given and no workload is known for this target',
    )
  }
  const { adviseFor } = await import('../sandbox/measured-advice.ts')
  return adviseFor(config, environment, textOf(target), statements, ADVISE_MS)
}

/** Queries as a message has them: texts, or `{id, sql, weight}`. */
function statementsOf(queries: unknown): { id: string; weight: number; sql: string }[] {
  if (!Array.isArray(queries)) throw wrongQueries()
  return queries.map((query: unknown, nth) => {
    const about = (typeof query === 'string' ? { sql: query } : query) as JsonObject
    const { id, sql, weight } = about ?? {}
    if (typeof sql !== 'string') throw wrongQueries()
    const positive = typeof weight === 'number' && weight > 0
    return { id: textOf(id) || `query-${nth + 1}`, weight: positive ? weight : 1, sql }
  })
}

function wrongQueries(): EsaError {
  return new EsaError('look.queries', 'terminal', 'queries is a list of SQL texts or of {id, sql, weight}')
}
