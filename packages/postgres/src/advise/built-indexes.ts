import type { Clock } from '../clock.ts'
import { quoteIdentifier, quoteRelation } from '../identifiers.ts'
import { postgresError } from '../postgres-error.ts'
import type { Queryable } from '../queryable.ts'
import { type Candidate, createSql, nameOf } from './candidate.ts'

/** A candidate that stands on the copy. */
export interface BuiltCandidate extends Candidate {
  name: string
  /** Quoted, with its schema. */
  qualified: string
  sizeBytes: number
  buildMs: number
}

/**
 * Builds a candidate on the copy, with what it needs of extensions, and analyses the table when the planner would
 * otherwise know nothing of its expressions. @throws EsaError `database.*` when PostgreSQL refuses it.
 */
export async function buildCandidate(
  session: Queryable,
  candidate: Candidate,
  timeoutMs: number,
  clock: Clock,
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
  const { rows } = await session.query(
    // The tree has rows for a partitioned index only, whose own size is 0.
    `select (pg_relation_size($1::regclass) + coalesce((select sum(pg_relation_size(relid))
      from pg_partition_tree($1::regclass) where relid <> $1::regclass), 0))::float8 as bytes`,
    [qualified],
  )
  return { ...candidate, name, qualified, sizeBytes: Number(rows[0]?.['bytes']), buildMs: clock.now() - from }
}
