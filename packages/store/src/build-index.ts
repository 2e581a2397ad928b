import type { Pool } from 'pg'

/** An index that is built while writers go on. */
export interface ConcurrentIndex {
  name: string
  statement: string
}

/**
 * The index that a migration builds CONCURRENTLY, or null. Such a migration is this one statement: PostgreSQL takes it
 * only outside of a transaction, so nothing beside it could be undone with it.
 */
export function concurrentIndexOf(statements: readonly string[]): ConcurrentIndex | null {
  const [statement = ''] = statements
  const name = /^\s*create\s+(?:unique\s+)?index\s+concurrently\s+"(\w+)"\s+on\s+"esa"\./i.exec(
    statement,
  )?.[1]
  return statements.length === 1 && name !== undefined ? { name, statement } : null
}

/**
 * Builds an index of schema `esa` on a connection of its own. A build that was broken off leaves an INVALID index, which
 * costs every write and answers no query: it goes first. One that was finished is left alone.
 */
export async function buildIndex(pool: Pool, { name, statement }: ConcurrentIndex): Promise<void> {
  const { rows } = await pool.query<{ valid: boolean }>(
    'select indisvalid as valid from pg_index where indexrelid = to_regclass($1)',
    [`esa."${name}"`],
  )
  if (rows[0]?.valid === true) return
  if (rows[0]?.valid === false) await pool.query(`drop index concurrently esa."${name}"`)
  await pool.query(statement)
}
