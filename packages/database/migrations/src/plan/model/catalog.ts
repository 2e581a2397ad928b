/** What a database is made of, as plain data that two databases can be compared by. All definitions name their schemas. */
export interface Catalog {
  schemas: string[]
  enums: EnumType[]
  sequences: Sequence[]
  tables: Table[]
  /** Everything that is compared by its definition only. */
  objects: DefinedObject[]
}

/** An enum; `name` is `schema.type`. */
export interface EnumType {
  name: string
  labels: string[]
}

/** How a sequence counts: `increment`, `min`, `max`, `start` and `cache` are whole numbers up to 64 bits, as text. */
export interface Counting {
  increment: string
  min: string
  max: string
  start: string
  cache: string
  cycle: boolean
}

/** A sequence that is not an identity column's; `type` is smallint, integer or bigint. */
export interface Sequence {
  name: string
  type: string
  counting: Counting
  /** `schema.relation.column` whose end is its end, null for none. */
  ownedBy: string | null
}

/** A table or a partitioned table; `relation` is `schema.name`. */
export interface Table {
  relation: string
  schema: string
  name: string
  /** What follows PARTITION BY; null for a plain table. */
  partitionKey: string | null
  /** The partitioned table it is a partition of, and its bound; a table that inherits has a parent and no bound. */
  parent: string | null
  bound: string | null
  unlogged: boolean
  rowSecurity: boolean
  /** Storage parameters, as they are written in WITH (...). */
  options: string | null
  columns: Column[]
  constraints: Constraint[]
  indexes: Index[]
}

/** A column; `identity` is `a` (always) or `d` (by default), `generated` is `s` (stored) or `v` (virtual), else empty. */
export interface Column {
  name: string
  type: string
  /** The collation where it is not the type's own. */
  collation: string | null
  notNull: boolean
  default: string | null
  identity: '' | 'a' | 'd'
  /** How an identity column counts, null for any other. */
  counting: Counting | null
  generated: '' | 's' | 'v'
}

/** A constraint of the table itself; `type` as in pg_constraint: p, u, c, f, x. */
export interface Constraint {
  name: string
  type: 'p' | 'u' | 'c' | 'f' | 'x'
  definition: string
  columns: string[]
  /** The relation a foreign key points to. */
  references: string | null
  validated: boolean
  /** What follows CREATE UNIQUE INDEX and a name, for a constraint with an index. */
  indexTail: string | null
}

/** An index that backs no constraint; `tail` is what follows its name in CREATE INDEX. */
export interface Index {
  name: string
  unique: boolean
  tail: string
}

/** Kinds of objects that are compared by their definition only. */
export type ObjectKind =
  | 'view'
  | 'function'
  | 'trigger'
  | 'materialized view'
  | 'policy'
  | 'domain'
  | 'composite type'
  | 'statistics'
  | 'extension'
  | 'other'

/** A view, function, trigger, policy ...; `relation` is the table a trigger or policy is on. */
export interface DefinedObject {
  kind: ObjectKind
  /** With its schema; a function with its argument types, a trigger or policy with its table. */
  name: string
  /** A statement that makes it, or (policies, domains, types) text that describes it. */
  definition: string
  /** A statement that drops it. */
  drop: string
}
