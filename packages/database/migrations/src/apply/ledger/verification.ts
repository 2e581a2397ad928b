import type { StepRecord, Verification } from './ledger.ts'
import type { Migration, MigrationStep } from '../../plan/steps/step.ts'

/** What is known of the values that a step could have changed. */
export interface ValueCheck {
  state: 'untouched' | 'equal' | 'counted' | 'unknown'
  why: string
}

/**
 * What the steps of a migration come to: verified when none of them could change a value, or each that could was compared,
 * by itself, by the plan's own comparison of shapes, or on a copy before. A step
 * that calls what is not known to be harmless leaves it counted. Anything else is unverified, with the reason.
 */
export function verificationOf(
  migration: Migration,
  records: StepRecord[],
  onCopy: Verification | undefined,
): Verification {
  const checks = migration.steps.map((step) => checkOf(step, records))
  const whys = (state: ValueCheck['state']): string =>
    checks.flatMap((check) => (check.state === state ? [check.why] : [])).join('; ')
  const counted = whys('counted')
  if (onCopy?.state === 'verified')
    return counted === ''
      ? { state: 'verified', why: onCopy.why }
      : { state: 'counted', why: `${counted}; ${onCopy.why}` }
  const comparisons = migration.steps.filter(({ work }) => work.kind === 'verify').length
  if (comparisons > 0)
    return { state: 'verified', why: `the old and the new shape were the same in ${comparisons} comparisons` }
  if (whys('unknown') !== '') return { state: 'unverified', why: whys('unknown') }
  if (counted !== '') return { state: 'counted', why: counted }
  return { state: 'verified', why: whys('equal') || 'no step changes a value that was there' }
}

/** What is known of the values of one step; a step outside of transactions (CONCURRENTLY) has none. */
function checkOf({ id, risk, about, work }: MigrationStep, records: StepRecord[]): ValueCheck {
  if (work.kind !== 'statement' || !work.transaction) return { state: 'untouched', why: '' }
  const found = records.find(({ step }) => step === id)?.cursor as Partial<ValueCheck> | null | undefined
  if (risk === 'additive' && found?.state === undefined) return { state: 'untouched', why: '' }
  const [place] = about.split(' ')
  return found?.state !== undefined
    ? { state: found.state, why: `${place}: ${found.why}` }
    : { state: 'unknown', why: `${place}: nothing compared its values` }
}
