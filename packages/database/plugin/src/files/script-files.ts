import { type Queryable, parseScript } from '@esa/database-catalog/sql'
import type { Script } from '@esa/database-sandbox'
import { pendingMigrations } from './drizzle-journal.ts'
import { drizzleMigrations } from './drizzle-project.ts'
import { migrationFiles } from './migration-files.ts'
import { readText } from '@esa/cli/plugin-kit'

/**
 * The scripts of a file of SQL or of a folder of them, in the order of their names; of a folder of Drizzle's by its journal, and
 * only those that the target has not got. Each can be parsed. @throws EsaError `file.*`, `sql.syntax` (terminal).
 */
export async function readScripts(path: string, target: Queryable | null): Promise<Script[]> {
  const drizzle = await drizzleMigrations(path)
  const scripts =
    drizzle === undefined
      ? (await migrationFiles(path)).map(async (file) => ({ file, sql: await readText(file) }))
      : (target === null ? drizzle : await pendingMigrations(target, drizzle)).map(({ tag, sql }) => ({
          file: `${tag}.sql`,
          sql,
        }))
  return Promise.all(
    scripts.map(async (reading) => {
      const script = await reading
      await parseScript(script.sql)
      return script
    }),
  )
}
