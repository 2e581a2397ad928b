import { type Candidate, entriesBytes, type IndexKey, widthOf } from './candidate.ts'
import type { Operand, Predicate, SortKey, TableUse } from './statements/statement-shape.ts'
import { type ColumnFacts, STATES_MAX, type TableFacts } from './statements/table-catalog.ts'

/** Most key columns of a proposal: each further one makes every write dearer and serves fewer queries. */
const KEYS_MAX = 4

/** Most columns carried along for an index-only scan, and their bytes: beyond, the index rivals its table. */
const INCLUDED_MAX = 4
const INCLUDED_BYTES_MAX = 64

/** Share of the rows that a partial index may hold: with more it saves too little to be tied to one value. */
const PARTIAL_SHARE_MAX = 0.5

/** Types without an order that a B-tree could keep, or whose order no condition asks for. */
const UNORDERED = new Set(['json', 'jsonb', 'xml', 'point', 'box', 'polygon', 'tsvector', 'bool'])

const sameOperand = (a: Operand, b: Operand): boolean => a.sql === b.sql

/** Each operand once, the first time it comes. */
function once(keys: IndexKey[]): IndexKey[] {
  return keys.filter((key, nth) => keys.findIndex((other) => sameOperand(other.operand, key.operand)) === nth)
}

function ordered(table: TableFacts, { column }: Operand): boolean {
  const facts = column === undefined ? undefined : table.columns.get(column)
  return (
    facts === undefined || (!UNORDERED.has(facts.base) && facts.category !== 'A' && facts.category !== 'R')
  )
}

const distinctOf = (table: TableFacts, { column }: Operand): number =>
  column === undefined ? table.rows : (table.columns.get(column)?.distinct ?? 0)

/** Share (0-1) of a table's rows for which a predicate with constants holds, as far as the statistics tell. */
function shareOf(table: TableFacts, { use, operand, operator, sql = '' }: Predicate): number {
  const facts: ColumnFacts | undefined =
    operand.column === undefined ? undefined : table.columns.get(operand.column)
  if (!facts) return 1
  if (operator === 'IS_NULL') return facts.nullShare
  if (operator === 'IS_NOT_NULL') return 1 - facts.nullShare
  if (use === 'state') {
    const wanted = /^not\b|\bfalse\b/i.test(sql) ? 'f' : 't'
    return facts.common.find(({ value }) => value === wanted)?.share ?? 0
  }
  // The value is in the statement's text: the common one whose quoted form is there is meant.
  const common = facts.common.filter(({ value }) => sql.includes(`'${value}'`) || sql.endsWith(`= ${value}`))
  const known = facts.common.reduce((sum, { share }) => sum + share, 0)
  const rest = Math.max(facts.distinct - facts.common.length, 1)
  return common.length > 0
    ? common.reduce((sum, { share }) => sum + share, 0)
    : Math.max(0, 1 - known - facts.nullShare) / rest
}

const sortKeys = (sort: SortKey[]): IndexKey[] =>
  sort.map(({ operand, descending, nullsFirst }) => ({ operand, descending, nullsFirst }))

/** An order that one direction serves is kept ascending: an index is read backwards as well. */
function plainOrder(keys: IndexKey[]): IndexKey[] {
  const backwards = keys.every(({ descending, nullsFirst }) => descending && nullsFirst)
  return backwards ? keys.map(({ operand }) => ({ operand })) : keys
}

/** Key lists for one use, the most promising first: equal first, then one order or one range. */
function keyLists(use: TableUse): IndexKey[][] {
  const of = (kind: Predicate['use']): IndexKey[] =>
    once(
      use.predicates
        .filter((one) => one.use === kind && ordered(use.table, one.operand))
        .map(({ operand }) => ({ operand })),
    )
  const byDistinct = (a: IndexKey, b: IndexKey): number =>
    distinctOf(use.table, b.operand) - distinctOf(use.table, a.operand)
  const [equal, joins, ranges] = [of('equality').toSorted(byDistinct), of('join'), of('range')]
  const sort = use.sort.every(({ operand }) => ordered(use.table, operand))
    ? plainOrder(sortKeys(use.sort))
    : []
  const inOrder = use.limited && sort.length > 0
  const lists: IndexKey[][] = []
  const sorted = (head: IndexKey[]): void => {
    if (sort.length > 0) lists.push([...head, ...sort], ...(inOrder ? [[...head, ...sort, ...ranges]] : []))
  }
  if (equal.length > 0) {
    sorted(equal)
    for (const range of ranges) lists.push([...equal, range])
    lists.push(equal)
    for (const one of equal.length > 1 ? equal : []) lists.push([one])
  } else if (inOrder) sorted([])
  for (const range of ranges) lists.push([range])
  for (const join of joins) {
    if (inOrder) lists.push([join, ...sort])
    lists.push(
      [join],
      ...(equal.length > 0
        ? [
            [...equal, join],
            [join, ...equal],
          ]
        : []),
    )
    for (const range of ranges) lists.push([join, range])
  }
  for (const arm of use.alternatives)
    if (arm.use === 'equality' || arm.use === 'range') lists.push([{ operand: arm.operand }])
  return lists.map((list) => once(list).slice(0, KEYS_MAX)).filter((list) => list.length > 0)
}

/** Columns that would spare the visit to the table; undefined when they are none, all, or too wide. */
function covering(use: TableUse, keys: IndexKey[], where: Predicate | undefined): string[] | undefined {
  if (use.needed === null || keys.some(({ operand }) => operand.column === undefined)) return undefined
  const held = new Set(keys.map(({ operand }) => operand.column))
  // A partial index need not hold what its predicate has settled, but only for conditions PostgreSQL can drop.
  const settled = where?.use === 'equality' ? where.operand.column : undefined
  const include = [...use.needed].filter((column) => !held.has(column) && column !== settled)
  const fits = include.length > 0 && include.length <= INCLUDED_MAX
  return fits && widthOf(use.table, include) <= INCLUDED_BYTES_MAX ? include.toSorted() : undefined
}

function because(use: TableUse, keys: IndexKey[], where: Predicate | undefined, include: string[]): string {
  const names = keys.map(({ operand }) => operand.sql).join(', ')
  const sorts = use.sort.length > 0 && keys.some((key) => sameOperand(key.operand, use.sort[0]!.operand))
  const parts = [`looked up ${sorts ? 'and ordered ' : ''}by ${names}`]
  if (where) parts.push(`only rows with ${where.sql}`)
  if (include.length > 0) parts.push(`carries ${include.join(', ')} so that the table is not visited`)
  return parts.join('; ')
}

/** What equality with all keys leaves of the rows; undefined when a key is not compared so, or an order is requested. */
function foundShare(use: TableUse, keys: IndexKey[], where: Predicate | undefined): number | undefined {
  const shares = keys.map(({ operand }) => {
    const equal = use.predicates.find((one) => one.use === 'equality' && sameOperand(one.operand, operand))
    // Of expressions, and of columns before the first ANALYZE, the statistics tell nothing.
    const facts = use.table.columns.get(operand.column ?? '')
    return equal?.sql === undefined || !facts?.distinct ? undefined : shareOf(use.table, equal)
  })
  const known = where === undefined && !use.limited && shares.every((share) => share !== undefined)
  return known ? shares.reduce((product, share) => product * share, 1) : undefined
}

function make(use: TableUse, keys: IndexKey[], where: Predicate | undefined, include: string[]): Candidate {
  const { table } = use
  const share = foundShare(use, keys, where)
  const columns = [...keys.flatMap(({ operand }) => operand.columns.slice(0, 1)), ...include]
  const rows = table.rows * (where ? Math.max(shareOf(table, where), 1e-4) : 1)
  return {
    table,
    method: 'btree',
    keys,
    include,
    ...(where?.sql === undefined ? {} : { where: where.sql }),
    because: because(use, keys, where, include),
    ...(share === undefined || include.length > 0 ? {} : { share }),
    statements: [use.statement],
    estimatedBytes: entriesBytes(rows, widthOf(table, columns)),
  }
}

/** Conditions that a partial index may be tied to: constants that few enough rows meet. */
function partialPredicates(use: TableUse): Predicate[] {
  return use.predicates.filter(
    (one) =>
      one.sql !== undefined &&
      (one.use === 'state' || (one.use === 'equality' && distinctOf(use.table, one.operand) <= STATES_MAX)) &&
      shareOf(use.table, one) <= PARTIAL_SHARE_MAX,
  )
}

/** B-tree indexes for one use of a table: composite, partial and covering ones. */
export function btreeCandidates(use: TableUse): Candidate[] {
  const partials = partialPredicates(use)
  const lists = keyLists(use)
  const plain = lists.flatMap((keys) => [keys]).map((keys) => ({ keys, where: undefined }))
  const tied = partials.flatMap((where) => {
    const rest = lists.map((keys) => keys.filter((key) => !sameOperand(key.operand, where.operand)))
    const some = rest.filter((keys) => keys.length > 0)
    // No other condition: the rows of the predicate themselves, by their own column or the table's key.
    const alone = use.table.primaryKey.map((column) => ({
      operand: { sql: column, column, columns: [column] },
    }))
    return (some.length > 0 ? some : [alone.length > 0 ? alone : [{ operand: where.operand }]]).map(
      (keys) => ({
        keys,
        where,
      }),
    )
  })
  return [...plain, ...tied].flatMap(({ keys, where }) => {
    const include = covering(use, keys, where)
    return [make(use, keys, where, []), ...(include ? [make(use, keys, where, include)] : [])]
  })
}
