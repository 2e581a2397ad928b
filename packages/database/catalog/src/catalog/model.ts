/**
 * What a database is made of, as its own catalogs have it. One model for all that reads: nothing here changes after it was
 * read, and what follows from several rows is a function over them.
 */

/** Kinds of relations, as in pg_class: table, partitioned table, materialized view, view, foreign table. */
export type RelationKind = 'r' | 'p' | 'm' | 'v' | 'f'

/** A relation of the database. */
export interface Relation {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** `schema.name`, as findings give it. */
  readonly relation: string
  readonly kind: RelationKind
  readonly partitioned: boolean
  /** The columns by which it and its partitions are partitioned, null for an expression; empty for a plain table. */
  readonly partitionKey: (string | null)[]
  /** A partition of another table, which represents it. */
  readonly partition: boolean
  /** The topmost table that it is a partition of; null where it is none. */
  readonly root: number | null
  readonly unlogged: boolean
  /** Estimate of the last ANALYZE or VACUUM; null: there was none yet. */
  readonly rows: number | null
  /** Pages that the last ANALYZE or VACUUM saw, in bytes. */
  readonly bytes: number
  /** The role may SELECT from it. */
  readonly readable: boolean
  /** Row-level security hides rows from the role. */
  readonly filtered: boolean
}

/** A column; `type` as DDL writes it, `base` the type's own name below any domain (`int8`, `text`), with its schema for a user's type that is called like one of PostgreSQL's. */
export interface Column {
  /** Its number, which a rename keeps. */
  readonly nth: number
  readonly name: string
  readonly type: string
  readonly base: string
  /** False for types that a migration may drop: enums, domains, composites, types of extensions. */
  readonly builtin: boolean
  /** As DDL writes it, where it is not that of the type. */
  readonly collation: string | null
  readonly notNull: boolean
  /** No row has a NULL: not so where the constraint is not validated, or not for tables that inherit (PostgreSQL 18). */
  readonly neverNull: boolean
  /** Computed by the server from others. */
  readonly generated: boolean
  readonly identity: boolean
  /** Fed by a sequence of its own: serial, or identity. */
  readonly sequence: string | null
  /** It has a default; what it is, the server would only tell after waiting for the table's lock. */
  readonly defaulted: boolean
  /** A user made a cast of its type to text: a function of theirs would run where it is used. */
  readonly castByUser: boolean
  /** The equality of its type, as SQL writes an operator: that of an extension is on no path of ours. */
  readonly equals: string
}

/** A constraint; `type` as in pg_constraint: p, u, c, f, x. NOT NULL is a property of the column. */
export interface Constraint {
  readonly oid: number
  readonly name: string
  readonly type: 'p' | 'u' | 'c' | 'f' | 'x'
  readonly columns: string[]
  /** The relation that a foreign key points to, by name and by oid; null for any other. */
  readonly references: string | null
  readonly referencesOid: number | null
  readonly referencedColumns: string[]
  readonly validated: boolean
  /** False where its triggers are switched off, or it was declared NOT ENFORCED: it checks nothing. */
  readonly enforced: boolean
  /** It was declared NOT ENFORCED. */
  readonly notEnforced: boolean
}

/** An index; `columns` are its key columns in order, null for an expression. */
export interface Index {
  readonly oid: number
  readonly name: string
  readonly method: string
  readonly columns: (string | null)[]
  /** The same, by their numbers; 0 for an expression. */
  readonly numbers: number[]
  readonly partial: boolean
  readonly unique: boolean
  readonly primary: boolean
  readonly valid: boolean
  /** It serves a primary key, a unique or an exclusion constraint. */
  readonly constrained: boolean
}

/** The condition of a partial index. The server writes it after waiting for the table's lock. */
interface Predicate {
  /** The oid of the index. */
  readonly index: number
  readonly text: string
}

/** A constraint as ALTER TABLE ... ADD takes it, or an index as CREATE INDEX; all names with their schemas. */
interface Definition {
  /** The oid of the constraint or the index. */
  readonly of: number
  readonly text: string
}

/** How an identity column counts: whole numbers up to 64 bits, as text. */
interface Identity {
  readonly column: string
  /** It takes no value but its own. */
  readonly always: boolean
  readonly increment: string
  readonly min: string
  readonly max: string
  readonly start: string
  readonly cache: string
  readonly cycle: boolean
}

/** What belongs to a relation besides its constraints and indexes. */
interface Attachments {
  readonly triggers: string[]
  readonly publications: string[]
  /** Row security is on, or has policies. */
  readonly rowSecurity: boolean
  /** Its rows are named in the replication stream by something else than its primary key. */
  readonly replicaIdentity: boolean
}

/** What the server has counted of a relation. */
interface Activity {
  /** How many times larger it is now than when its rows were last counted. */
  readonly growth: number
  /** Rows changed since the last ANALYZE. */
  readonly changed: number
  /** Whether rows were ever updated or deleted. */
  readonly rewritten: boolean
  readonly analyzedAt: string | null
}

/** What can be read of each relation besides itself. */
export interface RelationFacets {
  readonly columns: readonly Column[]
  readonly constraints: readonly Constraint[]
  readonly indexes: readonly Index[]
  readonly predicates: readonly Predicate[]
  readonly definitions: readonly Definition[]
  readonly identities: readonly Identity[]
  readonly attachments: Attachments
  readonly activity: Activity
}

/** The facets of relations. */
export type Facet = keyof RelationFacets

/** A relation with the facets that were requested. */
export type RelationWith<F extends Facet> = Relation & Pick<RelationFacets, F>

/** A table with all that its design says. */
export type Table = RelationWith<'columns' | 'constraints' | 'indexes' | 'predicates'>

/** What was read. */
export interface Catalog<F extends Facet> {
  readonly relations: readonly RelationWith<F>[]
}

/** The unique indexes over plain columns of every row; any other is not a key of a table. */
export function keysOf({ indexes }: Pick<RelationFacets, 'indexes'>): readonly UniqueKey[] {
  return indexes.flatMap((index) => {
    const columns = index.columns.filter((name) => name !== null)
    const isKey = index.unique && index.valid && !index.partial
    return isKey && columns.length === index.columns.length ? [{ ...index, columns }] : []
  })
}

/** Columns that are unique together, by a constraint or a plain unique index. */
export type UniqueKey = Omit<Index, 'columns'> & { readonly columns: string[] }

/** The foreign keys of a table. */
export function foreignKeysOf({ constraints }: Pick<RelationFacets, 'constraints'>): readonly ForeignKey[] {
  return constraints.filter((one): one is ForeignKey => one.type === 'f')
}

/** A foreign key; `references` is `schema.relation`. */
export type ForeignKey = Constraint & { readonly references: string; readonly referencesOid: number }

/** True for a column that a CHECK constraint names. */
export function isChecked({ constraints }: Pick<RelationFacets, 'constraints'>, name: string): boolean {
  return constraints.some(({ type, columns }) => type === 'c' && columns.includes(name))
}

/** The condition of a partial index; null for any other. */
export function predicateOf(
  { predicates }: Pick<RelationFacets, 'predicates'>,
  { oid }: Index,
): string | null {
  return predicates.find(({ index }) => index === oid)?.text ?? null
}

/** The definition of a constraint or an index. */
export function definitionOf(
  { definitions }: Pick<RelationFacets, 'definitions'>,
  { oid }: { oid: number },
): string {
  return definitions.find(({ of }) => of === oid)?.text ?? ''
}
