import type { Json } from '@esa/protocol'
import type { Queryable } from '@esa/database-catalog/sql'
import type { Effect } from '../../plan/steps/effects.ts'
import type { Migration, MigrationStep } from '../../plan/steps/step.ts'

/** How far a step is. `failed` and `started` are tried again; `undone` by a rollback. */
type StepState = 'started' | 'done' | 'failed' | 'undone'

/** A step as the ledger knows it. */
export interface StepRecord {
  step: string
  hash: string
  state: StepState
  /**
   * A backfill's place, or the transaction that a ledger beside the target must ask after: its number, of one that goes
   * back `{ undoes: number }`, both as text; null: neither.
   */
  cursor: Json
  /** What undoes it, as it was known when it ran; null: nothing does. */
  rollback: string | null
}

/** Whether rows or values were lost, as far as it is known. */
export interface Verification {
  /** `counted`: it called what is not known to be harmless; rows were counted in the transaction of each such step. */
  state: 'verified' | 'counted' | 'lost' | 'unverified'
  /** How it is known, or why it is not. */
  why: string
  /** What each step (its id) was seen to take on a copy of all rows; its approval names these. */
  effects?: Record<string, Effect[]>
}

/** A migration as the ledger knows it; times are epoch milliseconds. */
export interface MigrationRecord {
  id: string
  hash: string
  state: 'started' | 'done' | 'undone'
  by: string
  startedAt: number
  endedAt: number | null
  verification: Verification | null
  /** The script that undoes it as a whole, as it was when it was applied. */
  down: string | null
  steps: StepRecord[]
}

/** Where it is written down what was applied: in the target, or in a file beside it. */
export interface Ledger {
  /** True when its records are part of the session's transaction: a step and its record then happen together or not at all. */
  readonly inTransaction: boolean
  /** Makes it usable. @throws EsaError `migration.no-ledger` (terminal) without the right to. */
  open(session: Queryable): Promise<void>
  /** Everything on record, in the order of beginning. */
  list(session: Queryable): Promise<MigrationRecord[]>
  begin(session: Queryable, migration: Migration, by: string): Promise<void>
  mark(
    session: Queryable,
    migration: Migration,
    step: MigrationStep,
    record: Omit<StepRecord, 'step' | 'hash'>,
  ): Promise<void>
  end(
    session: Queryable,
    id: string,
    state: MigrationRecord['state'],
    verification: Verification | null,
  ): Promise<void>
}
