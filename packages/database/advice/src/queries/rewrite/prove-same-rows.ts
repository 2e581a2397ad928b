import { walk, quoteIdentifier, quoteRelation, OWN_MARK, parseScript } from '@esa/database-catalog/sql'
import type { JudgingSession } from '@esa/database-catalog/guard'
import { factsOf, sqlOf } from './scope.ts'
import type { Column } from '@esa/database-catalog'
import type { TableFacts } from './table-facts.ts'

/** On which rows two statements were compared, and what came of it. */
export interface RowProof {
  same: boolean
  /** Rows that the statement gave on the data as it is; null where it took too long for that. */
  rows: number | null
  /** What stood in for the tables: the data, the data and rows with NULLs, nothing. */
  compared: ('data' | 'nulls' | 'empty')[]
  /** Where they differed. */
  differedOn?: 'data' | 'nulls' | 'empty'
}

/** Rows of a table that stand for it beside the rows with NULLs: the whole of it was compared before, and a
 * statement that was cut off must end on it. */
const SAMPLE_ROWS = 500

/** Rows of each table that are taken as patterns for rows with NULLs. */
const PATTERN_ROWS = 3

/** Rows in all columns, as text: types without an equality, like json, compare too. */
async function compare(
  session: JudgingSession,
  a: string,
  b: string,
): Promise<{ rows: number; same: boolean }> {
  const text =
    `with esa_a as materialized (select esa_x::text as r from (${a}) esa_x), ` +
    `esa_b as materialized (select esa_x::text as r from (${b}) esa_x) select ${OWN_MARK} (select count(*) from esa_a)::int as rows, ` +
    `not exists (table esa_a except all table esa_b) and not exists (table esa_b except all table esa_a) as same`
  const { rows } = await session.run(await session.judge({ text }))
  return rows[0] as { rows: number; same: boolean }
}

/** Types whose values can be made from a number, each from another one. With a length, it must have room for the number. */
const MADE: [type: RegExp, value: (n: string) => string][] = [
  [/^(?:smallint|integer|bigint|numeric|real|double precision)$/, (n) => `-${n}`],
  [/^numeric\((?:[6-9]|\d{2,}),0\)$/, (n) => `-${n}`],
  [/^uuid$/, (n) => `md5('esa ' || ${n})`],
  [/^(?:text|character varying|character(?: varying)?\((?:[6-9]|\d{2,})\))$/, (n) => `'~' || ${n}`],
  [/^(?:date|timestamp)/, (n) => `timestamp '4000-01-01' + ${n} * interval '1 day'`],
]

/** A value of a key for a row that is made up, such as no real row should have; null for a type that has none. */
function madeKey(type: string, n: string): string | null {
  const made = MADE.find(([pattern]) => pattern.test(type))
  return made ? `(${made[1](n)})::${type}` : null
}

/** A column of a row with NULLs: what may be null is, where its turn has come; else a key has a value of its own. */
function edgeValue(
  { name, type, neverNull }: Column,
  keys: Set<string>,
  nulled: string | null,
  at: number,
): string {
  if (!neverNull && (nulled === null || nulled === name)) return `null::${type}`
  const kept = `esa_p.${quoteIdentifier(name)}`
  if (!keys.has(name)) return kept
  return (
    madeKey(type, `(${at * PATTERN_ROWS} + row_number() over ())`) ?? (neverNull ? kept : `null::${type}`)
  )
}

/** A table as rows of its own and rows with NULLs; null when these cannot have keys of their own. */
function withNulls(facts: TableFacts): string | null {
  const table = quoteRelation(facts.schema, facts.name)
  const unique = facts.indexes
    .filter(({ unique, valid }) => unique && valid)
    .map(({ columns }) => facts.columns.filter(({ name }) => columns.includes(name)))
  // A NULL is equal to no other, and one column that differs is enough.
  const differs = ({ type, neverNull }: Column): boolean => !neverNull || madeKey(type, '0') !== null
  if (unique.some((columns) => columns.length > 0 && !columns.some(differs))) return null
  const keys = new Set(unique.flat().map(({ name }) => name))
  const nullable = facts.columns.filter(({ neverNull }) => !neverNull)
  const list = facts.columns.map(({ name }) => quoteIdentifier(name)).join(', ')
  const edges = [null, ...nullable.map(({ name }) => name)].map((nulled, at) => {
    const values = facts.columns.map((column) => edgeValue(column, keys, nulled, at))
    return `(select ${values.join(', ')} from (select * from ${table} limit ${PATTERN_ROWS}) esa_p)`
  })
  return `(select ${list} from ${table} limit ${SAMPLE_ROWS}) union all ${edges.join(' union all ')}`
}

/** A statement with other rows in the place of its tables. */
async function onOtherRows(sql: string, tables: readonly TableFacts[], standIns: string[]): Promise<string> {
  const [statement] = await parseScript(sql)
  const node = structuredClone(statement!.node)
  const own = new Set<string>()
  walk(node, (kind, body) => {
    if (kind === 'CommonTableExpr') own.add((body as { ctename?: string }).ctename ?? '')
  })
  walk(node, (kind, body) => {
    if (kind !== 'RangeVar') return
    const { schemaname, relname = '' } = body as { schemaname?: string; relname?: string }
    const facts = own.has(relname) && schemaname === undefined ? undefined : factsOf(body, tables)
    if (!facts) return
    body['alias'] ??= { aliasname: relname }
    body['relname'] = `esa_table_${tables.indexOf(facts)}`
    delete body['schemaname']
  })
  const ctes = standIns.map((rows, at) => `esa_table_${at} as materialized (${rows})`)
  return ctes.length === 0 ? sqlOf(node) : `with ${ctes.join(', ')} select * from (${sqlOf(node)}) esa_whole`
}

/**
 * Whether two statements give the same rows, by EXCEPT ALL in both directions: on the data as it is, on a sample with
 * rows of NULLs beside it, and on empty tables, of these `on` which. Constraints hold for these rows too: no NULL where
 * none may be, no key twice. Where neither data nor NULLs could be compared they are not called the same.
 */
export async function proveSameRows(
  session: JudgingSession,
  a: string,
  b: string,
  { tables, on }: { tables: readonly TableFacts[]; on: RowProof['compared'] },
): Promise<RowProof> {
  const proof: RowProof = { same: true, rows: null, compared: [] }
  if (on.includes('data')) {
    const { rows, same } = await compare(session, a, b)
    Object.assign(proof, { rows, compared: ['data'] })
    if (!same) return { ...proof, same, differedOn: 'data' }
  }
  const nulls = tables.map(withNulls)
  const empty = tables.map((facts) => `select * from ${quoteRelation(facts.schema, facts.name)} where false`)
  const cases: ['nulls' | 'empty', (string | null)[]][] = [
    ['nulls', nulls],
    ['empty', empty],
  ]
  for (const [name, standIns] of cases) {
    if (!on.includes(name) || standIns.includes(null)) continue
    const rows = standIns.map(String)
    const { same } = await compare(
      session,
      await onOtherRows(a, tables, rows),
      await onOtherRows(b, tables, rows),
    )
    proof.compared.push(name)
    if (!same) return { ...proof, same: false, differedOn: name }
  }
  // Nothing is the same as nothing: on empty tables alone most statements are equal.
  return proof.compared.some((name) => name !== 'empty') ? proof : { ...proof, same: false }
}
