import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type Migration, planMigration, scriptMigration } from '@esa/postgres/apply'
import type { MigrationPlan } from '@esa/postgres/change'
import { EsaError } from '@esa/protocol'
import * as z from 'zod'
import { readText } from './targets.ts'

/** What undoes `NAME.sql` may stand beside it under this name. */
const DOWN = /\.down\.sql$/

const journalSchema = z.object({ entries: z.array(z.object({ idx: z.number(), tag: z.string() })) })

/** As much of a plan as tells it from other JSON; its steps are checked by its digest. */
const planSchema = z.looseObject({
  id: z.string(),
  phases: z.array(z.looseObject({ name: z.string(), steps: z.array(z.looseObject({})) })),
})

/**
 * The migrations of a file of SQL, a plan (`.json`), or a folder of files in the order of their names, or of the journal
 * that Drizzle keeps. @throws EsaError `file.*`, `sql.syntax`, `migration.*` (terminal).
 */
export async function readMigrations(path: string): Promise<Migration[]> {
  const migrations: Migration[] = []
  for (const file of await filesOf(path)) migrations.push(await readMigration(file))
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

async function filesOf(path: string): Promise<string[]> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new EsaError('file.unreadable', 'terminal', `cannot read ${path}`, {
      cause,
      hint: 'check the path and its rights',
    })
  })
  if (!found.isDirectory()) return [path]
  const journal = join(path, 'meta', '_journal.json')
  if (await exists(journal)) return await filesOfJournal(path, journal)
  const names = (await readdir(path)).filter((name) => name.endsWith('.sql') && !DOWN.test(name))
  return names.toSorted().map((name) => join(path, name))
}

async function filesOfJournal(path: string, journal: string): Promise<string[]> {
  const parsed = journalSchema.safeParse(JSON.parse(await readText(journal)))
  if (!parsed.success) {
    throw new EsaError(
      'file.journal',
      'terminal',
      `${journal} is no journal of Drizzle: ${z.prettifyError(parsed.error)}`,
    )
  }
  return parsed.data.entries.toSorted((a, b) => a.idx - b.idx).map(({ tag }) => join(path, `${tag}.sql`))
}

/** A plan that was edited by hand has another digest than its id says, and was reviewed by nobody. */
function parsePlan(text: string, file: string): MigrationPlan {
  const json = safeJson(text)
  const parsed = planSchema.safeParse(json)
  if (!parsed.success) {
    throw new EsaError('usage.plan', 'terminal', `${file} is no plan`, {
      hint: 'make one with: esa db migrate plan FROM TO --json > plan.json',
    })
  }
  return json as MigrationPlan
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
