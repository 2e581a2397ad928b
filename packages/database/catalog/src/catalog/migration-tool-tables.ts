/** Tables in which migration tools keep what they have applied: no design of the application, and none of ours to change. */
const TOOL_TABLES: ReadonlySet<string> = new Set([
  '__drizzle_migrations',
  '_prisma_migrations',
  'flyway_schema_history',
  'databasechangelog',
  'databasechangeloglock',
  'alembic_version',
  'knex_migrations',
  'knex_migrations_lock',
  'django_migrations',
  'schema_migrations',
  'ar_internal_metadata',
  'sequelizemeta',
  'pgmigrations',
  'goose_db_version',
  '_sqlx_migrations',
  '__efmigrationshistory',
  '__diesel_schema_migrations',
  'mikro_orm_migrations',
  'kysely_migration',
  'kysely_migration_lock',
  'atlas_schema_revisions',
])

/** SQL, true for a relation (an alias of pg_class) that is not a record of a migration tool. */
export function noToolTable(alias: string): string {
  return `lower(${alias}.relname) <> all ('{${[...TOOL_TABLES].join(',')}}')`
}

/** True for the name of a table, without its schema, in which a migration tool keeps its record. */
export function isToolTable(name: string): boolean {
  return TOOL_TABLES.has(name.toLowerCase())
}
