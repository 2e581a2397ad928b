import { digestJson } from '@esa/protocol'
import type { LockMode } from '@esa/database-catalog/sql'

/**
 * A migration as data: plain JSON that is written to a file, read by people, applied step by step and resumed.
 * How it is walked: the phases in order, in each the steps in order. A phase is undone by the rollbacks of its steps in
 * reverse order. Between two phases any time may pass: what a phase promises its writers holds until the next one.
 */
export interface MigrationPlan {
  /** Digest of everything else in it: the same plan has the same id. */
  id: string
  changes: Change[]
  phases: Phase[]
  /** What the target schema asks for and no phase does, each with the reason. An incomplete plan is never silent. */
  unplanned: Unplanned[]
  /** What a person should know before it is applied: promises that need the code's help, guesses not made. */
  notes: string[]
}

/** One difference between the current and the target schema. */
export interface Change {
  /** `add-column`, `change-type`, `set-not-null` ... */
  kind: string
  /** `schema.relation`, or `schema.type` for an enum. */
  relation: string
  /** The column, constraint, index or label it is about. */
  name?: string
  /** One line for people. */
  about: string
}

/** A difference that is left to a person: `why` says what prevents it, `safest` what to do by hand. */
export interface Unplanned {
  what: string
  why: string
  safest?: string
}

/** The order in which phases run. */
export const PHASES = ['expand', 'backfill', 'validate', 'switch', 'contract'] as const

/** Name of a phase: what it is for. Source: docs/layer-1.md, "Migrations". */
export type PhaseName = (typeof PHASES)[number]

/** Steps that belong together. Phases without steps are left out of a plan. */
export interface Phase {
  name: PhaseName
  /** Who can write while and after it runs, for people. */
  promise: string
  /** True when something cannot be brought back: it waits until nothing reads the old shape any more, and for approval. */
  destructive: boolean
  steps: Step[]
}

/** One thing that is done, and recorded as done. */
export type Step = StatementStep | BackfillStep | VerifyStep

interface AnyStep {
  /** Unique in its plan, like `expand-2`. */
  id: string
  /** One line for people: what it does and why it is safe. */
  about: string
  /** Table locks that it takes on what was there before it, the modes named as in pg_locks. */
  locks: LockTaken[]
}

/** `relation` is `schema.relation`, unquoted; `mode` as in pg_locks: `AccessExclusiveLock`. */
export interface LockTaken {
  relation: string
  mode: LockMode
}

/** DDL that takes its locks for milliseconds, or that locks out no write. */
interface StatementStep extends AnyStep {
  kind: 'statement'
  /** One statement, or several in one transaction, each ended by a semicolon. `NOTHING`: only its way back does something. */
  sql: string
  /** Undoes it under the same rule of transaction; null: it cannot be undone, or (not destructive) may stay. */
  rollback: string | null
  /** False: one statement outside any transaction (CONCURRENTLY, a new enum value). */
  transaction: boolean
  /** What CREATE INDEX CONCURRENTLY builds: when it is found INVALID, drop it and build it again. */
  index?: { schema: string; relation: string; name: string }
  destructive: boolean
}

/**
 * Rows are filled in batches along a key, each batch a transaction of its own; `runBatch` runs one. Filling again what
 * is filled changes nothing, so that a walk may begin anywhere again. Undone by the rollback of what it fills.
 */
export interface BackfillStep extends AnyStep {
  kind: 'backfill'
  /** The table whose rows are walked. */
  relation: string
  /** The columns of the walk, unique together: a primary key, or `ctid` where there is none. */
  key: { column: string; type: string }[]
  /** The statement of one batch; `$RANGE` in it is the condition on the key of `t`, the walked table. */
  sql: string
  /** Columns that it fills, `schema.relation.column`. */
  fills: string[]
  batchRows: number
}

/** Counts rows on which the old and the new shape disagree; any is a reason not to go on. */
export interface VerifyStep extends AnyStep {
  kind: 'verify'
  relation: string
  columns: string[]
  /** A SELECT of one row with one column `mismatches`. */
  sql: string
}

/** What a step runs that is there for its way back. */
export const NOTHING = 'SELECT;'

/** True for a step that only its way back needs. */
export function isWayBackOnly(step: Step): boolean {
  return step.sql === NOTHING
}

/** The plan with its id. */
export function sealPlan(plan: Omit<MigrationPlan, 'id'>): MigrationPlan {
  return { id: digestJson(plan).slice(0, ID_CHARS), ...plan }
}

/** Characters of a plan's id: enough that no two plans of a project share one, short enough to be typed. */
const ID_CHARS = 16
