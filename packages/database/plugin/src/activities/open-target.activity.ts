import type { Queryable } from '@esa/database-catalog/sql'
import type { TargetTerms } from '@esa/database-catalog/guard'
import type { WorkloadStatement } from '@esa/database-advice/measure'

/** A database that Layer 1 looks after, opened: `close` ends its connections. */
export interface OpenTarget {
  queryable: Queryable
  /** Statements that stand for its load; null when none are known. */
  workload: readonly WorkloadStatement[] | null
  /** What its operator said about reading it. */
  terms: TargetTerms
  close(): Promise<void>
}

/**
 * Opens a target by its name. Names only, never URLs, travel in messages. The composition root knows where they lead. `heavy`
 * names work that its quiet hours refuse. @throws EsaError `target.unknown` (terminal), `target.quiet` (transient), or what
 * connecting throws.
 */
export type OpenTargetByName = (name: string, heavy?: string) => Promise<OpenTarget>
