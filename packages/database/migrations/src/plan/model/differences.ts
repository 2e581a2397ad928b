import type {
  Catalog,
  Column,
  Constraint,
  DefinedObject,
  EnumType,
  Index,
  Sequence,
  Table,
} from './catalog.ts'

/** Something only one of two catalogs has, or both have differently: `from` is the old form, `to` the new one. */
interface Pair<T> {
  from?: T
  to?: T
}

/** One table that both catalogs have, and what differs in it. Parts are identified by their names. */
export interface TableDifference {
  from: Table
  to: Table
  /** True when what makes it a partitioned table, or a partition, differs. */
  partitioning: boolean
  /** True when its storage parameters, or whether policies hold, differ. */
  settings: boolean
  columns: Pair<Column>[]
  constraints: Pair<Constraint>[]
  indexes: Pair<Index>[]
}

/** All differences between two catalogs; nothing in it when both are the same but for the order of columns. */
export interface Differences {
  schemas: Pair<string>[]
  enums: Pair<EnumType>[]
  sequences: Pair<Sequence>[]
  newTables: Table[]
  goneTables: Table[]
  tables: TableDifference[]
  objects: Pair<DefinedObject>[]
}

/** Compares two catalogs, part by part. */
export function compareCatalogs(from: Catalog, to: Catalog): Differences {
  const tables = pairs(from.tables, to.tables, ({ relation }) => relation)
  return {
    schemas: pairs(from.schemas, to.schemas, (name) => name).filter(differs),
    enums: pairs(from.enums, to.enums, ({ name }) => name).filter(differs),
    sequences: pairs(from.sequences, to.sequences, ({ name }) => name).filter(differs),
    newTables: tables.flatMap((pair) => (pair.from === undefined ? [pair.to!] : [])),
    goneTables: tables.flatMap((pair) => (pair.to === undefined ? [pair.from!] : [])),
    tables: tables
      .flatMap((pair) => (pair.from && pair.to ? [compareTables(pair.from, pair.to)] : []))
      .filter(
        ({ partitioning, settings, columns, constraints, indexes }) =>
          partitioning || settings || columns.length + constraints.length + indexes.length > 0,
      ),
    objects: pairs(from.objects, to.objects, ({ kind, name }) => `${kind} ${name}`).filter(differs),
  }
}

/** The differences as lines for people, each naming its object. */
export function tellDifferences(found: Differences): string[] {
  const told = (what: string, name: string, { from, to }: Pair<unknown>): string =>
    `${what} ${name} ${from === undefined ? 'is missing' : to === undefined ? 'should not be there' : `is ${JSON.stringify(from)}, wanted ${JSON.stringify(to)}`}`
  const named = <T extends { name: string }>(what: string, list: Pair<T>[]): string[] =>
    list.map((pair) => told(what, (pair.to ?? pair.from)!.name, pair))
  return [
    ...found.schemas.map((pair) => told('schema', (pair.to ?? pair.from)!, pair)),
    ...named('enum', found.enums),
    ...named('sequence', found.sequences),
    ...found.newTables.map(({ relation }) => `table ${relation} is missing`),
    ...found.goneTables.map(({ relation }) => `table ${relation} should not be there`),
    ...found.tables.flatMap(({ from, to, partitioning, settings, columns, constraints, indexes }) => [
      ...(partitioning
        ? [
            `table ${from.relation} is partitioned by ${from.partitionKey ?? 'nothing'}, wanted ${to.partitionKey ?? 'nothing'}`,
          ]
        : []),
      ...(settings ? [`settings of ${from.relation}: ${settingsOf(from)}, wanted ${settingsOf(to)}`] : []),
      ...named(`column ${from.relation}`, columns),
      ...named(`constraint of ${from.relation}`, constraints),
      ...named(`index of ${from.relation}`, indexes),
    ]),
    ...found.objects.map((pair) => told((pair.to ?? pair.from)!.kind, (pair.to ?? pair.from)!.name, pair)),
  ]
}

function settingsOf({ rowSecurity, options }: Table): string {
  return `row security ${rowSecurity ? 'on' : 'off'}, parameters ${options ?? 'none'}`
}

function compareTables(from: Table, to: Table): TableDifference {
  const name = (part: { name: string }): string => part.name
  return {
    from,
    to,
    partitioning: differs({
      from: [from.partitionKey, from.parent, from.bound, from.unlogged],
      to: [to.partitionKey, to.parent, to.bound, to.unlogged],
    }),
    settings: differs({ from: [from.rowSecurity, from.options], to: [to.rowSecurity, to.options] }),
    columns: pairs(from.columns, to.columns, name).filter(differs),
    constraints: pairs(from.constraints, to.constraints, name).filter(differs),
    indexes: pairs(from.indexes, to.indexes, name).filter(differs),
  }
}

function pairs<T>(from: readonly T[], to: readonly T[], key: (item: T) => string): Pair<T>[] {
  const wanted = new Map(to.map((item) => [key(item), item]))
  const had = new Set(from.map(key))
  return [
    ...from.map((item) => {
      const other = wanted.get(key(item))
      return other === undefined ? { from: item } : { from: item, to: other }
    }),
    ...to.filter((item) => !had.has(key(item))).map((item) => ({ to: item })),
  ]
}

/** Both sides come from the same query, so that their keys have the same order. */
function differs({ from, to }: Pair<unknown>): boolean {
  return JSON.stringify(from) !== JSON.stringify(to)
}
