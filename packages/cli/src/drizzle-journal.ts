import type { Queryable } from '@esa/postgres'
import type { DrizzleMigration } from './drizzle-project.ts'

/** Where drizzle-kit's migrator keeps what it applied, unless its config says otherwise. */
const TABLE = 'drizzle.__drizzle_migrations'

/**
 * The migrations that a target has not got yet. Drizzle's own rule: those made after the last one that was applied.
 */
export async function pendingMigrations(
  target: Queryable,
  migrations: readonly DrizzleMigration[],
): Promise<DrizzleMigration[]> {
  const { rows: there } = await target.query(`select to_regclass('${TABLE}') is not null as found`)
  if (there[0]?.['found'] !== true) return [...migrations]
  const { rows } = await target.query(`select max(created_at)::float8 as last from ${TABLE}`)
  const last = Number(rows[0]?.['last'] ?? Number.NEGATIVE_INFINITY)
  return migrations.filter(({ when }) => when > last)
}
