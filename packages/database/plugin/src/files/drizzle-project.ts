import { glob, stat } from 'node:fs/promises'
import { registerHooks } from 'node:module'
import { dirname, extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { EsaError } from '@esa/protocol'
import * as z from 'zod'
import { readText } from '@esa/cli/plugin-kit'

const journalSchema = z.object({
  entries: z.array(z.object({ idx: z.number(), when: z.number(), tag: z.string() })),
})

/** As much of drizzle.config as says where the schema is. */
const configSchema = z.object({
  dialect: z.string(),
  schema: z.union([z.string(), z.array(z.string())]).optional(),
  casing: z.enum(['snake_case', 'camelCase']).optional(),
  out: z.string().optional(),
  migrations: z.object({ schema: z.string().optional(), table: z.string().optional() }).optional(),
})

/** Where Drizzle's migrator keeps what it applied. */
export interface DrizzleTable {
  schema: string
  table: string
}

/** A migration of a Drizzle project; `when` is what drizzle.__drizzle_migrations keeps of an applied one. */
export interface DrizzleMigration {
  tag: string
  when: number
  sql: string
  /** The folder that it is in. */
  folder: string
}

/** What a Drizzle schema cannot express: its absence there does not mean that it must go. */
export const DRIZZLE_SILENT_ABOUT = ['function', 'trigger', 'domain', 'composite type', 'statistics'] as const

/** True for drizzle.config.* and for a module that holds a schema. */
export function isDrizzleModule(path: string): boolean {
  return /\.[cm]?[jt]s$/.test(path)
}

/** The migrations of a folder with Drizzle's journal, in its order; undefined for any other path. */
export async function drizzleMigrations(path: string): Promise<DrizzleMigration[] | undefined> {
  const journal = join(path, 'meta', '_journal.json')
  if (!(await exists(journal))) return undefined
  const parsed = journalSchema.safeParse(safeJson(await readText(journal)))
  if (!parsed.success) {
    throw new EsaError(
      'file.journal',
      'terminal',
      `${journal} is not a journal of Drizzle: ${z.prettifyError(parsed.error)}`,
      {
        hint: 'restore it from version control, or regenerate it with: drizzle-kit generate',
      },
    )
  }
  const migrations: DrizzleMigration[] = []
  for (const { tag, when } of parsed.data.entries.toSorted((a, b) => a.idx - b.idx))
    migrations.push({ tag, when, sql: await readText(join(path, `${tag}.sql`)), folder: path })
  return migrations
}

/**
 * The statements that make the schema of a Drizzle project on an empty database, by drizzle-kit's own generator; `path` is
 * its drizzle.config.* or a schema module. Loading runs the project's code. @throws EsaError `drizzle.*`, `file.*` (terminal).
 */
export async function drizzleSchema(path: string): Promise<string> {
  const { config, modules } = await drizzleModules(path)
  const exported: Record<string, unknown> = {}
  for (const [n, one] of modules.entries())
    for (const [name, value] of Object.entries(one.exported)) exported[`${n}.${name}`] = value
  const { generateDrizzleJson, generateMigration } = await import('drizzle-kit/api')
  const wanted = generateDrizzleJson(exported, undefined, undefined, config?.casing)
  // From nothing to everything there is no rename to guess, so there is no prompt.
  const statements = await generateMigration(generateDrizzleJson({}), wanted)
  if (statements.length > 0) return statements.join('\n')
  throw new EsaError('drizzle.empty', 'terminal', `${path} exports no table`, {
    hint: 'give the drizzle.config.ts, or the module that exports the tables',
  })
}

/** A module of a Drizzle schema, and what it exports. */
export interface DrizzleModule {
  file: string
  exported: Record<string, unknown>
}

/** The modules of a Drizzle schema. Loading runs the project's code. @throws EsaError `drizzle.*`, `file.*` (terminal). */
export async function drizzleModules(
  path: string,
): Promise<{ config: z.infer<typeof configSchema> | undefined; modules: DrizzleModule[] }> {
  const file = resolve(path)
  const config = /drizzle\.config\.[cm]?[jt]s$/.test(file) ? await readConfig(file) : undefined
  const files = config === undefined ? [file] : await schemaFiles(dirname(file), config.schema)
  const modules: DrizzleModule[] = []
  for (const one of files) modules.push({ file: one, exported: await load(one) })
  return { config, modules }
}

async function readConfig(file: string): Promise<z.infer<typeof configSchema>> {
  const { default: exported } = await load(file)
  const parsed = configSchema.safeParse(exported)
  if (!parsed.success)
    throw new EsaError('drizzle.config', 'terminal', `${file}: ${z.prettifyError(parsed.error)}`)
  if (parsed.data.dialect === 'postgresql') return parsed.data
  throw new EsaError(
    'drizzle.dialect',
    'terminal',
    `${file} is for ${parsed.data.dialect}, not for postgresql`,
  )
}

/** Where the migrations folder of a config is, unless it says otherwise. */
const OUT = './drizzle'

/** Folders above the migrations in which their config is looked for: `src/db/migrations` of a project has three. */
const ABOVE_MAX = 4

/** The table in which a folder's migrations are recorded: that of its drizzle.config.*, else Drizzle's own default. */
export async function drizzleTable(folder: string): Promise<DrizzleTable> {
  const migrations = resolve(folder)
  for (let [above, n] = [dirname(migrations), 0]; n < ABOVE_MAX; [above, n] = [dirname(above), n + 1])
    for await (const found of glob('drizzle.config.{ts,mts,cts,js,mjs,cjs}', { cwd: above })) {
      const config = await readConfig(join(above, found))
      if (resolve(above, config.out ?? OUT) !== migrations) continue
      const { schema = 'drizzle', table = '__drizzle_migrations' } = config.migrations ?? {}
      return { schema, table }
    }
  return { schema: 'drizzle', table: '__drizzle_migrations' }
}

/** Paths and patterns of the config are relative to the project's folder. */
async function schemaFiles(root: string, schema: string | string[] | undefined): Promise<string[]> {
  const files = new Set<string>()
  for (const pattern of [schema ?? []].flat()) {
    const path = resolve(root, pattern)
    if (await exists(path)) {
      if ((await stat(path)).isDirectory())
        for await (const found of glob('**/*.{ts,mts,js,mjs}', { cwd: path })) files.add(join(path, found))
      else files.add(path)
    } else for await (const found of glob(pattern, { cwd: root })) files.add(resolve(root, found))
  }
  if (files.size > 0) return [...files].toSorted()
  throw new EsaError(
    'drizzle.schema',
    'terminal',
    `the schema of ${join(root, 'drizzle.config')} is nowhere: ${String(schema)}`,
  )
}

/** Projects that are bundled leave endings out of their imports; Node does not. */
const ENDINGS = ['.ts', '.mts', '.js', '.mjs', '/index.ts', '/index.js']

async function load(file: string): Promise<Record<string, unknown>> {
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (!/^\.{1,2}\//.test(specifier)) return next(specifier, context)
      const written =
        extname(specifier) === '.js' ? [specifier, specifier.replace(/\.js$/, '.ts')] : [specifier]
      for (const candidate of [...written, ...ENDINGS.map((ending) => specifier + ending)]) {
        try {
          return next(candidate, context)
        } catch {
          // The next ending may be the one.
        }
      }
      return next(specifier, context)
    },
  })
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new EsaError('drizzle.load', 'terminal', `cannot load ${file}: ${message}`, {
      cause,
      hint: 'install the project’s dependencies; a schema that Node cannot load can be given as its migrations folder',
    })
  } finally {
    hooks.deregister()
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
