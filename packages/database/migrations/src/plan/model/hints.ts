import { EsaError } from '@esa/protocol'
import type { Catalog } from './catalog.ts'

/**
 * What two schemas cannot say about what is meant. Columns are written `table.column` or `schema.table.column`, tables
 * `table` or `schema.table`, by their old names. Expressions are SQL over the old columns of one row.
 */
export interface Hints {
  /** Old table or column to its new name. */
  rename?: Record<string, string>
  /** Column to the expression that gives rows their value where they have none. */
  fill?: Record<string, string>
  /** Column whose type changes to how its values are carried over, and `back` (over the new column) to undo that. */
  using?: Record<string, { to: string; back?: string }>
  /** Column that is dropped to the new columns that take over its content, and `back` (over those) to fill it from them. */
  split?: Record<string, { into: Record<string, string>; back?: string }>
  /** Columns that move to a table of their own, which the new schema has with `determinant` as its key. */
  extract?: { relation: string; determinant: string[]; dependents: string[]; into: string }[]
}

/** Hints whose every name is found in the old catalog and has its schema. */
export interface ResolvedHints {
  tables: { from: string; to: string }[]
  columns: { relation: string; from: string; to: string }[]
  fill: Map<string, string>
  using: Map<string, { to: string; back?: string }>
  split: Map<string, { into: Record<string, string>; back?: string }>
  extract: NonNullable<Hints['extract']>
}

/** Finds what hints name. @throws EsaError `usage.hint` (terminal) for a name that is not there. */
export function resolveHints(hints: Hints, { tables }: Catalog): ResolvedHints {
  const found: ResolvedHints = {
    tables: [],
    columns: [],
    fill: new Map(),
    using: new Map(),
    split: new Map(),
    extract: [],
  }
  const tableOf = (name: string): string | undefined =>
    tables.find((table) => table.relation === name || (!name.includes('.') && table.name === name))?.relation
  const columnOf = (name: string, mustExist: boolean): { relation: string; column: string } => {
    const dot = name.lastIndexOf('.')
    const relation = dot < 0 ? undefined : tableOf(name.slice(0, dot))
    const column = name.slice(dot + 1)
    const table = tables.find((one) => one.relation === relation)
    if (table && (!mustExist || table.columns.some((one) => one.name === column)))
      return { relation: table.relation, column }
    throw unknown(name)
  }
  const keyed = <T>(
    map: Map<string, T>,
    entries: Record<string, T> | undefined,
    mustExist: boolean,
  ): void => {
    for (const [name, value] of Object.entries(entries ?? {})) {
      const { relation, column } = columnOf(name, mustExist)
      map.set(`${relation}.${column}`, value)
    }
  }
  for (const [name, to] of Object.entries(hints.rename ?? {})) {
    const table = tableOf(name)
    if (table !== undefined) found.tables.push({ from: table, to: bare(to) })
    else {
      const { relation, column } = columnOf(name, true)
      found.columns.push({ relation, from: column, to: bare(to) })
    }
  }
  // A column to be filled may be one that is only now added.
  keyed(found.fill, hints.fill, false)
  keyed(found.using, hints.using, true)
  keyed(found.split, hints.split, true)
  for (const one of hints.extract ?? []) {
    const relation = tableOf(one.relation)
    if (relation === undefined) throw unknown(one.relation)
    const schema = relation.slice(0, relation.indexOf('.'))
    found.extract.push({
      ...one,
      relation,
      into: one.into.includes('.') ? one.into : `${schema}.${one.into}`,
    })
  }
  return found
}

/** The new name may be given with its table, as the old one is. */
function bare(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}

function unknown(name: string): EsaError {
  return new EsaError('usage.hint', 'terminal', `the old schema has no table or column "${name}"`, {
    hint: 'write table.column or schema.table.column by the old names',
  })
}
