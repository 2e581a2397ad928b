import { EsaError } from '@esa/protocol'
import { type Clock, postgresError, sqlState, type Queryable } from '@esa/database-catalog/sql'
import { type Blocker, blockerText, lookAt } from './blockers.ts'

/** How much a migration may keep others waiting. Durations are milliseconds. */
export interface LockBudget {
  /** Longest that a statement waits in the queue of a lock, with all later sessions behind it. */
  lockMs: number
  /** Longest that anybody waits for a statement, in the queue or while it works; then it is canceled and undone. */
  blockMs: number
  /** Tries at a lock before it is given up. */
  attempts: number
  /** Longest wait of one CONCURRENTLY for locks and old transactions: it keeps no write waiting meanwhile. */
  concurrentMs: number
}

/** Half a second in the queue and one second in all: what a user calls a hiccup, not an outage. */
export const LOCK_BUDGET: LockBudget = { lockMs: 500, blockMs: 1_000, attempts: 30, concurrentMs: 60_000 }

/** The first pause between two tries, and the longest; in between it doubles, times a dice. */
const PAUSE_MS = 200
const PAUSE_MS_MAX = 10_000

/** Between two looks; the last one before `blockMs` must leave time to cancel. */
const LOOK_MS = 50

/** Part of `blockMs` after which a statement is canceled: the cancelling and the rollback take the rest. */
const CANCEL_AT = 0.85

/** What can be tried again: the lock was not granted, a deadlock, a serialisation failure. */
const TRY_AGAIN = new Set(['55P03', '40P01', '40001'])

/** The sessions and ports of an apply. */
export interface Bench {
  /** Does the work. */
  session: Queryable
  /** The server process of `session`. */
  pid: number
  /** Looks on, and cancels. */
  watch: Queryable
  serverVersion: number
  budget: LockBudget
  clock: Clock
  /** Numbers in [0, 1). */
  random: () => number
  /** Called for every failed try, with its blockers. */
  onRetry: (attempt: number, waitMs: number, blockers: Blocker[]) => void
}

/**
 * Runs `work` until it gets its locks: each try waits `lockMs` at most, is canceled when it blocks another session for
 * `blockMs`, and is followed by a pause with jitter. `work` opens and ends its own transaction.
 * @throws EsaError `migration.locked` (transient) with the blockers, `migration.blocks-others` (terminal), or what `work` throws.
 */
export async function withinBudget<T>(bench: Bench, what: string, work: () => Promise<T>): Promise<T> {
  const { budget, clock, random, onRetry } = bench
  for (let attempt = 1; ; attempt += 1) {
    const seen: Seen = { blockers: [], cancelled: null }
    try {
      return await watched(bench, seen, work)
    } catch (error) {
      if (seen.cancelled !== null) throw blocksOthers(what, seen.cancelled, error)
      if (!TRY_AGAIN.has(sqlState(error) ?? '')) throw error
      if (attempt >= budget.attempts) throw locked(what, attempt, seen.blockers, error)
      const waitMs = Math.min(PAUSE_MS_MAX, PAUSE_MS * 2 ** (attempt - 1)) * (0.5 + random() / 2)
      onRetry(attempt, waitMs, seen.blockers)
      await clock.pause(waitMs)
    }
  }
}

interface Seen {
  blockers: Blocker[]
  cancelled: { waiting: number; ms: number } | null
}

/** Looks on while `work` runs. Who only watches must not end what is watched: a look that fails is left out. */
async function watched<T>(bench: Bench, seen: Seen, work: () => Promise<T>): Promise<T> {
  const { clock } = bench
  const working = work()
  const ended = working.then(
    () => true,
    () => true,
  )
  while (!(await Promise.race([ended, clock.pause(LOOK_MS).then(() => false)]))) {
    await look(bench, seen).catch(() => undefined)
  }
  return await working
}

async function look({ watch, pid, serverVersion, budget }: Bench, seen: Seen): Promise<void> {
  const { blockers, waiting, keptWaitingMs } = await lookAt(watch, pid, serverVersion)
  if (blockers.length > 0) seen.blockers = blockers
  if (keptWaitingMs < budget.blockMs * CANCEL_AT || seen.cancelled !== null) return
  seen.cancelled = { waiting, ms: Math.round(keptWaitingMs) }
  await watch.query('select pg_cancel_backend($1)', [pid])
}

function blocksOthers(
  what: string,
  { waiting, ms }: { waiting: number; ms: number },
  cause: unknown,
): EsaError {
  return new EsaError(
    'migration.blocks-others',
    'terminal',
    `${what} was cancelled and undone: ${waiting} others waited for it, the longest ${ms} ms`,
    {
      cause,
      details: { waiting, ms },
      hint: 'let it be split into phases (esa db migrate plan), or apply it in a quiet hour',
    },
  )
}

function locked(what: string, attempts: number, blockers: Blocker[], cause: unknown): EsaError {
  const [first] = blockers
  const by = first === undefined ? 'no blocker was seen' : blockers.map(blockerText).join('; ')
  const end = first === undefined ? '' : `, or end it: select pg_terminate_backend(${first.pid})`
  return new EsaError(
    'migration.locked',
    'transient',
    `${what} did not get its lock in ${attempts} tries; in its way: ${by}`,
    {
      cause: postgresError(cause),
      details: { attempts, blockers },
      hint: `nothing of it was done. Apply again when that has ended${end}`,
    },
  )
}
