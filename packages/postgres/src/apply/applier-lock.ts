import { EsaError } from '@esa/protocol'
import type { Clock } from '../clock.ts'
import type { Queryable } from '../queryable.ts'

/** Two numbers that nobody else locks by chance: "esa" and "migr" as ASCII. Advisory locks are of one database. */
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

/**
 * Makes the session the target's only applier until it ends; gives its server process's number. A predecessor is waited
 * for some seconds. @throws EsaError `migration.being-applied` (transient) with who is at it, `migration.pooled` (terminal).
 */
export async function becomeApplier(session: Queryable, clock: Clock): Promise<number> {
  const until = clock.now() + WAIT_MS
  for (;;) {
    const { rows } = await session.query('select pg_try_advisory_lock($1, $2) as got', [...LOCK])
    if (rows[0]?.['got'] === true) return await requireApplier(session)
    if (clock.now() >= until) throw await beingApplied(session)
    await clock.pause(POLL_MS)
  }
}

/** Ends it. */
export async function endApplier(session: Queryable): Promise<void> {
  await session.query('select pg_advisory_unlock($1, $2)', [...LOCK])
}

/**
 * The server process of the session that holds the lock. Asked in every step: behind a pooler the next statement may
 * meet another one. @throws EsaError `migration.pooled` (terminal).
 */
export async function requireApplier(session: Queryable): Promise<number> {
  const { rows } = await session.query(HELD, [...LOCK])
  if (rows[0]?.['held'] === true) return Number(rows[0]['pid'])
  throw new EsaError('migration.pooled', 'terminal', 'the session that holds the applier’s lock is gone', {
    hint: 'behind a pooler in transaction mode nothing is applied: give the target’s direct URL',
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
