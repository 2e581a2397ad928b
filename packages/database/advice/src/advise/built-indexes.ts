import {
  type Clock,
  quoteIdentifier,
  quoteRelation,
  postgresError,
  type Queryable,
} from '@esa/database-catalog/sql'
import { type Candidate, createSql, nameOf } from './candidate.ts'

/** A candidate that is built on the copy. */
export interface BuiltCandidate extends Candidate {
  name: string
  /** Its own name, and those of the parts that a partitioned one has. */
  names: ReadonlySet<string>
  /** Quoted, with its schema. */
  qualified: string
  /** What it takes on the target: measured here, times as much as the target has more rows than the copy. */
  sizeBytes: number
  buildMs: number
}

/** An index and, of a partitioned one, those of its partitions: the tree has rows for a partitioned one only. */
const PARTS = `select c.relname as name, pg_relation_size(c.oid)::float8 as bytes from pg_class c
  where c.oid = $1::regclass or c.oid in (select relid from pg_partition_tree($1::regclass))`

/**
 * Builds a candidate on the copy, with what it needs of extensions, and analyses the table when the planner would
 * otherwise know nothing of its expressions. @throws EsaError `database.*` when PostgreSQL refuses it.
 */
export async function buildCandidate(
  session: Queryable,
  candidate: Candidate,
  timeoutMs: number,
  { clock, scale }: { clock: Clock; scale: number },
): Promise<BuiltCandidate> {
  const { table, extension } = candidate
  const name = nameOf(candidate)
  const qualified = quoteRelation(table.schema, name)
  const from = clock.now()
  try {
    await session.query(`select set_config('statement_timeout', $1, false)`, [
      `${Math.max(1, Math.floor(timeoutMs))}ms`,
    ])
    if (extension !== undefined)
      await session.query(`CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(extension)}`)
    await session.query(createSql(candidate, 'plainly'))
    const expressions = candidate.keys.some(({ operand }) => operand.column === undefined)
    if (expressions) await session.query(`ANALYZE ${quoteRelation(table.schema, table.name)}`)
  } catch (error) {
    throw postgresError(error)
  } finally {
    await session.query('RESET statement_timeout')
  }
  const { rows } = await session.query(PARTS, [qualified])
  const bytes = rows.reduce((sum, row) => sum + Number(row['bytes']), 0)
  return {
    ...candidate,
    name,
    names: new Set(rows.map((row) => String(row['name']))),
    qualified,
    sizeBytes: Math.ceil(bytes * scale),
    buildMs: clock.now() - from,
  }
}
