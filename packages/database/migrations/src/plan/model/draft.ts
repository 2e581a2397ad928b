import type { Queryable } from '@esa/database-catalog/sql'
import type { Catalog } from './catalog.ts'
import { type Change, NOTHING, type PhaseName, type Step, type Unplanned } from './plan.ts'
import type { ResolvedHints } from './hints.ts'

/** A step before it has an id, and before its locks were observed. */
export type StepDraft = Step extends infer S ? (S extends Step ? Omit<S, 'id' | 'locks'> : never) : never

/**
 * The place of a step in its phase: what others build on comes first, names change last. In the contract phase the old
 * names go first, and types when no column uses them.
 */
export const PLACE = { first: 0, early: 1, usual: 2, late: 3, last: 4 } as const
type Place = (typeof PLACE)[keyof typeof PLACE]

/** PL/pgSQL that keeps the shapes of a row equal: `before` from expand on, `after` from the switch to the contract phase. */
export interface SyncBlock {
  before: string
  after: string
}

/** What a statement does; see StatementStep for the members. */
interface Statement {
  about: string
  sql: string
  rollback: string | null
  transaction?: boolean
  destructive?: boolean
  index?: { schema: string; relation: string; name: string }
}

/** A plan in the making. */
export class Draft {
  readonly changes: Change[] = []
  readonly unplanned: Unplanned[] = []
  readonly notes: string[] = []
  /** Tables whose rows are filled by this plan: their indexes are built afterwards. */
  readonly filled = new Set<string>()
  readonly syncs = new Map<string, SyncBlock[]>()
  readonly #steps: { phase: PhaseName; place: Place; step: StepDraft }[] = []

  change(kind: string, relation: string, name: string | undefined, about: string): void {
    this.changes.push({ kind, relation, ...(name === undefined ? {} : { name }), about })
  }

  leave(what: string, why: string, safest?: string): void {
    this.unplanned.push({ what, why, ...(safest === undefined ? {} : { safest }) })
  }

  statement(phase: PhaseName, statement: Statement, place: Place = PLACE.usual): void {
    const { transaction = true, destructive = false, ...rest } = statement
    this.add(phase, { kind: 'statement', transaction, destructive, ...rest }, place)
  }

  /** Nothing now; on the way back `rollback` prepares what the step before it undoes, so that no undoing blocks. */
  wayBack(phase: PhaseName, rollback: string, options: { transaction?: boolean; place?: Place } = {}): void {
    const about = 'nothing to do now; prepares the way back'
    this.statement(
      phase,
      { about, sql: NOTHING, rollback, transaction: options.transaction ?? true },
      options.place ?? PLACE.usual,
    )
  }

  add(phase: PhaseName, step: StepDraft, place: Place = PLACE.usual): void {
    this.#steps.push({ phase, place, step })
  }

  sync(relation: string, block: SyncBlock): void {
    this.syncs.set(relation, [...(this.syncs.get(relation) ?? []), block])
  }

  /** The steps of a phase in the order in which they run. */
  steps(phase: PhaseName): StepDraft[] {
    const own = this.#steps.filter((one) => one.phase === phase)
    return own.toSorted((a, b) => a.place - b.place).map(({ step }) => step)
  }
}

/** What recipes work with: the plan, both catalogs by the old names, and a session on a database of each. */
export interface Ground {
  draft: Draft
  from: Catalog
  to: Catalog
  /** Sessions on rehearsal databases; whatever is tried there is rolled back. */
  source: Queryable
  goal: Queryable
  hints: ResolvedHints
  /** How a relation is called once everything is renamed: in the contract phase. */
  finalName: (relation: string) => string
}
