import { getTableConfig, PgTable } from 'drizzle-orm/pg-core'
import type { MigrationFile } from '../src/apply-migrations.ts'
import * as schema from '../src/schema.ts'

const TABLES = Object.values(schema)
  .filter((one) => one instanceof PgTable)
  .map((table) => getTableConfig(table).name)

/** Later than any existing migration. */
const LATER = 9_000_000_000_000

/**
 * What a version after this one may do to the schema while this one is at work, all of it at once: tests ask whether this
 * version's own statements bear it.
 */
export const NEXT_MIGRATIONS: MigrationFile[] = [
  TABLES.flatMap((table) => [
    `ALTER TABLE "esa"."${table}" ADD COLUMN "next_note" text;`,
    `ALTER TABLE "esa"."${table}" ADD COLUMN "next_rank" integer DEFAULT 1 NOT NULL;`,
  ]),
  [
    `CREATE TABLE "esa"."next" ("id" text PRIMARY KEY);`,
    `CREATE INDEX "next_id" ON "esa"."next" USING btree ("id");`,
    `ALTER TABLE "esa"."messages" ADD CONSTRAINT "next_rank_positive" CHECK ("next_rank" > 0) NOT VALID;`,
  ],
  [`CREATE INDEX CONCURRENTLY "messages_next" ON "esa"."messages" USING btree ("next_rank");`],
].map((statements, index) => ({ when: LATER + index, hash: `next ${index}`, statements }))
