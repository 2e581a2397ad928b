import { EsaError, isEsaError } from '@esa/protocol'
import type { Node } from '@pgsql/types'
import { walk, type Finding, sqlState, type Queryable } from '@esa/database-catalog/sql'
import {
  type Reading,
  readStatement,
  refusal,
  writtenName,
  inJudged,
  type JudgingOptions,
  type JudgingSession,
} from '@esa/database-catalog/guard'
import { type ExplainedPlan, type PlanLine, planLines } from '../measure/plan.ts'
import { budgetOf } from './budget.ts'
import { planFindings } from './plan-findings.ts'
import { rewritesOf } from './rewrite/rewrite.ts'
import { suspect, type Suspicion } from './suspicion.ts'
import { unwrapExplain } from './unwrap-explain.ts'
import { tableFacts } from './rewrite/table-facts.ts'
import { type Gain, type TriedRewrite, tryOnCopy, tryRewrites, trySettings } from './try-fixes.ts'

/** A statement that was run once under EXPLAIN ANALYZE; times in ms, `executionMs` null when it was cut off. */
export interface ExplainedQuery {
  statement: string
  executionMs: number | null
  planningMs: number
  plan: PlanLine[]
  findings: Finding[]
  /** Other forms that gave the same rows, and alternatives that say so, with what they were worth. */
  rewrites: TriedRewrite[]
}

/** Lets `work` use a copy of the target that holds its rows. */
export type OnCopy = <T>(work: (copy: Queryable) => Promise<T>) => Promise<T>

/** Part of the time-out that a statement may take before other forms are compared with it on a sample only. */
const COMPARED_PART = 0.25

/** How many times faster another form must be to be worth a finding of its own, and what it must save, ms. */
const FASTER_FACTOR = 2
const SAVED_MS_MIN = 1

/** A statement that is faster than this is not worth a copy of its tables, ms. */
const COPIED_FROM_MS = 1

/** Lines of a plan that are kept. */
const PLAN_LINES_MAX = 100

const QUERY_CANCELED = '57014'

async function explained(session: JudgingSession, prefix: string, text: string): Promise<ExplainedPlan> {
  const { rows } = await session.run(`${prefix} ${text}`)
  const document = rows[0]?.['QUERY PLAN']
  const parsed = (typeof document === 'string' ? JSON.parse(document) : document) as
    | ExplainedPlan[]
    | undefined
  if (!parsed?.[0]) throw new EsaError('database.plan-missing', 'bug', 'EXPLAIN gave no plan')
  return parsed[0]
}

/** The plan as it was run; the plan as it would be, when the run was cut off. */
async function runOrPlan(
  session: JudgingSession,
  text: string,
): Promise<{ plan: ExplainedPlan; cutOff: boolean }> {
  await session.query('savepoint esa_run')
  try {
    const plan = await explained(session, 'EXPLAIN (ANALYZE, BUFFERS, VERBOSE, SETTINGS, FORMAT JSON)', text)
    return { plan, cutOff: false }
  } catch (error) {
    if (sqlState(error) !== QUERY_CANCELED) throw error
    await session.query('rollback to savepoint esa_run')
    return { plan: await explained(session, 'EXPLAIN (VERBOSE, SUMMARY, FORMAT JSON)', text), cutOff: true }
  }
}

function cutOffFinding(timeoutMs: number): Suspicion {
  return suspect('cut-off', {
    message: `the statement was stopped: it did not end within ${timeoutMs} ms. Its plan is as the planner sees it, without what happened`,
    evidence: { timeoutMs },
    fix: 'one of the rewrites; a LIMIT, or a condition that ends its recursion or its join; or a longer --timeout at a quiet hour',
  })
}

/**
 * Runs one SELECT of others under EXPLAIN ANALYZE behind the guard, says what its plan gives away, and tries what
 * would mend it: settings and other forms of the statement in the same read-only transaction, indexes and statistics on
 * a copy where there is one. Each statement is cut off after `timeoutMs`, and all that is tried for it on the target together after as long.
 * @throws EsaError `sql.not-a-read`, `sql.parameters`, `sql.role-too-strong`, `sql.logged` with nothing executed; `database.*`.
 */
export async function explainQuery(
  queryable: Queryable,
  sql: string,
  { timeoutMs, terms, onCopy }: Omit<JudgingOptions, 'allowed'> & { onCopy?: OnCopy },
): Promise<ExplainedQuery> {
  const reading = await judged(sql)
  const { text, node } = reading
  if (hasParameters(node))
    throw new EsaError('sql.parameters', 'terminal', 'the statement has parameters, and no values for them', {
      hint: 'write typical values in the place of $1, $2 ...',
    })
  const seen = await inJudged(queryable, { timeoutMs, terms }, async (session) => {
    const execute = await session.judge(reading)
    const { plan, cutOff } = await runOrPlan(session, execute)
    const tables = await tableFacts(session, reading.relations.map(writtenName))
    const budget = budgetOf(session, timeoutMs)
    const findings = cutOff
      ? [cutOffFinding(timeoutMs)]
      : await trySettings(session, reading, await planFindings(session, plan, node), budget)
    const sampled = cutOff || plan['Execution Time'] > timeoutMs * COMPARED_PART
    const rewrites = await rewritesOf(session, reading, { tables, sampled, budget })
    const cutOffMs = cutOff ? timeoutMs : null
    return {
      plan,
      cutOff,
      findings,
      rewrites: await tryRewrites(session, execute, { rewrites, cutOffMs, budget }),
    }
  })
  const { plan, cutOff, rewrites } = seen
  const slow = plan['Execution Time'] >= COPIED_FROM_MS
  const waiting = onCopy !== undefined && slow && seen.findings.some(({ trial }) => trial?.kind === 'ddl')
  const findings = waiting ? await onCopy((copy) => tryOnCopy(copy, text, seen.findings)) : seen.findings
  return {
    statement: text,
    executionMs: cutOff ? null : plan['Execution Time'],
    planningMs: plan['Planning Time'],
    plan: costliest(planLines(plan.Plan)),
    findings: withRewrites(findings.map(told), rewrites),
    rewrites,
  }
}

/** To the guard a text that does not parse is an unsafe one. */
async function judged(sql: string): Promise<Reading> {
  try {
    return await readStatement(sql)
  } catch (error) {
    // Only once it has passed for a text that may be looked at; what is inside is judged like any other.
    if (isEsaError(error, 'sql.not-a-read') && error.details['node'] === 'ExplainStmt')
      return await readStatement(await unwrapExplain(sql))
    if (!isEsaError(error, 'sql.syntax')) throw error
    throw refusal(`what does not parse is not run: ${error.message}`)
  }
}

function hasParameters(node: Node): boolean {
  let found = false
  walk(node, (kind) => {
    if (kind === 'ParamRef') found = true
  })
  return found
}

/** The costliest lines, in the order of the plan: over hundreds of partitions a plan is longer than anybody reads. */
function costliest(lines: PlanLine[]): PlanLine[] {
  const kept = new Set(lines.toSorted((a, b) => b.ms - a.ms).slice(0, PLAN_LINES_MAX))
  return lines.filter((line) => kept.has(line))
}

/** What was tried is said where people read, too. */
function told(suspicion: Suspicion): Finding {
  const finding = { ...suspicion }
  delete finding.trial
  const gain = finding.evidence['trial'] as Gain | undefined
  if (gain) finding.message += `; tried on the ${gain.where}: ${gainText(gain)}`
  return finding
}

function gainText({ beforeMs, afterMs, plannedRowsAfter }: Gain): string {
  const planned = plannedRowsAfter === undefined ? '' : `, ${plannedRowsAfter} rows planned`
  return `${beforeMs.toFixed(1)} ms before, ${afterMs.toFixed(1)} ms after${planned}`
}

function isFaster({ sameRows, gain }: TriedRewrite): boolean {
  if (!sameRows || !gain) return false
  return gain.beforeMs >= gain.afterMs * FASTER_FACTOR && gain.beforeMs - gain.afterMs >= SAVED_MS_MIN
}

/** A form that was proven and is faster is the better fix than advice in words, and a finding where there was none. */
function withRewrites(findings: Finding[], rewrites: TriedRewrite[]): Finding[] {
  const faster = rewrites.filter(isFaster)
  const answered = findings.map((finding): Finding => {
    // Where nothing can be built, another form is the fix, whatever it saves here.
    const offered = finding.evidence['failedOnCopy'] === undefined ? faster : rewrites
    const rewrite = offered.find(({ rule, sameRows }) => sameRows && rule === finding.kind)
    if (rewrite?.gain === undefined) return finding
    const message = `${finding.message}; another form gave the same rows: ${gainText(rewrite.gain)}`
    return { ...finding, message, fix: rewrite.sql, evidence: { ...finding.evidence, trial: rewrite.gain } }
  })
  const alone = faster.filter(({ rule }) => !findings.some(({ kind }) => kind === rule))
  return [
    ...answered,
    ...alone.map(({ rule, sql, gain }): Finding => ({
      kind: rule,
      severity: 'warning',
      message: `another form gave the same rows: ${gainText(gain!)}`,
      evidence: { trial: gain! },
      fix: sql,
    })),
  ]
}
