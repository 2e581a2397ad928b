import { canonicalJson, digestJson, digestText } from '@esa/protocol'
import { parseScript } from '@esa/database-catalog/sql'
import type { MigrationPlan, Step } from '../model/plan.ts'
import { classifyStatement, worstRisk } from './classify.ts'
import type { DrizzleRow } from './drizzle-row.ts'
import { stepsOfScript } from './script-steps.ts'
import type { Migration, MigrationStep } from './step.ts'

/**
 * A file of SQL as a migration: a step is one statement, or the statements between BEGIN and COMMIT. `down` is the file
 * that undoes it, where there is one. @throws EsaError `sql.syntax`, `migration.not-applicable` (terminal) with the line.
 */
export async function scriptMigration(
  id: string,
  sql: string,
  down: string | null = null,
): Promise<Migration> {
  const steps = stepsOfScript(await parseScript(sql), id)
  return { id, hash: digestText(sql), steps, held: [], down }
}

/** A file of a Drizzle folder as a migration, which Drizzle's own migrator then takes for applied by itself. */
export async function drizzleMigration(
  id: string,
  sql: string,
  { schema, table, when }: Omit<DrizzleRow, 'hash'>,
): Promise<Migration> {
  const { steps, ...migration } = await scriptMigration(id, sql)
  const { hash } = migration
  const last = steps.at(-1)?.work
  // What no transaction holds is followed by one that holds the row.
  const isHeld = last?.kind === 'statement' && last.transaction
  return {
    ...migration,
    steps: isHeld ? steps : [...steps, rowStep(id)],
    drizzle: { schema, table, hash, when },
  }
}

function rowStep(id: string): MigrationStep {
  const sql = 'select'
  const work = { kind: 'statement', sql, transaction: true, rollback: '' } as const
  const about = `${id} Drizzle’s record`
  return { id: 'drizzle', hash: digestText(sql), text: sql, about, phase: null, risk: 'additive', work }
}

/** A plan as a migration. */
export async function planMigration(plan: MigrationPlan): Promise<Migration> {
  const steps: MigrationStep[] = []
  for (const phase of plan.phases) {
    for (const step of phase.steps) steps.push(await planStep(step, phase.name))
  }
  const held = plan.phases.filter(({ destructive }) => destructive).map(({ name }) => name)
  return { id: plan.id, hash: plan.id, steps, held, down: null }
}

async function planStep(step: Step, phase: string): Promise<MigrationStep> {
  const { id, about } = step
  const head = { id, about, phase, hash: digestJson({ ...step }), text: canonicalJson(step) }
  if (step.kind === 'backfill') return { ...head, risk: 'major', work: { kind: 'backfill', step } }
  if (step.kind === 'verify') return { ...head, risk: 'additive', work: { kind: 'verify', step } }
  const { sql, transaction, destructive } = step
  // Without a way back and without harm it may stay; else nothing brings back what it takes.
  const rollback = step.rollback ?? (destructive ? null : '')
  const risk = step.destructive ? 'destructive' : worstRisk((await parseScript(sql)).map(classifyStatement))
  return { ...head, risk, work: { kind: 'statement', sql, transaction, rollback } }
}
