import type { TableFacts } from './table-catalog.ts'

/** What an index key would hold: a column, or an expression over columns of one table. `sql` names columns unqualified. */
export interface Operand {
  sql: string
  /** Set when the operand is a bare column. */
  column?: string
  columns: string[]
}

/**
 * How a condition could be looked up: `equality` with something known before, `join` with another table's column,
 * `range`, a text `pattern`, an operator of GIN or GiST, or a state that is only true or false.
 */
type PredicateUse = 'equality' | 'join' | 'range' | 'pattern' | 'operator' | 'state'

/** A condition on one table under AND, so that an index may use it alone. */
export interface Predicate {
  use: PredicateUse
  operand: Operand
  operator: string
  /** The condition as SQL with unqualified columns, set when it compares with constants only. */
  sql?: string
  /** Text of a pattern, when it is a constant. */
  pattern?: string
}

/** One key of a sort. `nullsFirst` is as the statement has it, PostgreSQL's default included. */
export interface SortKey {
  operand: Operand
  descending: boolean
  nullsFirst: boolean
}

/** What one statement asks of one table in one of its query blocks. */
export interface TableUse {
  statement: string
  table: TableFacts
  predicates: Predicate[]
  /** Arms of an OR whose every arm is a condition on this table: an index for each lets bitmaps combine. */
  alternatives: Predicate[]
  sort: SortKey[]
  /** The block stops after some rows, so that an order from an index spares reading the rest. */
  limited: boolean
  /** Columns the block reads; null when it reads all. */
  needed: Set<string> | null
}
