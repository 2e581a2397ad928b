import type { Finding } from '../finding.ts'
import type { OpenDatabase, RehearsalGround } from './ground.ts'

/** Marks the databases that are ours to drop. */
const REHEARSAL_PREFIX = 'esa_rehearsal_'

/** What a rehearsal database is made of. */
export interface RehearsalOptions {
  ground: RehearsalGround
  /** A name of its own among all processes that use the ground: letters, digits and underscores. */
  id: string
  /** The schema before, as a script. */
  schema: { sql: string } | null
}

/** A private database in which anything may be tried. */
export interface Rehearsal extends OpenDatabase {
  name: string
  /** What of the original could not be carried over, and what that means for a verdict. */
  missing: Finding[]
  /** Another pool on it, for work that needs sessions of its own. */
  open(max?: number): Promise<OpenDatabase>
}

/** Makes a rehearsal database, lets `work` use it, and drops it, however that ends. @throws what `work` throws, EsaError `database.*`. */
export async function withRehearsal<T>(
  { ground, id, schema }: RehearsalOptions,
  work: (rehearsal: Rehearsal) => Promise<T>,
): Promise<T> {
  const name = `${REHEARSAL_PREFIX}${id}`
  await ground.createDatabase(name)
  try {
    const opened = await ground.open(name)
    try {
      if (schema !== null) await opened.queryable.query(schema.sql)
      return await work({ ...opened, name, missing: [], open: (max) => ground.open(name, max) })
    } finally {
      await opened.close()
    }
  } finally {
    await ground.dropDatabase(name)
  }
}
