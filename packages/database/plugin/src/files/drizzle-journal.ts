import { inReadOnly, type Queryable } from '@esa/database-catalog/sql'
import { type DrizzleMigration, drizzleTable } from './drizzle-project.ts'

/** Longest that the journal is read, ms: it has a row a migration. */
const JOURNAL_MS = 10_000

/**
 * The migrations that a target has not got yet. Drizzle's own rule: those made after the last one that was applied.
 */
export async function pendingMigrations(
  target: Queryable,
  migrations: readonly DrizzleMigration[],
): Promise<DrizzleMigration[]> {
  const [first] = migrations
  if (first === undefined) return []
  const { schema, table } = await drizzleTable(first.folder)
  return await inReadOnly(target, JOURNAL_MS, async (session) => {
    const { rows: names } = await session.query(`select format('%I.%I', $1::text, $2::text) as name`, [
      schema,
      table,
    ])
    const name = String(names[0]?.['name'])
    const { rows: there } = await session.query('select to_regclass($1) is not null as found', [name])
    if (there[0]?.['found'] !== true) return [...migrations]
    const { rows } = await session.query(`select max(created_at)::float8 as last from ${name}`)
    const last = Number(rows[0]?.['last'] ?? Number.NEGATIVE_INFINITY)
    return migrations.filter(({ when }) => when > last)
  })
}
