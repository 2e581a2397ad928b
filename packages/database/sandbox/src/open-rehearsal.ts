import {
  type Finding,
  onOneSession,
  type Queryable,
  type ParsedStatement,
  madeExtension,
} from '@esa/database-catalog/sql'
import { buildFromCatalogs } from './build-from-catalogs.ts'
import type { CopiedRows, CopiedTable, RowCopy } from './rows/copy-rows.ts'
import { applySettings, UTC } from './schema/database-settings.ts'
import type { OpenDatabase, RehearsalGround } from './ground/ground.ts'
import { madeRoles, namedRoles } from './ground/named-roles.ts'
import { asOwner, REHEARSAL_PREFIX } from './ground/ownership.ts'
import { parseSchema, runScript, untriedFindings } from './run-script.ts'
import { Sandbox } from './ground/sandbox.ts'
import { type OwnLimits, watchLimits } from './sandbox-limits.ts'
import { makeTester, TESTER_PREFIX } from './ground/sandbox-roles.ts'

/** The schema before: scripts, or the catalogs of a database that is only read. */
export type SchemaSource = { sql: string | string[] } | { from: Queryable; schemas?: string[] }

/** What a rehearsal database is made of. */
export interface RehearsalOptions {
  ground: RehearsalGround
  /** What it is for, in its name: letters, digits and underscores. */
  id: string
  /** Null: an empty database. */
  schema: SchemaSource | null
  /** It is one of several of the same work, which together count as one of those that run at a time. */
  beside?: Rehearsal
  /** Rows of the database whose catalogs are the schema, from the same moment. */
  rows?: RowCopy
  /** What is tried meets every row, whatever policies say: a superuser's run could lose them all. */
  seesAllRows?: boolean
  /** Smaller limits than the usual ones; for tests. */
  limits?: OwnLimits
}

/** A private database in which anything may be tried. */
export interface Rehearsal extends OpenDatabase {
  name: string
  /** What of the original could not be carried over, and what that means for a verdict. */
  missing: Finding[]
  /** What it has of each table, when rows were copied. */
  tables: CopiedTable[]
  /** Makes the roles that statements make and, where no target says which roles there are, those that they name. */
  admitRoles(statements: readonly ParsedStatement[]): Promise<void>
  /** Another pool on it, for work that needs sessions of its own. */
  open(max?: number): Promise<OpenDatabase>
}

/** Characters that keep two rehearsals for the same thing apart. */
const SUFFIX_CHARS = 8

/**
 * Makes a rehearsal database, lets `work` use it, and drops it, however that ends; one that a killed process left is dropped
 * by the next call. Everything in it is done by a role that owns it and has no other right. The source is read in a read-only
 * transaction and never written to.
 * @throws what `work` throws, EsaError `sql.syntax`, `sql.schema-failed`, `database.version`, `rehearsal.disk`, `rehearsal.time`
 *   (terminal), `rehearsal.busy` (transient), `database.*`.
 */
export async function withRehearsal<T>(
  { ground, id, schema, rows, beside, seesAllRows = false, limits = {} }: RehearsalOptions,
  work: (rehearsal: Rehearsal) => Promise<T>,
): Promise<T> {
  const suffix = crypto.randomUUID().slice(0, SUFFIX_CHARS)
  const name = `${REHEARSAL_PREFIX}${id}_${suffix}`
  const ownership = { suffix, beside: beside !== undefined, waitMs: limits.placeWaitMs }
  return asOwner(ground, ownership, async (admin) => {
    const tester = await makeTester(admin, TESTER_PREFIX + suffix, seesAllRows)
    const sandbox = new Sandbox(ground, admin, name, tester)
    const watch = watchLimits(ground, { database: name, role: tester.role, rows, own: limits })
    const worked = Promise.race([watch.exceeded, onSandbox(sandbox, schema, watch.rows, work)])
    await worked.catch(() => undefined)
    await watch.stop()
    return worked
  })
}

async function onSandbox<T>(
  sandbox: Sandbox,
  schema: SchemaSource | null,
  rows: RowCopy | undefined,
  work: (rehearsal: Rehearsal) => Promise<T>,
): Promise<T> {
  const built = await build(sandbox, schema, rows)
  const opened = await sandbox.open()
  const rolesAreKnown = schema !== null && 'from' in schema
  const rehearsal: Rehearsal = {
    ...opened,
    ...built,
    name: sandbox.name,
    admitRoles: (statements) => sandbox.admit(rolesAreKnown ? madeRoles(statements) : namedRoles(statements)),
    open: (max) => sandbox.open(max),
  }
  try {
    return await work(rehearsal)
  } finally {
    await opened.close()
  }
}

async function build(
  sandbox: Sandbox,
  schema: SchemaSource | null,
  rows: RowCopy | undefined,
): Promise<CopiedRows> {
  if (schema !== null && 'from' in schema) return buildFromCatalogs(sandbox, schema, rows)
  const sources = schema === null ? [] : [schema.sql].flat()
  const scripts = await Promise.all(sources.map(parseSchema))
  const extensions = scripts.flat().flatMap(({ node }) => madeExtension(node) ?? [])
  await sandbox.create(undefined, extensions)
  await applySettings(sandbox.admin, sandbox.name, UTC)
  const missing: Finding[] = []
  for (const statements of scripts) {
    await sandbox.admit(namedRoles(statements))
    // A session of its own: what a script sets for itself, like pg_dump's empty search_path, ends with it.
    const untried = await sandbox.inside((pool) =>
      // One session, also after a statement that fails.
      onOneSession(pool, (session) => runScript(session, statements, sandbox.furnished)),
    )
    missing.push(...untriedFindings(untried))
  }
  return { missing, tables: [] }
}
