import {
  postgresError,
  sqlState,
  type Finding,
  onOneSession,
  type Queryable,
  parseScript,
  lacksRightOf,
  needsSuperuser,
  Untried,
} from '@esa/database-catalog/sql'
import { lackingOf, unseenTables } from '@esa/database-sandbox'
import type { BackfillStep } from '../plan/model/plan.ts'
import { runBatch, type WalkPlace } from '../plan/run-batch.ts'
import type { Came } from './closer-look.ts'
import type { Effect } from '../plan/steps/effects.ts'
import type { Migration, MigrationStep } from '../plan/steps/step.ts'
import { compareTable, type Mismatch } from './compare-table.ts'
import { keepBefore, type KeptTable, renamedLabels } from './keep-before.ts'
import { type ScriptFacts, scriptFacts } from './script-facts.ts'
import { effectsOfSteps, runMeasured } from './run-measured.ts'
import { unitedRows } from './united-rows.ts'
import { nameOf, tableShapes } from './table-shape.ts'

/** Whether a migration loses rows or values. `lossless` null: it is unknown, and the findings say why. */
export interface Verdict {
  lossless: boolean | null
  mismatches: Mismatch[]
  findings: Finding[]
  /** What the verdict rests on. */
  tables: number
  rows: number
  /** What each step (its id) took on the copy, as its approval names it; of a sample nothing. */
  effects: Record<string, Effect[]>
}

/** A copy of a database on which a migration is tried. */
export interface Copy {
  /** A pool on the copy, which is changed. */
  queryable: Queryable
  /** False when it holds a sample of the rows: then nothing can be said of the others. */
  whole: boolean
  /** What of the original is not on it. */
  missing: Finding[]
}

/** How far a verification is. */
export type OnVerifying = (stage: 'keep' | 'run' | 'compare', done: number, of: number) => void

/**
 * Runs a migration on a copy and looks for every row and value that was there before: in place, renamed, cast back, put
 * together again, or in another table. What is found nowhere is lost.
 * @throws EsaError `database.*`; a statement of the migration that fails is a finding.
 */
export async function verifyMigration(
  { queryable, whole: all, missing }: Copy,
  migration: Migration,
  onProgress: OnVerifying,
): Promise<Verdict> {
  const hidden = await hiddenFrom(queryable)
  if (hidden.length > 0) return unverified(hidden, { tables: 0, rows: 0 })
  const kept = await onOneSession(queryable, (session) =>
    seeingAll(session, () => keepBefore(session, (done, of) => onProgress('keep', done, of))),
  )
  const rows = kept.reduce((sum, table) => sum + table.rows, 0)
  const about = { tables: kept.length, rows }
  const came = new Map<string, Came>()
  const failed = await runAll({ queryable, missing }, migration, came, onProgress)
  if (failed.length === 0) failed.push(...(await hiddenFrom(queryable)))
  if (failed.length > 0) return unverified(failed, about)
  const unseen = unseenTables(missing)
  const whole = all && unseen.length === 0
  const facts = await scriptFacts(migration.steps.map(sqlOf).join('\n;\n'))
  const copy = { kept, facts, fills: fillsOf(migration), whole: all }
  return await onOneSession(queryable, (session) =>
    seeingAll(session, async () => {
      const compared = await compareAll(session, copy, onProgress)
      const lossless = compared.lossless === true && !whole ? null : compared.lossless
      const effects = whole ? effectsOfSteps(migration.steps, came, compared.lossless === true) : {}
      const findings = [...compared.findings, ...notSeen(unseen)]
      return { ...compared, lossless, findings, effects, ...about }
    }),
  )
}

function unverified(findings: Finding[], about: Pick<Verdict, 'tables' | 'rows'>): Verdict {
  return { lossless: null, mismatches: [], findings, effects: {}, ...about }
}

/** Values are compared as texts: however few digits of a float the database shows, all of them count. And all rows count: a policy that would hide one is an error. */
async function seeingAll<T>(session: Queryable, work: () => Promise<T>): Promise<T> {
  await session.query('set extra_float_digits = 1; set row_security = off')
  try {
    return await work()
  } finally {
    await session.query('reset extra_float_digits; reset row_security')
  }
}

/** Tables whose policies hold this session's role although it owns them: they could hide rows from what is tried, and from what looks for them. */
const HIDING = `select format('%I.%I', n.nspname, c.relname) as relation from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relforcerowsecurity and c.relkind in ('r', 'p') and row_security_active(c.oid) order by 1`

async function hiddenFrom(queryable: Queryable): Promise<Finding[]> {
  const { rows } = await queryable.query(HIDING)
  const names = rows.map(({ relation }) => String(relation))
  if (names.length === 0) return []
  return [
    {
      kind: 'unmeasured',
      severity: 'warning',
      message: `policies of ${names.join(', ')} hold this copy’s owner, too: what they hide was not seen`,
      evidence: { tables: names },
      fix: 'give a server for rehearsals whose role may grant BYPASSRLS, or leave ESA_REHEARSAL_URL unset',
    },
  ]
}

async function compareAll(
  session: Queryable,
  { kept, whole, ...said }: { kept: KeptTable[]; facts: ScriptFacts; fills: Set<string>; whole: boolean },
  onProgress: OnVerifying,
): Promise<Pick<Verdict, 'lossless' | 'mismatches' | 'findings'>> {
  const after = await tableShapes(session)
  const comparison = { before: kept, after, renamed: await renamedLabels(session), ...said }
  const mismatches: Mismatch[] = []
  const findings: Finding[] = []
  for (const [nth, table] of kept.entries()) {
    onProgress('compare', nth, kept.length)
    const verdict = await compareTable(session, table, comparison)
    mismatches.push(...verdict.mismatches)
    findings.push(...verdict.findings)
  }
  if (mismatches.length === 0) mismatches.push(...(await unitedRows(session, comparison)))
  onProgress('compare', kept.length, kept.length)
  findings.push(...mismatches.map(lossFinding), ...(whole ? [] : [sampled(kept)]))
  return { lossless: mismatches.length > 0 ? false : whole ? true : null, mismatches, findings }
}

async function runAll(
  { queryable, missing }: Pick<Copy, 'queryable' | 'missing'>,
  { steps }: Migration,
  came: Map<string, Came>,
  onProgress: OnVerifying,
): Promise<Finding[]> {
  return await onOneSession(queryable, async (session) => {
    for (const [nth, step] of steps.entries()) {
      onProgress('run', nth, steps.length)
      try {
        await runStep(session, step, came)
      } catch (thrown) {
        await session.query('rollback').catch(() => undefined)
        return [(await unmeasured(step, thrown, missing)) ?? executionFailed(step, thrown)]
      }
    }
    // What a script sets must not color the comparison.
    await session.query('discard all')
    return []
  })
}

async function runStep(
  session: Queryable,
  { id, work }: MigrationStep,
  came: Map<string, Came>,
): Promise<void> {
  if (work.kind === 'verify') return
  if (work.kind === 'backfill') return await runWhole(session, work.step)
  if (work.kind === 'session' || !work.transaction) return void (await session.query(work.sql))
  came.set(id, await runMeasured(session, work.sql))
}

async function runWhole(session: Queryable, step: BackfillStep): Promise<void> {
  let place: WalkPlace = null
  do {
    ;({ place } = await runBatch(session, step, place))
  } while (place !== null)
}

function fillsOf({ steps }: Migration): Set<string> {
  return new Set(steps.flatMap(({ work }) => (work.kind === 'backfill' ? work.step.fills : [])))
}

function sqlOf({ work }: MigrationStep): string {
  if (work.kind === 'verify') return ''
  return work.kind === 'backfill' ? work.step.sql.replaceAll('$RANGE', 'true') : work.sql
}

/** Null for a failure that says something of the migration; a right that is missing here says nothing. */
async function unmeasured(step: MigrationStep, thrown: unknown, missing: Finding[]): Promise<Finding | null> {
  const statements = await parseScript(sqlOf(step)).catch(() => [])
  const node = statements.find((one) => needsSuperuser(one.node))?.node ?? statements[0]?.node
  const failure = { message: postgresError(thrown).message, sqlState: sqlState(thrown) ?? null }
  const absent = new Untried(lackingOf(missing)).blamedFor(failure)
  const why = absent ?? (node === undefined ? null : lacksRightOf(node, thrown))
  if (why === null) return null
  return {
    kind: 'unmeasured',
    severity: 'warning',
    message: `${step.about}: ${why}`,
    evidence: { step: step.about },
    fix: 'of a migration that does not run to its end nothing can be said: verify the rest of it by itself',
  }
}

function executionFailed({ about }: MigrationStep, thrown: unknown): Finding {
  const { message } = postgresError(thrown)
  return {
    kind: 'execution-failed',
    severity: 'error',
    message: `${about}: ${message}`,
    evidence: { step: about },
    fix: 'mend it first: of a migration that does not run to its end nothing can be said',
  }
}

function lossFinding({ relation, column, why }: Mismatch): Finding {
  return {
    kind: 'data-loss',
    severity: 'error',
    relation,
    message: column === undefined ? why : `${column}: ${why}`,
    evidence: { column: column ?? null },
    fix: 'keep what is taken away in a column or table of its own until it is no longer needed',
  }
}

/** What is not on the copy cannot be seen to be lost. */
function notSeen(tables: string[]): Finding[] {
  if (tables.length === 0) return []
  return [
    {
      kind: 'unmeasured',
      severity: 'warning',
      message: `${tables.join(', ')} could not be copied: what becomes of these rows was not seen`,
      evidence: { tables },
      fix: 'verify on a server that has what they need: ESA_REHEARSAL_URL=postgres://...',
    },
  ]
}

function sampled(kept: KeptTable[]): Finding {
  return {
    kind: 'sampled',
    severity: 'warning',
    message: 'the copy holds a sample of the rows: of the others nothing is known',
    evidence: { tables: kept.map(nameOf) },
    fix: 'verify on a copy of all rows',
  }
}
