/** The closed list of what runs without standing in the tree of a statement, one line for each way. */
const LINES = [
  /** Functions that an aggregate calls, and its operator. */
  'aggregate-support',
  /** The first state of an aggregate is read from text. */
  'aggregate-states',
  /** The defaults of missing arguments. */
  'defaults',
  /** Inheritance children and partitions; foreign tables among them refuse. */
  'children',
  /** What the planner computes of the expressions of indexes, CHECKs, statistics and partition keys. */
  'indexes',
  'checks',
  'statistics',
  'partitions',
  /** Columns that are computed when they are read. */
  'virtual-columns',
  /** The operator that the planner puts in the place of another. */
  'commutators',
  /** Functions that guess how many rows an operator finds. */
  'estimates',
  /** What users added to the families of an operator, a type or an index. */
  'families',
  /** The same of a partition key: bounds are sorted even where no column of it is read. */
  'partition-families',
  /** Functions that read and write the values of a user's type. */
  'input-output',
  /** Canonical and distance functions of a range. */
  'ranges',
  'json-casts',
  /** Casts that a built-in function in SQL makes of an argument of any type. */
  'built-in-casts',
  /** CHECKs of domains whose values are made here. */
  'domains',
  /** Domains in a row whose type only its value shows. */
  'filled-rows',
  /** Bodies of functions in SQL. */
  'bodies',
  /** What a literal runs while the statement is analysed. */
  'literals',
] as const

export type BesideLine = (typeof LINES)[number]

/** All lines: a test takes one away to show what it holds. */
export const BESIDES: ReadonlySet<BesideLine> = new Set(LINES)
