import { EsaError, statementHash } from '@esa/protocol'
import { type Queryable, parseScript } from '@esa/database-catalog/sql'
import { type Effect, textWithEffects } from '../plan/steps/effects.ts'
import type { Ledger, MigrationRecord, Verification } from './ledger/ledger.ts'
import { type MadeCode, nothingMade, opaqueReasons } from './opaque/opaque.ts'
import type { Migration, MigrationStep } from '../plan/steps/step.ts'

/**
 * The steps of a migration that are not done yet, as they stand on a target before the first of them runs: what calls
 * anything not known to be harmless is at least `major`, and what an earlier try here or on a copy was seen to take comes
 * with it. Uses no approval. @throws EsaError `migration.opaque-alone`, `migration.uncounted` (terminal).
 */
export async function judgeAll(
  session: Queryable,
  steps: MigrationStep[],
  known: MigrationRecord | undefined,
  onCopy: Verification | undefined,
): Promise<MigrationStep[]> {
  const counts = await countsRows(session)
  const made = nothingMade()
  const judged: MigrationStep[] = []
  for (const step of steps) {
    const record = known?.steps.find((one) => one.step === step.id)
    if (record?.state === 'done') judged.push(step)
    else judged.push(await judge(session, step, made, counts, effectsOf(record, step, onCopy)))
  }
  return onCopy?.state === 'lost' ? losing(judged) : judged
}

/** A copy has lost values. Where no step was seen to take them, every step takes an approval. */
function losing(steps: MigrationStep[]): MigrationStep[] {
  if (steps.some(({ risk, effects }) => risk === 'destructive' || effects !== undefined)) return steps
  return steps.map((step) => ({ ...step, risk: 'destructive' }))
}

async function judge(
  session: Queryable,
  step: MigrationStep,
  made: MadeCode,
  counts: boolean,
  effects: Effect[],
): Promise<MigrationStep> {
  const { work, about, risk } = step
  if (work.kind === 'backfill' && effects.length > 0) return { ...step, effects }
  if (work.kind !== 'statement') return step
  const { reasons: opaque, unresolved } = await opaqueReasons(session, await parseScript(work.sql), made)
  if (!counts && (opaque.length > 0 || risk !== 'additive'))
    throw new EsaError(
      'migration.uncounted',
      'terminal',
      `${about}: rows that it takes would not be counted`,
      {
        hint: 'track_counts is off: switch it on for this database or role; nothing of the migration was done',
      },
    )
  if (!work.transaction && opaque.length > 0)
    throw new EsaError(
      'migration.opaque-alone',
      'terminal',
      `${about}: no transaction holds it, and it calls ${opaque.join(', ')}`,
      {
        details: { opaque },
        hint: 'what it does could not be measured, nor undone: write it without CONCURRENTLY; nothing of the migration was done',
      },
    )
  return {
    ...step,
    risk: risk === 'additive' && opaque.length > 0 ? 'major' : risk,
    ...(opaque.length > 0 ? { opaque } : {}),
    ...(unresolved ? { unresolved } : {}),
    ...(effects.length > 0 ? { effects } : {}),
  }
}

async function countsRows(session: Queryable): Promise<boolean> {
  const { rows } = await session.query(`select pg_catalog.current_setting('track_counts') as counts`)
  return rows[0]?.['counts'] === 'on'
}

/** What the last try of the same step was seen to take here, else what it was seen to take on a copy. */
function effectsOf(
  record: MigrationRecord['steps'][number] | undefined,
  { id, hash }: MigrationStep,
  onCopy: Verification | undefined,
): Effect[] {
  const here =
    record?.state === 'failed' && record.hash === hash
      ? (record.cursor as { effects?: Effect[] } | null)?.effects
      : undefined
  if (here === undefined) return onCopy?.effects?.[id] ?? []
  // What it announces was compared on a copy since, and is kept.
  return onCopy?.state === 'verified' ? here.filter(({ announced }) => announced !== true) : here
}

/**
 * What a migration needs approvals for on a target, each step as it is approved, without what is done there. Changes nothing.
 * @throws EsaError as `judgeAll`.
 */
export async function stepsToApprove(
  session: Queryable,
  ledger: Ledger,
  migration: Migration,
  onCopy: Verification | undefined,
): Promise<MigrationStep[]> {
  const records = await ledger.list(session)
  const known = records.find(({ id, state }) => id === migration.id && state !== 'undone')
  const left = migration.steps.filter(
    ({ id }) => known?.steps.every(({ step, state }) => step !== id || state !== 'done') ?? true,
  )
  return (await judgeAll(session, left, known, onCopy)).map(toApprove)
}

/** A step as it is approved: with what it was seen to do, which may lose data. */
export function toApprove(step: MigrationStep): MigrationStep {
  const { effects = [], text } = step
  if (effects.length === 0) return step
  const whole = textWithEffects(text, effects)
  return { ...step, risk: 'destructive', text: whole, hash: statementHash(whole) }
}
