import { EsaError } from '@esa/protocol'
import { setTimeout as pause } from 'node:timers/promises'
import { quoteIdentifier, onOneSession, type Queryable } from '@esa/database-catalog/sql'
import { type RehearsalGround, using } from './ground.ts'
import { dropMadeRoles, TESTER_PREFIX } from './sandbox-roles.ts'

/** Marks the databases that are ours to drop. */
export const REHEARSAL_PREFIX = 'esa_rehearsal_'

/** First key of all our advisory locks: "rehe" in ASCII, which no other program takes by chance. */
export const LOCK_CLASS = 0x72656865

/** Second key of the lock that every living rehearsal shares; names hash to anything, and a clash only delays a sweep. */
const ALL_REHEARSALS = 0

/** Second keys of the locks of those that run at the same time: more would take each other's memory and disk. */
const PLACES = [1, 2]

/** How long a free place is waited for, ms: a full copy takes an hour at most. */
const PLACE_WAIT_MS = 10 * 60_000
const PLACE_RETRY_MS = 100

/** Suffixes of testers and of their databases. */
const LEFT_BEHIND = `select right(datname, 8) as suffix from pg_database where datname like '${REHEARSAL_PREFIX.replaceAll('_', String.raw`\_`)}%'
  union select right(rolname, 8) from pg_roles where rolname like '${TESTER_PREFIX.replaceAll('_', String.raw`\_`)}%'`

/** Whose a rehearsal is. */
export interface Ownership {
  /** Ends the names of its database and of its tester. */
  suffix: string
  /** It runs beside another one of the same work, and shares that one's place. */
  beside: boolean
  /** How long it waits for a free place, ms. */
  waitMs?: number | undefined
}

/**
 * Runs `work` with a session of the admin that owns the rehearsal `suffix`, and drops its database and its tester afterwards.
 * Ownership is an advisory lock of a session: it ends with the process, however that ends, and the next rehearsal drops
 * what has no owner. @throws EsaError `rehearsal.busy` (transient) when two others run all the while.
 */
export async function asOwner<T>(
  ground: RehearsalGround,
  ownership: Ownership,
  work: (admin: Queryable) => Promise<T>,
): Promise<T> {
  return using(ground.asAdmin(), (pool) =>
    onOneSession(pool, (admin) => owning(ground, admin, ownership, work)),
  )
}

async function owning<T>(
  ground: RehearsalGround,
  admin: Queryable,
  { suffix, beside, waitMs = PLACE_WAIT_MS }: Ownership,
  work: (admin: Queryable) => Promise<T>,
): Promise<T> {
  const place = beside ? null : await takePlace(admin, waitMs)
  await admin.query('select pg_advisory_lock_shared($1, $2)', [LOCK_CLASS, ALL_REHEARSALS])
  await admin.query('select pg_advisory_lock($1, hashtext($2))', [LOCK_CLASS, suffix])
  await dropAbandoned(ground, admin)
  let result: T
  try {
    result = await work(admin)
  } catch (error) {
    // The error of the work is the one worth reporting; what this leaves, the next rehearsal drops.
    await leave(ground, admin, suffix).catch(() => undefined)
    throw error
  }
  await leave(ground, admin, suffix)
  if (place !== null) await admin.query('select pg_advisory_unlock($1, $2)', [LOCK_CLASS, place])
  return result
}

async function takePlace(admin: Queryable, waitMs: number): Promise<number> {
  const giveUpAt = performance.now() + waitMs
  for (;;) {
    for (const place of PLACES) {
      const { rows } = await admin.query('select pg_try_advisory_lock($1, $2) as taken', [LOCK_CLASS, place])
      if (rows[0]?.['taken'] === true) return place
    }
    if (performance.now() > giveUpAt)
      throw new EsaError('rehearsal.busy', 'transient', `${PLACES.length} other rehearsals are running`, {
        hint: 'try again when one of them is done',
      })
    await pause(PLACE_RETRY_MS)
  }
}

async function leave(ground: RehearsalGround, admin: Queryable, suffix: string): Promise<void> {
  await dropAll(ground, admin, suffix)
  await admin.query('select pg_advisory_unlock_shared($1, $2)', [LOCK_CLASS, ALL_REHEARSALS])
  await dropRoles(admin)
}

/** Drops the databases of a suffix, and then their tester. */
async function dropAll(ground: RehearsalGround, admin: Queryable, suffix: string): Promise<void> {
  const { rows } = await admin.query(
    'select datname as name from pg_database where starts_with(datname, $1) and right(datname, 8) = $2',
    [REHEARSAL_PREFIX, suffix],
  )
  for (const { name } of rows) await ground.dropDatabase(String(name))
  await admin.query(`drop role if exists ${quoteIdentifier(TESTER_PREFIX + suffix)}`)
}

/** What has no holder of its lock has lost its owner. */
async function dropAbandoned(ground: RehearsalGround, admin: Queryable): Promise<void> {
  for (const { suffix } of (await admin.query(LEFT_BEHIND)).rows) {
    const key = [LOCK_CLASS, String(suffix)]
    const { rows } = await admin.query('select pg_try_advisory_lock($1, hashtext($2)) as abandoned', key)
    if (rows[0]?.['abandoned'] !== true) continue
    // One that belongs to another role is left to that role: it blocks nothing.
    await dropAll(ground, admin, String(suffix)).catch(() => undefined)
    await admin.query('select pg_advisory_unlock($1, hashtext($2))', key)
  }
}

/** Roles outlive the databases that used them: they go when no rehearsal is left that could need one. */
async function dropRoles(admin: Queryable): Promise<void> {
  const { rows } = await admin.query('select pg_try_advisory_lock($1, $2) as alone', [
    LOCK_CLASS,
    ALL_REHEARSALS,
  ])
  if (rows[0]?.['alone'] !== true) return
  await dropMadeRoles(admin)
  await admin.query('select pg_advisory_unlock($1, $2)', [LOCK_CLASS, ALL_REHEARSALS])
}
