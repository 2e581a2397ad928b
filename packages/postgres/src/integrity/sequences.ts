import type { Finding } from '../finding.ts'
import { quoteIdentifier } from '../identifiers.ts'
import type { Queryable } from '../queryable.ts'
import { OWN_MARK } from '../read-only.ts'
import { sqlName } from '../schema/fix-text.ts'
import type { Check, Question } from '../schema/look.ts'
import type { Column, Table } from '../schema/read-catalog.ts'

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
  const limits = new Map<string, Sequence>()
  const failed = await look(null, async (session) => {
    const { rows } = await session.query(
      `select ${OWN_MARK} format('%I.%I', schemaname, sequencename) as name, last_value::text as last, max_value::text as max,
         increment_by::text as step, cycle, data_type::text as type from pg_sequences`,
    )
    for (const row of rows) limits.set(row['name'] as string, row as unknown as Sequence)
    return []
  })
  const findings: Finding[] = [...failed]
  const questions: Question[] = []
  for (const table of tables.filter(({ partition }) => !partition)) {
    for (const column of table.columns.filter(({ base }) => base in LARGEST)) {
      const sequence = column.sequence === null ? undefined : limits.get(column.sequence)
      if (sequence !== undefined) findings.push(...usedUp(table, column, sequence))
      // An index answers max() at once, which is why only keys are asked.
      if (table.readable && isKey(table, column.name)) questions.push(compareLargest(table, column, sequence))
    }
  }
  return [...findings, ...(await look.each(questions))]
}

interface Sequence {
  name: string
  last: string | null
  max: string
  step: string
  cycle: boolean
  type: string
}

function isKey({ keys }: Table, name: string): boolean {
  return keys.some(({ primary, columns }) => primary && columns.length === 1 && columns[0] === name)
}

function usedUp(table: Table, column: Column, sequence: Sequence): Finding[] {
  if (BigInt(sequence.step) < 0n || sequence.cycle) return []
  const last = BigInt(sequence.last ?? '0')
  const [most, columnMost] = [BigInt(sequence.max), LARGEST[column.base]!]
  const end = most < columnMost ? most : columnMost
  const used = share(last, end)
  if (used >= USED_WARN) return [overflow(table, column, last, end, used, sequence.name)]
  return most > columnMost ? [largerThanColumn(table, column, sequence)] : []
}

/** The largest key against its sequence; a key without one is numbered by somebody else, who can run out as well. */
function compareLargest(table: Table, column: Column, sequence: Sequence | undefined): Question {
  const ask = async (session: Queryable): Promise<Finding[]> => {
    const { rows } = await session.query(
      `select ${OWN_MARK} max(${quoteIdentifier(column.name)})::text as most from ${sqlName(table)}`,
    )
    const largest = BigInt((rows[0]?.['most'] as string | null) ?? '0')
    if (sequence === undefined) {
      const end = LARGEST[column.base]!
      const used = share(largest, end)
      return used < USED_WARN ? [] : [overflow(table, column, largest, end, used, null)]
    }
    const last = BigInt(sequence.last ?? '0')
    return BigInt(sequence.step) < 0n || largest <= last ? [] : [behind(table, column, sequence, largest)]
  }
  return { relation: table.relation, ask }
}

function behind(table: Table, column: Column, { name, last }: Sequence, largest: bigint): Finding {
  return {
    kind: 'sequence-behind',
    severity: 'error',
    relation: table.relation,
    message: `${name} is at ${last ?? '0'}, and ${column.name} goes up to ${largest}: an insert will meet a number that is taken`,
    evidence: { sequence: name, last: last ?? '0', largest: String(largest), column: column.name },
    fix: `SELECT setval('${name.replaceAll("'", "''")}', (SELECT max(${quoteIdentifier(column.name)}) FROM ${sqlName(table)}));`,
  }
}

function overflow(
  table: Table,
  column: Column,
  last: bigint,
  end: bigint,
  used: number,
  sequence: string | null,
): Finding {
  return {
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
      sequence,
    },
    fix: `esa db migrate plan: ${table.relation}.${column.name} to bigint, with every column that references it`,
  }
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
