import {
  onOneSession,
  type Queryable,
  type ParsedStatement,
  parseScript,
  lacksRightOf,
  executionOf,
} from '@esa/database-catalog/sql'
import { type Rehearsal, type RehearsalOptions, withRehearsal } from '@esa/database-sandbox'
import type { LintFinding, Verdict } from './judge.ts'
import { onThisDatabase } from './on-this-database.ts'
import type { Script } from './read-script.ts'
import { RULES } from './rules/registry.ts'
import { inTime } from './try-statement.ts'

/** Those that were tried when they were found, and settings, which work everywhere. */
const NOT_TRIED = new Set([
  'alter-tables-apart',
  'lock-timeout-missing',
  'statement-timeout-missing',
  'timeout-cancels-build',
])

/** It comes on top of its statement; others stand in its place. */
const BESIDES = new Set(['foreign-key-without-index'])

/** A fix that fails half-way leaves something behind: so often all are tried again without it. */
const FRESH_STARTS_MAX = 8

const SAFE_WAYS = new Map(RULES.map(({ id, safeWay }) => [id, safeWay]))

/** Fixes that fail, and why. */
type Failed = Map<LintFinding, string>

/**
 * Runs the fixes of findings on a rehearsal of its own, each in place of its statement, and takes back those that fail: what
 * is left of them is the words of their rule, and the server's.
 */
export async function withTriedFixes(
  scripts: readonly Script[],
  verdicts: readonly Verdict[],
  { ground, schema, target }: Pick<RehearsalOptions, 'ground' | 'schema'> & { target: string | null },
): Promise<Verdict[]> {
  const failed: Failed = new Map()
  const wanted = (): boolean => verdicts.some(({ findings }) => findings.some((one) => isTried(one, failed)))
  for (let start = 0; start < FRESH_STARTS_MAX && wanted(); start += 1) {
    const isDone = await withRehearsal({ ground, id: 'lint_fixes', schema }, (rehearsal) =>
      tryAll(rehearsal, scripts, { verdicts, failed, target }),
    )
    if (isDone) break
  }
  return verdicts.map((verdict) => ({
    ...verdict,
    findings: verdict.findings.map((finding) => taken(finding, failed.get(finding))),
  }))
}

function isTried(finding: LintFinding, failed: Failed): boolean {
  return finding.fix?.endsWith(';') === true && !NOT_TRIED.has(finding.rule) && !failed.has(finding)
}

function taken(finding: LintFinding, why: string | undefined): LintFinding {
  if (why === undefined) return finding
  return { ...finding, fix: `${SAFE_WAYS.get(finding.rule) ?? ''} Tried here, it failed: ${why}` }
}

/** What the fixes of one pass are tried with. */
interface Pass {
  verdicts: readonly Verdict[]
  failed: Failed
  target: string | null
}

/** False when one failed after a part of it ran: what comes after it would be tried on something else. */
async function tryAll(
  rehearsal: Rehearsal,
  scripts: readonly Script[],
  { verdicts, failed, target }: Pass,
): Promise<boolean> {
  return onOneSession(rehearsal.queryable, async (session) => {
    const { rows } = await session.query('select pg_backend_pid() as pid')
    const stage = { pool: rehearsal.queryable, pid: Number(rows[0]!['pid']) }
    const names = { target, copy: rehearsal.name }
    const run: Run = (statement) => {
      const here = onThisDatabase(statement, names)
      if (here === 'beyond') return Promise.resolve()
      return inTime(stage, session.query(here?.sql ?? statement.text))
    }
    const found = new Map(verdicts.map((one) => [`${one.file} ${one.index} ${one.text}`, one.findings]))
    for (const script of scripts) {
      await rehearsal.admitRoles(script.statements)
      for (const statement of script.statements) {
        const findings = found.get(`${script.file} ${statement.index} ${statement.text}`) ?? []
        const fixes = findings.filter((one) => isTried(one, failed))
        let isReplaced = false
        for (const finding of fixes.filter(({ rule }) => !BESIDES.has(rule))) {
          const { ran, why } = await tryFix(session, run, finding)
          if (why !== null) failed.set(finding, why)
          if (why !== null && ran > 0) return false
          isReplaced ||= why === null
        }
        if (!isReplaced) await runAsWritten(session, run, statement)
        for (const finding of fixes.filter(({ rule }) => BESIDES.has(rule))) {
          const { why } = await tryFix(session, run, finding)
          if (why !== null) failed.set(finding, why)
        }
      }
    }
    return true
  })
}

type Run = (statement: ParsedStatement) => Promise<unknown>

/** How many statements of a fix ran, and why the next did not; a right that is missing here says nothing against it. */
async function tryFix(
  session: Queryable,
  run: Run,
  { fix = '' }: LintFinding,
): Promise<{ ran: number; why: string | null }> {
  let ran = 0
  const loose = await looseConstraints(session)
  for (const statement of await parseScript(fix)) {
    try {
      await run(statement)
      ran += 1
    } catch (error) {
      await session.query('rollback')
      if (lacksRightOf(statement.node, error) !== null) return { ran, why: null }
      return { ran, why: error instanceof Error ? error.message : String(error) }
    }
  }
  const left = await looseConstraints(session)
  const isLoose = [...left].some((oid) => !loose.has(oid))
  return { ran, why: isLoose ? 'the name of its constraint is taken, so that it validates another' : null }
}

/** A fix validates what it adds. */
async function looseConstraints(session: Queryable): Promise<Set<unknown>> {
  const { rows } = await session.query('select oid from pg_constraint where not convalidated')
  return new Set(rows.map(({ oid }) => oid))
}

/** Statements by themselves: CONCURRENTLY is refused in a transaction. One that fails has its own finding. */
async function runAsWritten(session: Queryable, run: Run, statement: ParsedStatement): Promise<void> {
  if (/^(?:never|control)$/.test(executionOf(statement.node))) return
  await run(statement).catch(() => session.query('rollback'))
}
