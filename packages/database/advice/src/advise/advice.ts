/** How long a statement takes before and after, by the same machine on the same rows, taken in turn. */
export interface QueryGain {
  id: string
  /** Whole milliseconds, as the command promises; the figures in microseconds say more of what is fast. */
  p95MsBefore: number
  p95MsAfter: number
  p50UsBefore: number
  p50UsAfter: number
  p95UsBefore: number
  p95UsAfter: number
  /** Executions behind the figures: with fewer than 20 the 95th percentile is the slowest of them. */
  runsBefore: number
  runsAfter: number
  /** Set when a run was cut off, and counted as long as the cut-off. */
  cutOffAfterMs?: number
}

/** A key of an index: a column, or an expression as SQL. */
interface AdvisedKey {
  column: string | null
  sql: string
  opclass: string | null
  descending: boolean
  nullsFirst: boolean
}

/** An index by its parts, for tools that write it in words of their own. */
export interface AdvisedIndex {
  schema: string
  table: string
  name: string
  method: string
  keys: AdvisedKey[]
  include: string[]
  /** Predicate of a partial index, and storage parameters, as SQL. */
  where: string | null
  settings: string | null
}

/** An index to build, or an extension that the next ones need. */
export interface Recommendation {
  /** Run on its own, outside a transaction. */
  ddl: string
  /** On the copy; where the copy is a sample, times as much as the target has more rows. */
  sizeBytes: number
  method: 'rehearsed'
  because: string
  queries: (QueryGain & { sql?: string })[]
  buildMs: number
  /** What rows of the table itself cost to write again, without and with all that is recommended; null says it was not measured. */
  writes: WriteCost | null
  /** The index that `ddl` builds; undefined for what only goes with one. */
  index?: AdvisedIndex
}

/** Microseconds that writing one row takes, measured in transactions that were rolled back. */
export interface WriteCost {
  relation: string
  rows: number
  insertUsBefore: number
  insertUsAfter: number
  /** Of an update that cannot stay on its page, so that the new version enters every index. */
  updateUsBefore: number
  updateUsAfter: number
}

/** Why an index that was thought of is not recommended. */
export type RefusalReason =
  | 'unselective'
  | 'failed'
  | 'too-big'
  | 'not-used'
  | 'no-gain'
  | 'budget'
  | 'time'
  | 'needless'

/** An index that was thought of and is not recommended. */
export interface Refusal {
  ddl: string
  reason: RefusalReason
  why: string
  /** Measured, or estimated when it was not built; `built` tells which. */
  sizeBytes: number
  built: boolean
  /** The index that does it in its place, where there is one. */
  instead?: string
  queries: string[]
}

/** An index that is there and could go. */
export interface DropAdvice {
  index: string
  ddl: string
  sizeBytes: number
  because: string
}

/** What a workload needs. Sizes are bytes, times milliseconds. */
export interface IndexAdvice {
  recommendations: Recommendation[]
  totalBytes: number
  refused: Refusal[]
  drop: DropAdvice[]
  /** Every statement with all recommendations in place: `ok` when its p95 is under the goal, `sql` as it was run (first values). */
  queries: (QueryGain & { sql: string; weight: number; ok: boolean })[]
  /** Statements that were left out, and why. */
  skipped: { id: string; sql: string; why: string }[]
  /** What was changed in a statement, or assumed about it, so that it could be timed. */
  notes: { id: string; note: string }[]
  goalMs: number
  budgetBytes: number | null
  elapsedMs: number
  /** False when time ran out: better advice may exist. */
  complete: boolean
}
