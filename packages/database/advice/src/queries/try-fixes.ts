import { sqlState, onOneSession, type Queryable, type QueryAnswer, OWN_MARK } from '@esa/database-catalog/sql'
import type { JudgingSession } from '@esa/database-catalog/guard'
import type { ExplainedPlan } from '../measure/plan.ts'
import { type Budget, inSavepoint } from './budget.ts'
import { nodeName, placedNodes } from './plan-tree.ts'
import type { Rewrite } from './rewrite/rewrite.ts'
import type { Suspicion } from './suspicion.ts'

/** What a change was worth, ms of the median run. A type, so that it is JSON as evidence. */
export type Gain = {
  where: 'target' | 'copy'
  beforeMs: number
  afterMs: number
  runs: number
  /** Rows that the misestimated node is planned with afterwards. */
  plannedRowsAfter?: number
}

/** A rewrite with what it was worth. */
export interface TriedRewrite extends Rewrite {
  gain?: Gain
}

/** Runs of each side: the median of three is not moved by one run that met a cold cache. */
const RUNS = 3

/** A statement that takes longer is run once a side, ms: what it waits for is no longer the cache. */
const ONE_RUN_FROM_MS = 1_000

/** Most fixes that are tried for one statement; the findings before them are the graver ones. */
const TRIALS_MAX = 8

/** How statements are run: as a judging session does, or on a copy. */
type Run = JudgingSession['run']

async function timed(run: Run, sql: string): Promise<number> {
  const [explained] = planOf(await run(`EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${sql}`))
  return explained?.['Execution Time'] ?? Number.NaN
}

/** The median time of a statement on the server, ms, without timing each node, which costs more than many nodes do. */
async function medianMs(run: Run, sql: string): Promise<{ ms: number; runs: number }> {
  const times: number[] = []
  while (times.length < RUNS) {
    times.push(await timed(run, sql))
    if (times[0]! >= ONE_RUN_FROM_MS) break
  }
  return { ms: times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!, runs: times.length }
}

/** `ready` makes a change, and gives the SQL that runs the statement then. */
async function measured(
  run: Run,
  where: Gain['where'],
  beforeMs: number,
  ready: () => Promise<string>,
): Promise<Gain> {
  const { ms, runs } = await medianMs(run, await ready())
  return { where, beforeMs, afterMs: ms, runs }
}

/**
 * Tries what can be tried by reading: settings of this transaction. `session` is in a read-only transaction that is
 * rolled back. A finding comes back with `evidence.trial`, or as it was when its fix failed.
 */
export async function trySettings(
  session: JudgingSession,
  reading: { text: string },
  findings: Suspicion[],
  budget: Budget,
): Promise<Suspicion[]> {
  const some = findings.some(({ trial }) => trial?.kind === 'settings')
  const before = some
    ? await budget.try(async () => medianMs(session.run, await session.judge(reading)))
    : undefined
  if (before === undefined) return findings
  const tried: Suspicion[] = []
  for (const [at, finding] of findings.entries()) {
    const { trial } = finding
    if (trial?.kind !== 'settings' || at >= TRIALS_MAX) {
      tried.push(finding)
      continue
    }
    const ready = async (): Promise<string> => {
      for (const [name, value] of Object.entries(trial.settings))
        await session.query(`select ${OWN_MARK} pg_catalog.set_config($1, $2, true)`, [name, value])
      // A prepared statement keeps the plan of its first run: under other settings it is prepared again.
      return session.judge(reading)
    }
    const gain = await budget.try(() => measured(session.run, 'target', before.ms, ready))
    for (const name of Object.keys(trial.settings)) await session.query(`set local ${name} to default`)
    tried.push(gain === undefined ? finding : { ...finding, evidence: { ...finding.evidence, trial: gain } })
  }
  return tried
}

/** Measures offered rewrites beside the statement that they stand for; one that was cut off counts as long as that. */
export async function tryRewrites(
  session: JudgingSession,
  execute: string,
  { rewrites, cutOffMs, budget }: { rewrites: Rewrite[]; cutOffMs: number | null; budget: Budget },
): Promise<TriedRewrite[]> {
  if (rewrites.length === 0) return []
  const beforeMs = cutOffMs ?? (await budget.try(() => medianMs(session.run, execute)))?.ms
  if (beforeMs === undefined) return rewrites
  const tried: TriedRewrite[] = []
  for (const rewrite of rewrites) {
    const gain = await budget.try(() =>
      measured(session.run, 'target', beforeMs, () => session.judge({ text: rewrite.sql })),
    )
    tried.push(gain === undefined ? rewrite : { ...rewrite, gain })
  }
  return tried
}

/**
 * Tries what has to be made first, indexes and statistics, on a copy that holds the rows; each by itself, undone before
 * the next. Never call it with the target itself.
 */
export async function tryOnCopy(copy: Queryable, sql: string, findings: Suspicion[]): Promise<Suspicion[]> {
  return onOneSession(copy, async (session) => {
    await session.query('begin')
    try {
      const before = await medianMs(runOn(session), sql).catch((error: unknown) => {
        if (!NOT_THERE.test(sqlState(error) ?? '')) throw error
        return (error as Error).message
      })
      if (typeof before === 'string') return findings.map((finding) => untried(finding, before))
      const { ms: beforeMs } = before
      const tried: Suspicion[] = []
      for (const [at, finding] of findings.entries()) {
        const { trial } = finding
        if (trial?.kind !== 'ddl' || at >= TRIALS_MAX) {
          tried.push(finding)
          continue
        }
        const gain = await made(session, { beforeMs, sql }, finding, trial.statements)
        tried.push(
          gain === undefined
            ? failed(finding)
            : { ...finding, evidence: { ...finding.evidence, trial: gain } },
        )
      }
      return tried
    } finally {
      await session.query('rollback')
    }
  })
}

/** The savepoint is rolled back after the measurement: the next fix is tried on the copy as it was. */
async function made(
  copy: Queryable,
  { beforeMs, sql }: { beforeMs: number; sql: string },
  { kind, evidence }: Suspicion,
  statements: string[],
): Promise<Gain | undefined> {
  await copy.query('savepoint esa_fix')
  const ready = async (): Promise<string> => {
    for (const statement of statements) await copy.query(statement)
    return sql
  }
  const gain = await inSavepoint(copy, () => measured(runOn(copy), 'copy', beforeMs, ready))
  const planned = gain && kind === 'misestimate' ? await plannedRows(copy, sql, evidence['node']) : undefined
  await copy.query('rollback to savepoint esa_fix')
  return gain && planned !== undefined ? { ...gain, plannedRowsAfter: planned } : gain
}

/** What better statistics are for is the estimate, whether or not this plan is faster by it. */
async function plannedRows(copy: Queryable, sql: string, name: unknown): Promise<number | undefined> {
  const [explained] = planOf(await runOn(copy)(`EXPLAIN (VERBOSE, FORMAT JSON) ${sql}`))
  const found = explained && placedNodes(explained.Plan).find(({ node }) => nodeName(node) === name)
  return found?.node['Plan Rows']
}

function runOn(copy: Queryable): Run {
  return (text) => copy.query({ text, queryMode: 'extended' })
}

function planOf({ rows }: QueryAnswer): ExplainedPlan[] {
  const document = rows[0]?.['QUERY PLAN']
  return (typeof document === 'string' ? JSON.parse(document) : document) as ExplainedPlan[]
}

/** SQLSTATEs of a statement that names what the copy does not have: it may lack an extension of the target. */
const NOT_THERE = /^(?:42P01|42703|42704|42883|3F000)$/

function untried(finding: Suspicion, why: string): Suspicion {
  if (finding.trial?.kind !== 'ddl') return finding
  return {
    ...finding,
    message: `${finding.message}; its fix was not tried: the copy does not run the statement (${why})`,
  }
}

/** A fix that PostgreSQL refuses is none: an expression that is not IMMUTABLE, for one. */
function failed(finding: Suspicion): Suspicion {
  return {
    ...finding,
    message: `${finding.message}; what could be made for it failed on the copy`,
    evidence: { ...finding.evidence, failedOnCopy: finding.fix ?? null },
    fix: 'another form of the condition: PostgreSQL does not make this',
  }
}
