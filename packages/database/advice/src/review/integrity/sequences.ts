import { type Finding, quoteIdentifier, type Queryable, OWN_MARK } from '@esa/database-catalog/sql'
import { sqlName } from '../schema/fix-text.ts'
import type { Check, Question } from '../schema/look.ts'
import { type Column, type Table, keysOf } from '@esa/database-catalog'

/** Share of the numbers that may be used before a change is due: the change of a large key takes weeks. */
const USED_WARN = 0.7
const USED_ERROR = 0.9

/** Largest number of each integer type. */
const LARGEST: Record<string, bigint> = {
  int2: 32_767n,
  int4: 2_147_483_647n,
  int8: 9_223_372_036_854_775_807n,
}

/** Keys that will run out of numbers, and sequences that are behind their column or larger than it. */
export const checkSequences: Check = async ({ tables }, look) => {
  const sequences = new Map<string, Sequence>()
  const failed = await look(null, async (session) => {
    for (const sequence of await readSequences(session)) sequences.set(sequence.name, sequence)
    return []
  })
  const numbered = tables
    .filter(({ partition }) => !partition)
    .flatMap((table) =>
      table.columns
        .filter(({ base }) => base in LARGEST)
        .map((column) => ({ table, column, sequence: sequences.get(column.sequence ?? '') })),
    )
  const unused = numbered.flatMap(({ table, sequence }) =>
    sequence?.last === null && sequence.readable ? [askNext(table, sequence)] : [],
  )
  const findings: Finding[] = [...failed, ...(await look.each(unused))]
  const questions: Question[] = []
  for (const { table, column, sequence } of numbered) {
    if (sequence !== undefined) findings.push(...usedUp(table, column, sequence))
    // An index answers max() at once, which is why only keys are read.
    if (table.readable && isKey(table, column.name)) questions.push(compareLargest(table, column, sequence))
  }
  return [...findings, ...(await look.each(questions))]
}

interface Sequence {
  name: string
  /** The last number that it gave; null where it gave none, or where the role may not know. */
  last: string | null
  /** The number that it gives next; null where that is not known. */
  next: bigint | null
  /** The role may SELECT from it. */
  readable: boolean
  max: string
  step: string
  cycle: boolean
  type: string
}

async function readSequences(session: Queryable): Promise<Sequence[]> {
  const { rows } = await session.query(
    `select ${OWN_MARK} format('%I.%I', s.schemaname, s.sequencename) as name, s.last_value::text as last, s.max_value::text as max,
       s.increment_by::text as step, s.cycle, s.data_type::text as type,
       has_schema_privilege(n.oid, 'usage') and has_sequence_privilege(c.oid, 'select') as readable
     from pg_sequences s join pg_namespace n on n.nspname = s.schemaname
     join pg_class c on c.relnamespace = n.oid and c.relname = s.sequencename`,
  )
  return (rows as unknown as Omit<Sequence, 'next'>[]).map((row) => ({
    ...row,
    next: row.last === null ? null : BigInt(row.last) + BigInt(row.step),
  }))
}

/** Of a sequence that has given no number yet, only itself says its position: it may have been set. */
function askNext({ relation }: Table, sequence: Sequence): Question {
  const ask = async (session: Queryable): Promise<Finding[]> => {
    const { rows } = await session.query(
      `select ${OWN_MARK} last_value::text as last, is_called as called from ${sequence.name}`,
    )
    const { last, called } = rows[0] as { last: string; called: boolean }
    sequence.next = called ? BigInt(last) + BigInt(sequence.step) : BigInt(last)
    return []
  }
  return { relation, ask }
}

function isKey(table: Table, name: string): boolean {
  return keysOf(table).some(({ primary, columns }) => primary && columns.length === 1 && columns[0] === name)
}

function descends({ step }: Sequence): boolean {
  return BigInt(step) < 0n
}

/** The last number that a column can have by its type and its sequence. */
function endOf(column: Column, sequence: Sequence | undefined): bigint {
  const most = LARGEST[column.base]!
  return sequence !== undefined && BigInt(sequence.max) < most ? BigInt(sequence.max) : most
}

function usedUp(table: Table, column: Column, sequence: Sequence): Finding[] {
  if (descends(sequence)) return []
  const hidden = sequence.last === null && !sequence.readable && table.readable
  const unknown = hidden ? [noRight(table, column, sequence)] : []
  if (sequence.cycle) return unknown
  if (sequence.next !== null) {
    const last = sequence.next - BigInt(sequence.step)
    const found = overflow(table, column, last, sequence)
    if (found.length > 0) return found
  }
  const isLarger = BigInt(sequence.max) > LARGEST[column.base]!
  return isLarger ? [...unknown, largerThanColumn(table, column, sequence)] : unknown
}

/** The largest key against its sequence; a key without one is numbered elsewhere, which can run out as well. */
function compareLargest(table: Table, column: Column, sequence: Sequence | undefined): Question {
  const ask = async (session: Queryable): Promise<Finding[]> => {
    const { rows } = await session.query(
      `select ${OWN_MARK} max(${quoteIdentifier(column.name)})::text as most from ${sqlName(table)}`,
    )
    const most = rows[0]?.['most'] as string | null | undefined
    if (most === null || most === undefined || (sequence !== undefined && descends(sequence))) return []
    const largest = BigInt(most)
    // Where the sequence is not known, the rows show how far it has come at least.
    if (sequence === undefined || sequence.next === null)
      return sequence?.cycle === true ? [] : overflow(table, column, largest, sequence)
    return largest < sequence.next ? [] : [behind(table, column, sequence.name, sequence.next, largest)]
  }
  return { relation: table.relation, ask }
}

function noRight(table: Table, column: Column, { name }: Sequence): Finding {
  return {
    kind: 'no-right',
    severity: 'info',
    relation: table.relation,
    message: `the role may not read the sequence ${name}: whether ${column.name} meets numbers that are taken is not known`,
    evidence: { sequence: name, column: column.name },
    fix: `GRANT SELECT ON SEQUENCE ${name} TO the role (esa db grants)`,
  }
}

function behind(table: Table, column: Column, name: string, next: bigint, largest: bigint): Finding {
  return {
    kind: 'sequence-behind',
    severity: 'error',
    relation: table.relation,
    message: `${name} gives ${next} next, and ${column.name} goes up to ${largest}: an insert will meet a number that is taken`,
    evidence: { sequence: name, next: String(next), largest: String(largest), column: column.name },
    fix: `SELECT setval('${name.replaceAll("'", "''")}', (SELECT max(${quoteIdentifier(column.name)}) FROM ${sqlName(table)}));`,
  }
}

function overflow(table: Table, column: Column, last: bigint, sequence: Sequence | undefined): Finding[] {
  const end = endOf(column, sequence)
  const used = share(last, end)
  if (used < USED_WARN) return []
  return [
    {
      kind: 'sequence-overflow',
      severity: used >= USED_ERROR ? 'error' : 'warning',
      relation: table.relation,
      message: `${column.name} (${column.type}) is at ${last} of ${end}, ${(100 * used).toFixed(1)} %: after the last number every insert fails`,
      evidence: {
        column: column.name,
        type: column.type,
        last: String(last),
        end: String(end),
        usedShare: used,
        sequence: sequence?.name ?? null,
      },
      fix: `esa db migrate plan: ${table.relation}.${column.name} to bigint, with every column that references it`,
    },
  ]
}

function largerThanColumn(table: Table, column: Column, sequence: Sequence): Finding {
  return {
    kind: 'sequence-type',
    severity: 'info',
    relation: table.relation,
    message: `${sequence.name} counts to ${sequence.max} (${sequence.type}), and ${column.name} is ${column.type}: the column ends first`,
    evidence: {
      sequence: sequence.name,
      sequenceType: sequence.type,
      column: column.name,
      type: column.type,
    },
    fix: `esa db migrate plan: ${table.relation}.${column.name} to ${sequence.type}`,
  }
}

/** To a ten-thousandth, as the numbers are larger than a double holds. */
function share(used: bigint, of: bigint): number {
  return Number((used * 10_000n) / of) / 10_000
}
