import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { concurrentIndexOf } from './build-index.ts'

const FOLDER = new URL('../migrations/', import.meta.url)

/** The first one made everything; no worker was alive. */
const LATER = readdirSync(FOLDER).filter((name) => name.endsWith('.sql') && !name.startsWith('0000'))

/** What the runtime before would trip over, and what holds its writers up for as long as a table is large. */
const FORBIDDEN: [RegExp, string][] = [
  [/\bdrop\b/i, 'drops what the version before may use: let one version pass, then drop'],
  [/\brename\b/i, 'renames what the version before uses'],
  // A default is filled in by the database: a writer that names no such column works as before.
  [/\balter column\b(?! "\w+" set default\b)/i, 'changes a column that the version before writes'],
  [/\badd column\b.*\bdefault \w+\(/i, 'rewrites a whole table under a lock: set a default afterwards'],
  [/\badd column (?!.*\bdefault\b).*\bnot null\b/i, 'adds a column that the version before does not fill'],
  [/\badd constraint\b(?!.*\bnot valid\b)/i, 'reads a whole table under a lock'],
]

function faultsOf(sql: string): string[] {
  const made = new Set([...sql.matchAll(/create table "esa"\."(\w+)"/gi)].map(([, name]) => name))
  const statements = sql.split('--> statement-breakpoint')
  const concurrent = concurrentIndexOf(statements) !== null
  if (!concurrent && statements.some((statement) => /\bconcurrently\b/i.test(statement)))
    return ['builds an index CONCURRENTLY beside something else: that takes a migration of its own']
  return statements.flatMap((statement) => {
    const table = /create (?:unique )?index .* on "esa"\."(\w+)"/i.exec(statement)?.[1]
    const index =
      table === undefined || made.has(table) || concurrent
        ? []
        : ['builds an index while every writer of its table waits: let it be CONCURRENTLY']
    return [...index, ...FORBIDDEN.filter(([found]) => found.test(statement)).map(([, why]) => why)]
  })
}

describe('a migration', () => {
  it.each(LATER)('%s leaves the runtime of the version before working', (name) => {
    expect(faultsOf(readFileSync(new URL(name, FOLDER), 'utf8'))).toEqual([])
  })

  it.each([
    'ALTER TABLE "esa"."actors" DROP COLUMN "key";',
    'DROP INDEX "esa"."actors_due";',
    'ALTER TABLE "esa"."actors" RENAME COLUMN "key" TO "name";',
    'ALTER TABLE "esa"."actors" ALTER COLUMN "seq" SET DATA TYPE bigint;',
    'ALTER TABLE "esa"."actors" ADD COLUMN "more" text NOT NULL;',
    'ALTER TABLE "esa"."actors" ADD COLUMN "more" uuid DEFAULT gen_random_uuid();',
    'ALTER TABLE "esa"."actors" ADD CONSTRAINT "c" CHECK (seq > 0);',
    'CREATE UNIQUE INDEX "i" ON "esa"."events" USING btree ("type");',
    'CREATE INDEX CONCURRENTLY "i" ON "esa"."events" ("at");--> statement-breakpoint\nCREATE TABLE "esa"."t" ();',
    'CREATE INDEX CONCURRENTLY IF NOT EXISTS "i" ON "esa"."events" ("at");',
    'DROP INDEX CONCURRENTLY "esa"."actors_due";',
  ])('like %s would be refused', (sql) => expect(faultsOf(sql)).toHaveLength(1))

  it.each([
    'ALTER TABLE "esa"."actors" ADD COLUMN "more" text;',
    'ALTER TABLE "esa"."actors" ALTER COLUMN "more" SET DEFAULT gen_random_uuid();',
    'ALTER TABLE "esa"."actors" ADD COLUMN "more" text DEFAULT \'\' NOT NULL;',
    'CREATE INDEX CONCURRENTLY "i" ON "esa"."events" USING btree ("at");',
    'CREATE UNIQUE INDEX CONCURRENTLY "i" ON "esa"."messages" USING btree ("id") WHERE "done_at" is null;',
    'CREATE TABLE "esa"."t" ("a" text);--> statement-breakpoint\nCREATE INDEX "i" ON "esa"."t" USING btree ("a");',
  ])('like %s would be taken', (sql) => expect(faultsOf(sql)).toEqual([]))
})
