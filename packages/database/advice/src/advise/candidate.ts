import { indexName, quoteIdentifier, quoteRelation } from '@esa/database-catalog/sql'
import type { AdvisedIndex } from './advice.ts'
import type { Operand } from './statements/statement-shape.ts'
import type { TableFacts } from './statements/table-catalog.ts'

/** Access methods that are proposed. */
export type IndexMethod = 'btree' | 'hash' | 'gin' | 'gist' | 'brin'

/** One key of an index: `sql` as an index definition wants it, and what follows it. */
export interface IndexKey {
  operand: Operand
  opclass?: string
  descending?: boolean
  nullsFirst?: boolean
}

/** An index that might help, why, and whom. */
export interface Candidate {
  table: TableFacts
  method: IndexMethod
  keys: IndexKey[]
  include: string[]
  /** Predicate of a partial index. */
  where?: string
  /** Storage parameters, as SQL. */
  settings?: string
  /** An extension that its operator class comes from. */
  extension?: string
  because: string
  /** Why each of its statements would take it, where that is known. */
  reasons?: ReadonlyMap<string, string>
  /** Share (0-1) of the rows that it finds by the statistics, where these tell and no order is required. */
  share?: number
  /** Ids of the statements that it was made for. */
  statements: string[]
  /** What it is expected to weigh, from the statistics of its columns. */
  estimatedBytes: number
}

/** What a page holds beside the entries themselves, as a factor: fill factor and headers. */
const PAGE_OVERHEAD = 1.15

/** Bytes of an entry beside its keys: the item pointer, the tuple's header and its alignment. */
const ENTRY_BYTES = 16

const orderOf = ({ descending = false, nullsFirst = descending }: IndexKey): string =>
  `${descending ? ' DESC' : ''}${nullsFirst === descending ? '' : nullsFirst ? ' NULLS FIRST' : ' NULLS LAST'}`

function keySql(key: IndexKey): string {
  const { operand, opclass } = key
  const base = operand.column === undefined ? `(${operand.sql})` : quoteIdentifier(operand.column)
  return `${base}${opclass === undefined ? '' : ` ${opclass}`}${orderOf(key)}`
}

/** Everything about an index but its name: two candidates with the same definition are one. */
export function definitionOf({ table, method, keys, include, where, settings }: Candidate): string {
  const using = method === 'btree' ? '' : ` USING ${method}`
  const included = include.length === 0 ? '' : ` INCLUDE (${include.map(quoteIdentifier).join(', ')})`
  return (
    `ON ${quoteRelation(table.schema, table.name)}${using} (${keys.map(keySql).join(', ')})${included}` +
    `${settings === undefined ? '' : ` WITH (${settings})`}${where === undefined ? '' : ` WHERE ${where}`}`
  )
}

const word = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '_')
    .replaceAll(/^_+|_+$/g, '')

/** An index by its parts. */
export function partsOf(candidate: Candidate): AdvisedIndex {
  const { table, method, keys, include, where = null, settings = null } = candidate
  return {
    schema: table.schema,
    table: table.name,
    name: nameOf(candidate),
    method,
    keys: keys.map(({ operand, opclass = null, descending = false, nullsFirst = descending }) => ({
      column: operand.column ?? null,
      sql: operand.sql,
      opclass,
      descending,
      nullsFirst,
    })),
    include,
    where,
    settings,
  }
}

/** A name that tells the table, the keys and what is special, cut to what PostgreSQL keeps. */
export function nameOf({ table, method, keys, include, where }: Candidate): string {
  const parts = [
    ...keys.map(
      ({ operand, descending }) => (operand.column ?? word(operand.sql)) + (descending ? '_desc' : ''),
    ),
    ...(include.length === 0 ? [] : ['incl', ...include]),
    ...(where === undefined ? [] : ['where', word(where)]),
    ...(method === 'btree' ? [] : [method]),
  ]
  return indexName(table.name, parts)
}

/** The statement that builds it: on a live database without blocking writes. */
export function createSql(candidate: Candidate, how: 'concurrently' | 'plainly'): string {
  const concurrently = how === 'concurrently' ? 'CONCURRENTLY ' : ''
  return `CREATE INDEX ${concurrently}${quoteIdentifier(nameOf(candidate))} ${definitionOf(candidate)}`
}

/**
 * The statements that build it on a live database, each run on its own outside a transaction. A partitioned table cannot
 * be indexed CONCURRENTLY: its index is made for itself alone, and those of its partitions are built and attached.
 */
export function buildSteps(candidate: Candidate): string[] {
  const { table } = candidate
  if (table.kind !== 'p') return [createSql(candidate, 'concurrently')]
  const parent = quoteRelation(table.schema, nameOf(candidate))
  return [
    createSql(candidate, 'plainly').replace(' ON ', ' ON ONLY '),
    ...table.partitions.flatMap((partition) => {
      const own = { ...candidate, table: { ...table, ...partition } }
      const name = quoteRelation(partition.schema, nameOf(own))
      return [createSql(own, 'concurrently'), `ALTER INDEX ${parent} ATTACH PARTITION ${name}`]
    }),
  ]
}

/** Bytes that these columns take in one entry, by the statistics. */
export function widthOf(table: TableFacts, columns: readonly string[]): number {
  return columns.reduce((sum, column) => sum + (table.columns.get(column)?.widthBytes ?? ENTRY_BYTES), 0)
}

/** Bytes of an index with `rows` entries of `widthBytes` each. */
export function entriesBytes(rows: number, widthBytes: number): number {
  return Math.ceil(rows * (widthBytes + ENTRY_BYTES) * PAGE_OVERHEAD)
}
