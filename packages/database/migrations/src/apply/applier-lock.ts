import { EsaError } from '@esa/protocol'
import type { Clock, Queryable } from '@esa/database-catalog/sql'

/** Two numbers that no one else locks by chance: "esa" and "migr" as ASCII. Advisory locks are of one database. */
const LOCK = [0x657361, 0x6d696772] as const

/** How long a predecessor is waited for: a killed client's server process ends within its current statement. */
const WAIT_MS = 5_000
const POLL_MS = 100

const HOLDER = `select l.pid, a.usename as user, a.application_name as application,
  a.state from pg_locks l join pg_stat_activity a using (pid)
  where l.locktype = 'advisory' and l.granted and l.classid = $1 and l.objid = $2 and l.objsubid = 2
    and l.database = (select oid from pg_database where datname = current_database())`

const HELD = `select pg_backend_pid() as pid, exists (select from pg_locks l where l.locktype = 'advisory' and l.granted
  and l.pid = pg_backend_pid() and l.classid = $1 and l.objid = $2) as held`

/** Looks at who answers, beside a query of another session: a pooler gives the next transaction to any free session. */
const LOOKS = 5

/**
 * Makes the session the target's only applier until it ends; gives its server process's number. A predecessor is waited
 * for some seconds. @throws EsaError `migration.being-applied` (transient) with who is at it, `migration.pooled` (terminal).
 */
export async function becomeApplier(session: Queryable, watch: Queryable, clock: Clock): Promise<number> {
  await requireSession(session, watch)
  const until = clock.now() + WAIT_MS
  for (;;) {
    const { rows } = await session.query('select pg_try_advisory_lock($1, $2) as got', [...LOCK])
    if (rows[0]?.['got'] === true) return await heldBy(session)
    if (clock.now() >= until) throw await beingApplied(session)
    await clock.pause(POLL_MS)
  }
}

/** Before anything is locked: a lock in a session of a pooler could not be released. */
async function requireSession(session: Queryable, watch: Queryable): Promise<void> {
  const pids = new Set<unknown>()
  for (let look = 0; look < LOOKS; look += 1) {
    const asked = session.query('select pg_backend_pid() as pid, pg_sleep(0.002)')
    // Not beside every look: in turns of two it would meet the same process each time.
    const beside = look % 2 === 0 ? watch.query('select pg_sleep(0.002)') : undefined
    const [{ rows }] = await Promise.all([asked, beside])
    pids.add(rows[0]?.['pid'])
  }
  if (pids.size > 1) throw pooled('several server processes answer one session')
}

/** A lock that ended up in another session of a pooler is looked for there, as nothing else would release it. */
async function heldBy(session: Queryable): Promise<number> {
  try {
    return await requireApplier(session)
  } catch (error) {
    for (let look = 0; look < LOOKS; look += 1) await endApplier(session)
    throw error
  }
}

/** Ends it. */
export async function endApplier(session: Queryable): Promise<void> {
  await session.query('select pg_advisory_unlock($1, $2)', [...LOCK])
}

/**
 * The server process of the session that holds the lock. Checked in every step: behind a pooler the next statement may
 * meet another one. @throws EsaError `migration.pooled` (terminal).
 */
export async function requireApplier(session: Queryable): Promise<number> {
  const { rows } = await session.query(HELD, [...LOCK])
  if (rows[0]?.['held'] === true) return Number(rows[0]['pid'])
  throw pooled('the session that holds the applier’s lock is gone')
}

function pooled(why: string): EsaError {
  return new EsaError('migration.pooled', 'terminal', `the target is reached through a pooler: ${why}`, {
    hint: 'behind one in transaction mode nothing is applied: give the target’s direct URL',
  })
}

interface Holder {
  pid: number
  user: string
  application: string
  state: string
}

async function beingApplied(session: Queryable): Promise<EsaError> {
  const { rows } = await session.query(HOLDER, [...LOCK])
  const holder = rows[0] as unknown as Holder | undefined
  const hint = 'wait until it is done'
  if (holder === undefined) {
    return new EsaError('migration.being-applied', 'transient', 'another apply is at work on this target', {
      hint,
    })
  }
  const { pid, user, application, state } = holder
  const who = `pid ${pid} of ${user} (${application}), ${state}`
  return new EsaError(
    'migration.being-applied',
    'transient',
    `another apply is at work on this target: ${who}`,
    {
      details: { ...holder },
      hint: `${hint}; if its client is gone: select pg_terminate_backend(${pid})`,
    },
  )
}
