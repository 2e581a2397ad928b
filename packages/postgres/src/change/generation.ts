import { quoteIdentifier } from '../identifiers.ts'
import type { Catalog, Column, Sequence } from './catalog.ts'
import { alter, alterColumn } from './column-sql.ts'
import { quoteDotted } from './names.ts'

/** How a column's values come about when a row says none: a sequence of its own, an identity, or whatever its default says. */
type Generation =
  | { kind: 'identity'; always: boolean }
  | { kind: 'serial'; sequence: Sequence }
  | { kind: 'none' }

/** How a column of a catalog generates its values. */
function generationOf({ sequences }: Catalog, relation: string, column: Column): Generation {
  if (column.identity !== '') return { kind: 'identity', always: column.identity === 'a' }
  const sequence = sequences.find(({ ownedBy }) => ownedBy === `${relation}.${column.name}`)
  return sequence && column.default?.startsWith('nextval(') ? { kind: 'serial', sequence } : { kind: 'none' }
}

/** A column whose values come about in another way. */
export interface GenerationChange {
  from: Generation
  to: Generation
}

/** The change of a column's generation between two catalogs; undefined when both have the same kind. */
export function generationChange(
  from: Catalog,
  to: Catalog,
  relation: string,
  columns: { from: Column; to: Column },
): GenerationChange | undefined {
  const change = {
    from: generationOf(from, relation, columns.from),
    to: generationOf(to, relation, columns.to),
  }
  return change.from.kind === change.to.kind ? undefined : change
}

/** Sequences that come and go with a change of generation, by name. */
export function sequencesInChange({ from, to }: Catalogs): Set<string> {
  const found = new Set<string>()
  for (const table of from.tables) {
    const other = to.tables.find(({ relation }) => relation === table.relation)
    for (const column of table.columns) {
      const shall = other?.columns.find(({ name }) => name === column.name)
      const change = shall && generationChange(from, to, table.relation, { from: column, to: shall })
      for (const side of change ? [change.from, change.to] : [])
        if (side.kind === 'serial') found.add(side.sequence.name)
    }
  }
  return found
}

interface Catalogs {
  from: Catalog
  to: Catalog
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/**
 * SQL that ends one way of generating values and begins another, going on from the next value: `before` and `after` are the
 * column's names, alike unless a new column takes its place.
 */
export function moveGeneration(
  relation: string,
  before: string,
  after: string,
  { from, to }: GenerationChange,
  defaults: { from: string | null; to: string | null },
): string {
  return `DO $esa$ DECLARE next_value bigint := ${nextValue(relation, before, from)}; BEGIN
  ${[...ending(relation, before, from, defaults.from), ...beginning(relation, after, to, defaults.to)].join('\n  ')}
END $esa$;`
}

function nextValue(relation: string, column: string, { kind }: Generation): string {
  return kind === 'none'
    ? `(SELECT coalesce(max(${quoteIdentifier(column)}), 0) + 1 FROM ${quoteDotted(relation)})`
    : `nextval(pg_get_serial_sequence(${literal(quoteDotted(relation))}, ${literal(column)}))`
}

function ending(relation: string, column: string, from: Generation, value: string | null): string[] {
  if (from.kind === 'identity') return [alterColumn(relation, column, 'DROP IDENTITY')]
  const drop = value === null ? [] : [alterColumn(relation, column, 'DROP DEFAULT')]
  return from.kind === 'serial' ? [...drop, `DROP SEQUENCE ${quoteDotted(from.sequence.name)};`] : drop
}

function beginning(relation: string, column: string, to: Generation, value: string | null): string[] {
  if (to.kind === 'identity') {
    const always = to.always ? 'ALWAYS' : 'BY DEFAULT'
    const add = `ALTER COLUMN ${quoteIdentifier(column)} ADD GENERATED ${always} AS IDENTITY (START WITH %s)`
    return [`EXECUTE format(${literal(alter(relation, add))}, next_value);`]
  }
  const set = value === null ? [] : [alterColumn(relation, column, `SET DEFAULT ${value}`)]
  if (to.kind !== 'serial') return set
  const name = quoteDotted(to.sequence.name)
  return [
    `CREATE SEQUENCE ${name} ${to.sequence.definition} OWNED BY ${quoteDotted(relation)}.${quoteIdentifier(column)};`,
    `PERFORM setval(${literal(name)}, next_value, false);`,
    ...set,
  ]
}
