import { EsaError } from '@esa/protocol'
import type { Queryable } from '../queryable.ts'
import type { OpenDatabase, RehearsalGround } from './ground.ts'

/** How often the admin looks at a rehearsal, ms. */
const LOOK_EVERY_MS = 1_000

/** A cancelled statement has so long to end before its session is ended: a function may catch the cancel, s. */
const END_GRACE_S = 3

/** Disk of a rehearsal besides the rows that were copied, bytes. */
const OWN_BYTES_MAX = 2 * 1024 ** 3

/** Indexes, rewrites and dead rows may take this many times the rows that were copied. */
const PER_COPIED_BYTE = 4

/** What the server keeps of its log between two checkpoints counts as no statement's doing, bytes. */
const WAL_FREE_BYTES = 1024 ** 3

/** Statements that run too long; `cancel` first, then the end of the session. */
const LATE = `select case when now() > query_start + make_interval(secs => $2 + ${END_GRACE_S})
    then pg_terminate_backend(pid) else pg_cancel_backend(pid) end
  from pg_stat_activity where usename = $1 and state = 'active' and now() > query_start + make_interval(secs => $2)`

const DATABASE_BYTES = `select coalesce((select pg_database_size(oid) from pg_database where datname = $1), 0)::float8 as bytes`

/** Sorts and hashes of the tester's sessions, and the server's log. */
const OTHER_BYTES = `select (coalesce((select sum(size) from pg_ls_tmpdir() t, pg_stat_activity a
    where a.usename = $1 and t.name ~ ('^pgsql_tmp' || a.pid || '[.]')), 0)
  + greatest(0, (select sum(size) from pg_ls_waldir()) - ${WAL_FREE_BYTES}))::float8 as bytes`

/** What is watched, and what it may take. */
export interface SandboxLimits {
  database: string
  role: string
  /** Longest that one statement runs, s. */
  statementS: number
  /** Bytes of rows that may be copied. */
  copiedBytes: number
}

/** A watch over one rehearsal. */
export interface Watch {
  /** Rejects when the rehearsal took too much of the disk. */
  exceeded: Promise<never>
  stop(): Promise<void>
}

/**
 * Watches a rehearsal from a session of the admin, as its tester can switch any time-out off: statements that run too long are
 * stopped, and a database that grows too large is dropped.
 */
export function watchLimits(ground: RehearsalGround, limits: SandboxLimits): Watch {
  const { promise: exceeded, reject } = Promise.withResolvers<never>()
  // It may end before anyone waits for it.
  exceeded.catch(() => undefined)
  const maxBytes = OWN_BYTES_MAX + PER_COPIED_BYTE * limits.copiedBytes
  let admin: Promise<OpenDatabase> | undefined
  let looking: Promise<void> | undefined
  const check = async (): Promise<void> => {
    admin ??= ground.asAdmin()
    const bytes = await look((await admin).queryable, limits)
    if (bytes <= maxBytes) return
    clearInterval(timer)
    reject(tooLarge(bytes, maxBytes))
    await ground.dropDatabase(limits.database)
  }
  const timer = setInterval(() => {
    // A server that is gone has ended what was watched, too.
    looking ??= check()
      .catch(() => undefined)
      .finally(() => (looking = undefined))
  }, LOOK_EVERY_MS)
  timer.unref()
  const stop = async (): Promise<void> => {
    clearInterval(timer)
    await looking
    await (await admin)?.close()
  }
  return { exceeded, stop: () => stop().catch(() => undefined) }
}

async function look(admin: Queryable, limits: SandboxLimits): Promise<number> {
  const { database, role, statementS } = limits
  await admin.query(LATE, [role, statementS])
  const own = await admin.query(DATABASE_BYTES, [database])
  // An admin that is no superuser may not list these folders.
  const other = await admin.query(OTHER_BYTES, [role]).catch(() => ({ rows: [{ bytes: 0 }] }))
  return Number(own.rows[0]?.['bytes']) + Number(other.rows[0]?.['bytes'])
}

function tooLarge(bytes: number, maxBytes: number): EsaError {
  return new EsaError(
    'rehearsal.disk',
    'terminal',
    `the rehearsal took ${bytes} bytes of the disk, and ${maxBytes} are allowed: it was dropped`,
    { hint: 'try a part of it, or on fewer rows: --copy-rows sample', details: { bytes, maxBytes } },
  )
}
