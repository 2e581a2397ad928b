import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import {
  drizzleMigration,
  type Migration,
  planMigration,
  scriptMigration,
  type MigrationPlan,
  sealPlan,
} from '@esa/database-migrations/plan'
import type { Queryable } from '@esa/database-catalog/sql'
import { EsaError } from '@esa/protocol'
import * as z from 'zod'
import { pendingMigrations } from './drizzle-journal.ts'
import { drizzleMigrations, drizzleTable } from './drizzle-project.ts'
import { readText } from '@esa/cli/plugin-kit'

/** What undoes `NAME.sql` may stand beside it under this name. */
const DOWN = /\.down\.sql$/

/** What `esa db migrate plan --write` calls the plan itself. */
const PLAN = 'plan.json'

/** As much of a plan as tells it from other JSON; its steps are checked by its digest. */
const planSchema = z.looseObject({
  id: z.string(),
  phases: z.array(z.looseObject({ name: z.string(), steps: z.array(z.looseObject({})) })),
})

/**
 * The migrations of a file of SQL, a plan (`.json`), or a folder of files in the order of their names; of a folder of
 * Drizzle's those that the target has not got by Drizzle's own record. @throws EsaError `file.*`, `sql.syntax`, `migration.*` (terminal).
 */
export async function readMigrations(path: string, target: Queryable | null = null): Promise<Migration[]> {
  const drizzle = await drizzleMigrations(path)
  if (drizzle !== undefined) {
    const table = await drizzleTable(path)
    const pending = target === null ? drizzle : await pendingMigrations(target, drizzle)
    return await Promise.all(
      pending.map(({ tag, sql, when }) => drizzleMigration(`${tag}.sql`, sql, { ...table, when })),
    )
  }
  const migrations: Migration[] = []
  for (const file of await migrationFiles(path)) migrations.push(await readMigration(file))
  if (migrations.length > 0) return migrations
  throw new EsaError('file.no-migrations', 'terminal', `${path} holds no .sql file`)
}

async function readMigration(file: string): Promise<Migration> {
  const text = await readText(file)
  if (file.endsWith('.json')) return await planMigration(parsePlan(text, file))
  return await scriptMigration(basename(file), text, await downOf(file))
}

async function downOf(file: string): Promise<string | null> {
  const down = file.replace(/\.sql$/, '.down.sql')
  return down !== file && (await exists(down)) ? await readText(down) : null
}

/**
 * The file itself; of a folder that a plan was written to, the plan; else its .sql files by name, those that undo left out.
 * @throws EsaError `file.unreadable` (terminal).
 */
export async function migrationFiles(path: string): Promise<string[]> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new EsaError('file.unreadable', 'terminal', `cannot read ${path}`, {
      cause,
      hint: 'check the path and its rights',
    })
  })
  if (!found.isDirectory()) return [path]
  const all = await readdir(path)
  // Its scripts are there to be read: a backfill goes by the plan alone.
  if (all.includes(PLAN)) return [join(path, PLAN)]
  const names = all.filter((name) => name.endsWith('.sql') && !DOWN.test(name))
  return names.toSorted().map((name) => join(path, name))
}

/** A plan that was edited by hand has another digest than its id says: it was never reviewed. */
function parsePlan(text: string, file: string): MigrationPlan {
  const json = safeJson(text)
  const parsed = planSchema.safeParse(json)
  if (!parsed.success) {
    throw new EsaError('usage.plan', 'terminal', `${file} is not a plan`, {
      hint: 'make one with: esa db migrate plan FROM TO --write DIR',
    })
  }
  const { id, changes, phases, unplanned, notes } = json as MigrationPlan
  const plan = sealPlan({ changes, phases, unplanned, notes })
  if (plan.id === id) return plan
  throw new EsaError('usage.plan', 'terminal', `${file} was changed after it was made`, {
    hint: 'change the target schema or the hints, and plan again',
  })
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}
