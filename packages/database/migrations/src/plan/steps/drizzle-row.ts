import { quoteIdentifier, quoteRelation, type Queryable } from '@esa/database-catalog/sql'

/** The row by which Drizzle's own migrator knows that it has applied a file, and the table that it is kept in. */
export interface DrizzleRow {
  schema: string
  table: string
  /** SHA-256 of the file. */
  hash: string
  /** `when` of the file in Drizzle's journal. */
  when: number
}

/** Writes the row, in the caller's transaction; schema and table are made as Drizzle makes them. */
export async function writeDrizzleRow(
  session: Queryable,
  { schema, table, hash, when }: DrizzleRow,
): Promise<void> {
  const name = quoteRelation(schema, table)
  const { rows } = await session.query('select pg_catalog.to_regclass($1) is not null as there', [name])
  // Source: PgDialect.migrate of drizzle-orm. A role that may not make it need not, where it is there.
  if (rows[0]?.['there'] !== true)
    await session.query(`create schema if not exists ${quoteIdentifier(schema)};
      create table if not exists ${name} (id serial primary key, hash text not null, created_at bigint)`)
  await session.query(
    `insert into ${name} (hash, created_at) select $1, $2::bigint
     where not exists (select from ${name} where hash = $1 and created_at = $2::bigint)`,
    [hash, when],
  )
}

/** Takes the row of a migration that is undone back, in the caller's transaction. */
export async function removeDrizzleRow(
  session: Queryable,
  { schema, table, hash, when }: DrizzleRow,
): Promise<void> {
  const name = quoteRelation(schema, table)
  const { rows } = await session.query('select pg_catalog.to_regclass($1) is not null as there', [name])
  if (rows[0]?.['there'] !== true) return
  await session.query(`delete from ${name} where hash = $1 and created_at = $2::bigint`, [hash, when])
}
