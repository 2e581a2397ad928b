import { EsaError } from '@esa/protocol'
import { postgresError, type Queryable } from '@esa/database-catalog/sql'

/** A row in this table of the target stops every migration. Who migrates can read it and must not be able to write it. */
const FREEZE_TABLE = 'esa_control.freeze'

/** By the catalog, which every role may read: a role without a right on the flag must not learn that there is none. */
const THERE = `select exists (select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = 'esa_control' and c.relname = 'freeze') as there`

/**
 * Refuses to go on while the target is frozen. Called in the transaction of every step.
 * @throws EsaError `migration.frozen` (terminal) with the reason; also when the flag is there and cannot be read.
 */
export async function requireThawed(session: Queryable): Promise<void> {
  const { rows } = await session.query(THERE)
  if (rows[0]?.['there'] !== true) return
  const flags = await session.query(`select * from ${FREEZE_TABLE} limit 1`).catch((thrown: unknown) => {
    throw frozen(`whether it is frozen cannot be read: ${postgresError(thrown).message}`, thrown)
  })
  const [flag] = flags.rows
  if (flag === undefined) return
  const reason = flag['reason']
  throw frozen(`it is frozen${typeof reason === 'string' ? `: ${reason}` : ''}`)
}

function frozen(why: string, cause?: unknown): EsaError {
  return new EsaError('migration.frozen', 'terminal', `nothing is applied to this target: ${why}`, {
    cause,
    hint: `the role that froze it lifts it: delete from ${FREEZE_TABLE}`,
  })
}
