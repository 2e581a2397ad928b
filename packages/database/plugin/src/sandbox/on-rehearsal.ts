import type { Queryable } from '@esa/database-catalog/sql'
import { type Rehearsal, type RowCopy, type SchemaSource, withRehearsal } from '@esa/database-sandbox'
import { EsaError } from '@esa/protocol'
import type { Config } from '../config.ts'
import { copyConsent, type CopyFlag, type CopyMode } from '../targets/copy-consent.ts'
import { Progress, readText } from '@esa/cli/plugin-kit'
import { drizzleMigrations } from '../files/drizzle-project.ts'
import { migrationFiles } from '../files/migration-files.ts'
import { onTarget } from '../targets/on-target.ts'
import { rehearsalGround } from './rehearsal-ground.ts'
import { resolveTarget } from '../targets/targets.ts'

/** Most that a sample takes: enough rows for plans to be those of the target, and minutes of copying at most. */
const SAMPLE_BYTES_MAX = 512 * 1024 * 1024
const SAMPLE_MS_MAX = 2 * 60_000
/** A full copy is bounded by patience and by the disk of this machine. */
const FULL_BYTES_MAX = 20 * 1024 * 1024 * 1024
const FULL_MS_MAX = 60 * 60_000

/** What a rehearsal starts from. */
export interface RehearsalFlags {
  target?: string
  /** What makes the schema, where there is no target: a script, or a folder of migrations. */
  schema?: string
  copyRows?: CopyFlag
}

/** What a rehearsal is for. */
export interface RehearsalPurpose {
  /** A word in the name of its database. */
  id: string
  /** How many rows it needs when the flag does not say; null: none, unless the flag asks for some. */
  rows: CopyMode | null
  /** What is tried meets every row, whatever policies say. */
  seesAllRows?: boolean
}

/**
 * Lets `work` use a rehearsal of a target, of a schema file, or an empty one; the target stays open beside it, and null means none.
 * @throws EsaError `usage.rehearsal` or `confirm.copy-rows` (terminal), `target.*`, `file.*`, `rehearsal.*`, `database.*`.
 */
export async function onRehearsal<T>(
  config: Config,
  environment: NodeJS.ProcessEnv,
  flags: RehearsalFlags,
  purpose: RehearsalPurpose,
  work: (rehearsal: Rehearsal, target: Queryable | null) => Promise<T>,
): Promise<T> {
  const { target: name, schema: file, copyRows } = flags
  if (name !== undefined && file !== undefined) throw usage('give --target or --schema, not both')
  if (name === undefined) {
    if (copyRows !== undefined) throw usage('--copy-rows needs a --target to copy from')
    const schema = file === undefined ? null : { sql: await schemaFiles(file) }
    return rehearse(config, purpose, schema, undefined, (rehearsal) => work(rehearsal, null))
  }
  const mode = await copyMode(config, environment, name, copyRows, purpose.rows)
  return onTarget(
    config,
    environment,
    name,
    ({ queryable }) =>
      rehearse(config, purpose, { from: queryable }, mode, (rehearsal) => work(rehearsal, queryable)),
    { heavy: mode === null ? undefined : 'rows are copied' },
  )
}

/** A schema as a script, which may be a dump, or as the migrations that led to it. */
async function schemaFiles(path: string): Promise<string[]> {
  const drizzle = await drizzleMigrations(path)
  if (drizzle !== undefined) return drizzle.map(({ sql }) => sql)
  const { readScript, schemaOf } = await import('@esa/database-migrations/lint')
  const files = await migrationFiles(path)
  return Promise.all(
    files.map(async (file) => schemaOf(await readScript(file, Buffer.from(await readText(file))))),
  )
}

/** Null: no rows at all. */
async function copyMode(
  config: Config,
  environment: NodeJS.ProcessEnv,
  name: string,
  flag: CopyFlag,
  wanted: CopyMode | null,
): Promise<CopyMode | null> {
  if (flag === undefined && wanted === null) return null
  const { url } = await resolveTarget(config, name, environment)
  return copyConsent(url, flag, wanted ?? 'sample')
}

async function rehearse<T>(
  config: Config,
  { id, seesAllRows = false }: RehearsalPurpose,
  schema: SchemaSource | null,
  mode: CopyMode | null | undefined,
  work: (rehearsal: Rehearsal) => Promise<T>,
): Promise<T> {
  const ground = await rehearsalGround(config, schema !== null && 'from' in schema ? schema.from : null)
  if (mode === null || mode === undefined) return withRehearsal({ ground, id, schema, seesAllRows }, work)
  const { rows, done } = showing(mode)
  try {
    return await withRehearsal({ ground, id, schema, rows, seesAllRows }, (rehearsal) => {
      done()
      return work(rehearsal)
    })
  } finally {
    done()
  }
}

/** The copy of a mode, with a bar on a terminal. */
function showing(mode: CopyMode): { rows: RowCopy; done: () => void } {
  const limits =
    mode === 'sample'
      ? { maxBytes: SAMPLE_BYTES_MAX, maxMs: SAMPLE_MS_MAX }
      : { maxBytes: FULL_BYTES_MAX, maxMs: FULL_MS_MAX }
  let bar: ReturnType<Progress['bar']> | undefined
  const onProgress: RowCopy['onProgress'] = ({ bytes, totalBytes }) => {
    bar ??= new Progress().bar('copying rows', totalBytes)
    bar.update(Math.min(bytes, totalBytes))
  }
  return { rows: { mode, ...limits, onProgress }, done: () => bar?.stop() }
}

function usage(message: string): EsaError {
  return new EsaError('usage.rehearsal', 'terminal', message)
}
