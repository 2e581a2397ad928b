import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Queryable } from '@esa/database-catalog/sql'
import type { DrizzleMigration } from './drizzle-project.ts'

/** A file to lint, and what Drizzle's journal says of it where that has it. */
export interface LintFile {
  path: string
  drizzle: DrizzleMigration | null
}

/** Files and folders as files: a folder of Drizzle's in the order of its journal, any other by name. @throws EsaError `file.*` (terminal). */
export async function filesToLint(paths: readonly string[]): Promise<LintFile[]> {
  const files: LintFile[] = []
  for (const path of paths) files.push(...(await filesAt(path)))
  return files
}

async function filesAt(path: string): Promise<LintFile[]> {
  const folder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (!folder) return [{ path, drizzle: null }]
  const [{ drizzleMigrations }, { migrationFiles }] = await Promise.all([
    import('./drizzle-project.ts'),
    import('./migration-files.ts'),
  ])
  const migrations = await drizzleMigrations(path)
  if (migrations === undefined)
    return (await migrationFiles(path)).map((file) => ({ path: file, drizzle: null }))
  return migrations.map((drizzle) => ({ path: join(path, `${drizzle.tag}.sql`), drizzle }))
}

/** Paths of the files that a target has applied already, by Drizzle's own record. */
export async function appliedFiles(
  target: Queryable,
  files: readonly LintFile[],
): Promise<ReadonlySet<string>> {
  const kept = files.flatMap(({ path, drizzle }) => (drizzle === null ? [] : [{ path, drizzle }]))
  if (kept.length === 0) return new Set()
  const { pendingMigrations } = await import('./drizzle-journal.ts')
  const pending = new Set(
    await pendingMigrations(
      target,
      kept.map(({ drizzle }) => drizzle),
    ),
  )
  return new Set(kept.filter(({ drizzle }) => !pending.has(drizzle)).map(({ path }) => path))
}
