import { quoteIdentifier } from '../identifiers.ts'
import { onOneSession, type Queryable } from '../queryable.ts'
import { onDatabase, type RehearsalGround } from './ground.ts'

/** Marks the databases that are ours to drop. */
export const REHEARSAL_PREFIX = 'esa_rehearsal_'

/** The database that every server has. Advisory locks belong to one database, so all owners meet in this one. */
const MEETING_PLACE = 'postgres'

/** First key of all our advisory locks: "rehe" in ASCII, which nobody else takes by chance. */
const LOCK_CLASS = 0x72656865

/** Second key of the lock that every living rehearsal shares; names hash to anything, and a clash only delays a sweep. */
const ALL_REHEARSALS = 0

const LEFT_BEHIND = `select datname as name from pg_database where datname like '${REHEARSAL_PREFIX.replaceAll('_', String.raw`\_`)}%'`

/**
 * Runs `work` as the owner of the database `name`, with the owner's session on the ground, and drops it afterwards. Ownership is an advisory lock of a session: it ends
 * with the process, however that ends, and whoever rehearses next drops what nobody owns any more.
 */
export async function asOwner<T>(
  ground: RehearsalGround,
  name: string,
  work: (session: Queryable) => Promise<T>,
): Promise<T> {
  return onDatabase(ground, MEETING_PLACE, (pool) =>
    onOneSession(pool, async (session) => {
      await session.query('select pg_advisory_lock_shared($1, $2)', [LOCK_CLASS, ALL_REHEARSALS])
      await session.query('select pg_advisory_lock($1, hashtext($2))', [LOCK_CLASS, name])
      await dropAbandoned(ground, session)
      let result: T
      try {
        result = await work(session)
      } catch (error) {
        // The error of the work is the one worth reporting; what this leaves, the next rehearsal drops.
        await leave(ground, session, name).catch(() => undefined)
        throw error
      }
      await leave(ground, session, name)
      return result
    }),
  )
}

async function leave(ground: RehearsalGround, session: Queryable, name: string): Promise<void> {
  await ground.dropDatabase(name)
  await session.query('select pg_advisory_unlock_shared($1, $2)', [LOCK_CLASS, ALL_REHEARSALS])
  if (ground.ownServer === true) await dropRoles(session)
}

/** A database whose lock can be had has lost its owner. */
async function dropAbandoned(ground: RehearsalGround, session: Queryable): Promise<void> {
  for (const { name } of (await session.query(LEFT_BEHIND)).rows) {
    const key = [LOCK_CLASS, String(name)]
    const { rows } = await session.query('select pg_try_advisory_lock($1, hashtext($2)) as abandoned', key)
    if (rows[0]?.['abandoned'] !== true) continue
    // Another role's is left to that role: it is in nobody's way.
    await ground.dropDatabase(String(name)).catch(() => undefined)
    await session.query('select pg_advisory_unlock($1, hashtext($2))', key)
  }
}

/** Roles outlive the databases that used them: they go when no rehearsal is left that could need one. */
async function dropRoles(session: Queryable): Promise<void> {
  const { rows } = await session.query('select pg_try_advisory_lock($1, $2) as alone', [
    LOCK_CLASS,
    ALL_REHEARSALS,
  ])
  if (rows[0]?.['alone'] !== true) return
  const roles = await session.query(
    `select rolname as name from pg_roles where rolname !~ '^(pg_|esa)' and not rolsuper and rolname <> current_user`,
  )
  for (const { name } of roles.rows)
    await session.query(`drop role ${quoteIdentifier(String(name))}`).catch(() => undefined)
  await session.query('select pg_advisory_unlock($1, $2)', [LOCK_CLASS, ALL_REHEARSALS])
}
