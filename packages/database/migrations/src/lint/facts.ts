import type { ParsedStatement, LockMode, RelationLock } from '@esa/database-catalog/sql'
import type { Relations } from './observe.ts'

/** A foreign key whose columns no index begins with. */
export interface UnindexedKey {
  oid: number
  table: string
  columns: string[]
}

/** A table, or a column of one, that is gone; `oid` is the table's. */
export interface Dropped {
  oid: number
  column: string | null
}

/** A column of a table. */
export interface ColumnName {
  oid: number
  column: string
}

/** What in the database names a column that may be NULL from then on. */
export interface Reliance {
  column: string
  by: readonly string[]
}

/** What a statement did when it was tried, or what is known of it without that. */
export interface StatementFacts {
  statement: ParsedStatement
  /** The strongest lock on each relation that was there before. */
  locks: RelationLock[]
  /** What its transaction held on them when it began: a lock that is taken again does not show. */
  held?: readonly RelationLock[]
  rewrites: string[]
  /** Tables that were read from end to end. */
  scans: string[]
  /** Relations that it made. */
  created: string[]
  method: 'executed' | 'parsed'
  /** Why it could not be tried, where it was not. */
  untried: string | null
  failure: { message: string; sqlState: string | null } | null
  /** Its transaction in the file: a number of its own, or null where it is alone. */
  transaction: number | null
  /** Time-outs in force when it began, ms; 0 is none. */
  lockTimeoutMs: number
  statementTimeoutMs: number
  /** What there was before it. */
  before: Relations
  /** IF EXISTS found nothing to drop. */
  vacuous?: boolean
  /** What code that the statement ran took away: its own text does not say so. */
  dropped?: readonly Dropped[]
  /** NOT NULL columns that filled themselves before it, and no longer do. */
  unfilled?: readonly ColumnName[]
  /** What relies on the columns that it lets be NULL. */
  relied?: readonly Reliance[]
  /** An UPDATE or DELETE that leaves no row out, as PostgreSQL plans it. */
  allRows?: boolean
  /** It fails when it is run a second time. */
  failsAgain?: boolean
  /** The one statement that it and those before it could be: tried, and as good. */
  merged?: string
  /** Foreign keys that it added and that no index serves when all scripts are done. */
  unindexed?: readonly UnindexedKey[]
}

/** True when the facts are what PostgreSQL did. */
export function isMeasured({ method, failure }: StatementFacts): boolean {
  return method === 'executed' && failure === null
}

/** The mode of the lock on a relation. */
export function lockOn({ locks }: StatementFacts, relation: string): LockMode | undefined {
  return locks.find((lock) => lock.relation === relation)?.mode
}
