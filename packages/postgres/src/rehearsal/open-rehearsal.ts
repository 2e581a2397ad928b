import type { Finding } from '../finding.ts'
import type { Queryable } from '../queryable.ts'
import { buildFromCatalogs, type BuildingSite } from './build-from-catalogs.ts'
import type { CopiedRows, CopiedTable, RowCopy } from './copy-rows.ts'
import type { ParsedStatement } from '../sql/parse-script.ts'
import { applySettings, UTC } from './database-settings.ts'
import { type OpenDatabase, onDatabase, type RehearsalGround } from './ground.ts'
import { madeRoles, makeRoles, namedRoles } from './named-roles.ts'
import { asOwner, REHEARSAL_PREFIX } from './ownership.ts'
import { parseSchema, runScript } from './run-script.ts'

/** The schema before: scripts, or the catalogs of a database that is only read. */
export type SchemaSource = { sql: string | string[] } | { from: Queryable; schemas?: string[] }

/** What a rehearsal database is made of. */
export interface RehearsalOptions {
  ground: RehearsalGround
  /** What it is for, in its name: letters, digits and underscores. */
  id: string
  /** Null: an empty database. */
  schema: SchemaSource | null
  /** Rows of the database whose catalogs are the schema, from the same moment. */
  rows?: RowCopy
}

/** A private database in which anything may be tried. */
export interface Rehearsal extends OpenDatabase {
  name: string
  /** What of the original could not be carried over, and what that means for a verdict. */
  missing: Finding[]
  /** What it has of each table, when rows were copied. */
  tables: CopiedTable[]
  /**
   * Makes the roles that statements make and, where no target says which roles there are, those that they name: only on a
   * server of our own, where roles come and go with rehearsals.
   */
  admitRoles(statements: readonly ParsedStatement[]): Promise<void>
  /** Another pool on it, for work that needs sessions of its own. */
  open(max?: number): Promise<OpenDatabase>
}

/** Characters that keep two rehearsals for the same thing apart. */
const SUFFIX_CHARS = 8

/**
 * Makes a rehearsal database, lets `work` use it, and drops it, however that ends; one that a killed process left is dropped
 * by the next call. The source is read in a read-only transaction and never written to.
 * @throws what `work` throws, EsaError `sql.syntax`, `sql.schema-failed`, `database.version` (terminal), `database.*`.
 */
export async function withRehearsal<T>(
  { ground, id, schema, rows }: RehearsalOptions,
  work: (rehearsal: Rehearsal) => Promise<T>,
): Promise<T> {
  const name = `${REHEARSAL_PREFIX}${id}_${crypto.randomUUID().slice(0, SUFFIX_CHARS)}`
  return asOwner(ground, name, async (owner) => {
    const built = await build({ ground, owner, name }, schema, rows)
    const opened = await ground.open(name)
    const rolesAreKnown = schema !== null && 'from' in schema
    const rehearsal: Rehearsal = {
      ...opened,
      ...built,
      name,
      admitRoles: async (statements) => {
        if (ground.ownServer !== true) return
        await makeRoles(opened.queryable, rolesAreKnown ? madeRoles(statements) : namedRoles(statements))
      },
      open: (max) => ground.open(name, max),
    }
    try {
      return await work(rehearsal)
    } finally {
      await opened.close()
    }
  })
}

async function build(
  site: BuildingSite,
  schema: SchemaSource | null,
  rows: RowCopy | undefined,
): Promise<CopiedRows> {
  if (schema !== null && 'from' in schema) return buildFromCatalogs(site, schema, rows)
  const { ground, owner, name } = site
  await ground.createDatabase(name)
  await applySettings(owner, name, UTC)
  const scripts = schema === null ? [] : [schema.sql].flat()
  for (const script of scripts) {
    const statements = await parseSchema(script)
    // A session of its own: what a script sets for itself, like pg_dump's empty search_path, ends with it.
    await onDatabase(ground, name, async (session) => {
      if (ground.ownServer === true) await makeRoles(session, namedRoles(statements))
      await runScript(session, statements)
    })
  }
  return { missing: [], tables: [] }
}
