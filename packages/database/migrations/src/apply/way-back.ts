import type { StepRecord } from './ledger/ledger.ts'

/** The step that a migration's own script of undoing is. */
export const DOWN = 'down'

/** A statement of a way back that no single transaction holds, by its place from 1. */
export function partOf(id: string, nth: number): string {
  return `${id}-${nth}`
}

/** True for the record of a way back that is not the record of the step itself. */
export function isWayBack(id: string, records: StepRecord[]): boolean {
  if (id === DOWN) return true
  const whole = /^(.+)-\d+$/.exec(id)?.[1]
  return whole === DOWN || records.some(({ step }) => step === whole)
}
