import { EsaError } from '@esa/protocol'
import type { Queryable } from '@esa/database-catalog/sql'
import type { RowCopy, RowProgress } from './rows/copy-rows.ts'
import type { OpenDatabase, RehearsalGround } from './ground/ground.ts'

/** How often the admin looks at a rehearsal, ms. */
const LOOK_EVERY_MS = 1_000

/** A canceled statement has so long to end before its session is ended: a function may catch the cancel, s. */
const END_GRACE_S = 3

/** Longest that one statement runs where there are hardly any rows, and where there are many, s. */
const STATEMENT_S = 10 * 60
const STATEMENT_WITH_ROWS_S = 60 * 60

/** Disk of a rehearsal besides the rows that were copied, bytes. */
const OWN_BYTES_MAX = 2 * 1024 ** 3

/** Indexes, rewrites and dead rows may take this many times the rows that were copied. */
const PER_COPIED_BYTE = 4

/** What the server keeps of its log between two checkpoints counts as no statement's doing, bytes. */
const WAL_FREE_BYTES = 1024 ** 3

/** Statements that run too long: `cancel` first, then the end of the session. True for those whose session was ended. */
const LATE = `select now() > query_start + make_interval(secs => $2 + ${END_GRACE_S}) as ended, case when now() > query_start + make_interval(secs => $2 + ${END_GRACE_S})
    then pg_terminate_backend(pid) else pg_cancel_backend(pid) end
  from pg_stat_activity where usename = $1 and state = 'active' and now() > query_start + make_interval(secs => $2)`

const DATABASE_BYTES = `select coalesce((select pg_database_size(oid) from pg_database where datname = $1), 0)::float8 as bytes`

/** Sorts and hashes of the tester's sessions, those that parallel workers share among them, the server's log, and notices not yet taken. */
const OTHER_BYTES = `with own as (select pid from pg_stat_activity where usename = $1),
    temporary as (select d as name from pg_ls_dir('base/pgsql_tmp', true, false) d, own where d ~ ('^pgsql_tmp' || own.pid || '[.]'))
  select (coalesce((select sum(size) from pg_ls_tmpdir() t join temporary using (name)), 0)
    + coalesce((select sum((pg_stat_file('base/pgsql_tmp/' || name || '/' || f, true)).size) from temporary, pg_ls_dir('base/pgsql_tmp/' || name, true, false) f
        where name ~ '[.]fileset$'), 0)
    + greatest(0, (select sum(size) from pg_ls_waldir()) - ${WAL_FREE_BYTES})
    + pg_notification_queue_usage() * coalesce(current_setting('max_notify_queue_pages', true)::float8, 1048576) * 8192)::float8 as bytes`

/** Smaller limits than the usual ones, for tests. */
export interface OwnLimits {
  /** Longest that one statement runs, s. */
  statementS?: number
  /** Disk besides the rows that were copied, bytes. */
  ownBytes?: number
  /** How long a free place is waited for, ms. */
  placeWaitMs?: number
}

/** What is watched, and what it may take. */
export interface SandboxLimits {
  database: string
  role: string
  /** The copy of rows that it begins with. */
  rows: RowCopy | undefined
  own: OwnLimits
}

/** A watch over one rehearsal. */
export interface Watch {
  /** The copy of rows, whose size counts from then on. */
  rows: RowCopy | undefined
  /** Rejects when the rehearsal took too much of the disk, or had to be ended. */
  exceeded: Promise<never>
  /** Rejects as `exceeded` does: the error of a session that was ended may arrive before that of the watch. */
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
  let struck: EsaError | undefined
  const strike = (why: EsaError): void => {
    struck ??= why
    reject(why)
  }
  const { rows, own } = limits
  const statementS = own.statementS ?? (rows === undefined ? STATEMENT_S : STATEMENT_WITH_ROWS_S)
  let copiedBytes = 0
  let admin: Promise<OpenDatabase> | undefined
  let looking: Promise<void> | undefined
  const check = async (): Promise<void> => {
    admin ??= ground.asAdmin()
    const { queryable } = await admin
    const late = await queryable.query(LATE, [limits.role, statementS])
    if (late.rows.some(({ ended }) => ended === true)) strike(tooLong(statementS))
    const bytes = await bytesOf(queryable, limits)
    const maxBytes = (own.ownBytes ?? OWN_BYTES_MAX) + PER_COPIED_BYTE * copiedBytes
    if (bytes <= maxBytes) return
    clearInterval(timer)
    strike(tooLarge(bytes, maxBytes))
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
    const opened = await admin?.catch(() => undefined)
    await opened?.close().catch(() => undefined)
    if (struck !== undefined) throw struck
  }
  const onProgress = (progress: RowProgress): void => {
    // As much as is planned, on the disk of the source, or what came of it, as text.
    copiedBytes = Math.max(progress.bytes, progress.totalBytes)
    rows?.onProgress?.(progress)
  }
  return {
    rows: rows === undefined ? undefined : { ...rows, onProgress },
    exceeded,
    stop,
  }
}

async function bytesOf(admin: Queryable, { database, role }: SandboxLimits): Promise<number> {
  const own = await admin.query(DATABASE_BYTES, [database])
  // An admin that is not a superuser may not list these folders.
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

function tooLong(statementS: number): EsaError {
  return new EsaError(
    'rehearsal.time',
    'terminal',
    `a statement ran for more than ${statementS} s and could not be cancelled: its session was ended`,
    { hint: 'try a part of it, or on fewer rows: --copy-rows sample', details: { seconds: statementS } },
  )
}
