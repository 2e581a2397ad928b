import { EsaError } from '@esa/protocol'
import type { Queryable } from '@esa/database-catalog/sql'

/** Tables in which other tools keep what they applied. */
const TABLES: Record<string, string> = {
  _prisma_migrations: 'prisma',
  flyway_schema_history: 'flyway',
  databasechangelog: 'liquibase',
  alembic_version: 'alembic',
  knex_migrations: 'knex',
  django_migrations: 'django',
}

/**
 * Refuses a target on which another tool keeps the record: that tool would apply again what was applied here, or take the
 * schema for drifted. `beside`: tools whose record is a leftover. @throws EsaError `migration.other-ledger` (terminal).
 */
export async function requireNoOtherLedger(session: Queryable, beside: string[]): Promise<void> {
  const { rows } = await session.query(
    `select n.nspname as schema, c.relname as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and lower(c.relname) = any($1::text[]) and n.nspname !~ '^pg_' order by 1, 2`,
    [Object.keys(TABLES)],
  )
  for (const { schema, name } of rows) {
    const tool = TABLES[String(name).toLowerCase()]!
    if (beside.includes(tool)) continue
    throw new EsaError(
      'migration.other-ledger',
      'terminal',
      `${tool} keeps the record of migrations here, in ${String(schema)}.${String(name)}`,
      {
        details: { tool, table: `${String(schema)}.${String(name)}` },
        hint: `apply with ${tool}; lint, verify and plan work as they do. If its record is a leftover: --beside-ledger ${tool}`,
      },
    )
  }
}
