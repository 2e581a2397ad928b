import { quoteIdentifier } from '@esa/database-catalog/sql'
import { quoteDotted } from '@esa/database-catalog'
import type { Catalog, Column, Counting, Sequence } from '../model/catalog.ts'
import { alterColumn } from '../objects/column-sql.ts'
import { givesTheSame, identitySql, inStep, isDown, sequenceSql, setCounting } from '../objects/counting.ts'

/** How a column's values come about when a row says none: a sequence of its own, an identity, or whatever its default says. */
type Generation =
  | { kind: 'identity'; column: Column; counting: Counting }
  | { kind: 'serial'; sequence: Sequence }
  | { kind: 'none' }

/** How a column of a catalog generates its values. A partition's identity is that of the table it is part of. */
function generationOf({ sequences }: Catalog, relation: string, column: Column): Generation {
  const { counting } = column
  if (counting !== null) return { kind: 'identity', column, counting }
  const sequence = sequences.find(({ ownedBy }) => ownedBy === `${relation}.${column.name}`)
  return sequence && column.default?.startsWith('nextval(') ? { kind: 'serial', sequence } : { kind: 'none' }
}

/** A column whose values come about in another way. */
export interface GenerationChange {
  from: Generation
  to: Generation
}

/** How a column's values come about in two catalogs. */
export function generationsOf(
  from: Catalog,
  to: Catalog,
  relation: string,
  columns: { from: Column; to: Column },
): GenerationChange {
  return {
    from: generationOf(from, relation, columns.from),
    to: generationOf(to, relation, columns.to),
  }
}

/** The change of a column's generation between two catalogs; undefined when both have the same kind. */
export function generationChange(
  from: Catalog,
  to: Catalog,
  relation: string,
  columns: { from: Column; to: Column },
): GenerationChange | undefined {
  const change = generationsOf(from, to, relation, columns)
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
 * column's names, alike unless a new column takes its place. The table must be locked: a value that a writer draws
 * meanwhile would come again.
 */
export function moveGeneration(
  relation: string,
  before: string,
  after: string,
  { from, to }: GenerationChange,
  defaults: { from: string | null; to: string | null },
): string {
  const counting = countingOf(to)
  return withNextValue(counting === undefined ? [] : nextValue(relation, before, from, counting), [
    ...ending(relation, before, from, defaults.from),
    ...beginning(relation, after, to, defaults.to),
  ])
}

/** SQL that lets an identity count in another way, in the place where it is. The table must be locked. */
export function recount(relation: string, from: Column, to: Column): string {
  const { name } = to
  const [had, counting] = [from.counting!, to.counting!]
  const always = `SET GENERATED ${to.identity === 'a' ? 'ALWAYS' : 'BY DEFAULT'}`
  const sets = [...(from.identity === to.identity ? [] : [always]), ...setCounting(had, counting)]
  if (givesTheSame(had, counting)) return alterColumn(relation, name, sets.join(' '))
  const set = alterColumn(relation, name, [...sets, 'RESTART WITH '].join(' ')).slice(0, -1)
  return withNextValue(
    nextValue(relation, name, { kind: 'identity', column: from, counting: had }, counting),
    [`EXECUTE ${literal(set)} || next_value;`],
  )
}

/** SQL that lets the sequence of another table's column of the same name go on; both must be locked. */
export function handOver(from: string, to: string, column: string, change: GenerationChange): string {
  const counting = countingOf(change.to)
  if (counting === undefined) return ''
  return withNextValue(nextValue(from, column, change.from, counting), [goOn(to, column)])
}

function withNextValue(computed: string[], lines: string[]): string {
  return `DO $esa$ DECLARE next_value bigint; BEGIN
  ${[...computed, ...lines].join('\n  ')}
END $esa$;`
}

function countingOf(generation: Generation): Counting | undefined {
  if (generation.kind === 'none') return undefined
  return generation.kind === 'identity' ? generation.counting : generation.sequence.counting
}

/** The next value of a sequence that goes the same way was never given; else the rows say which values are free. */
function nextValue(relation: string, column: string, from: Generation, to: Counting): string[] {
  const had = countingOf(from)
  const aligned = `next_value := ${inStep('next_value', to)};`
  if (had !== undefined && isDown(had) === isDown(to))
    return [
      // A try that failed left values with this session: others have gone on meanwhile.
      ...(had.cache === '1' ? [] : ['DISCARD SEQUENCES;']),
      `next_value := nextval(${sequenceName(relation, column)});`,
      ...(givesTheSame(had, to) ? [] : [aligned]),
    ]
  const name = quoteIdentifier(column)
  const free = isDown(to) ? `min(${name})::bigint - 1` : `max(${name})::bigint + 1`
  return [`next_value := (SELECT coalesce(${free}, ${to.start}) FROM ${quoteDotted(relation)});`, aligned]
}

function sequenceName(relation: string, column: string): string {
  return `pg_get_serial_sequence(${literal(quoteDotted(relation))}, ${literal(column)})`
}

function goOn(relation: string, column: string): string {
  return `PERFORM setval(${sequenceName(relation, column)}, next_value, false);`
}

function ending(relation: string, column: string, from: Generation, value: string | null): string[] {
  if (from.kind === 'identity') return [alterColumn(relation, column, 'DROP IDENTITY')]
  const drop = value === null ? [] : [alterColumn(relation, column, 'DROP DEFAULT')]
  return from.kind === 'serial' ? [...drop, `DROP SEQUENCE ${quoteDotted(from.sequence.name)};`] : drop
}

function beginning(relation: string, column: string, to: Generation, value: string | null): string[] {
  if (to.kind === 'identity')
    return [
      alterColumn(relation, column, `ADD ${identitySql(to.column, to.counting)}`),
      goOn(relation, column),
    ]
  const set = value === null ? [] : [alterColumn(relation, column, `SET DEFAULT ${value}`)]
  if (to.kind !== 'serial') return set
  const { name } = to.sequence
  const owner = `${quoteDotted(relation)}.${quoteIdentifier(column)}`
  return [
    `CREATE SEQUENCE ${quoteDotted(name)} ${sequenceSql(to.sequence)} OWNED BY ${owner};`,
    goOn(relation, column),
    ...set,
  ]
}
