import { type Clock, systemClock, type Queryable, inReadOnly, OWN_MARK } from '@esa/database-catalog/sql'
import { weightedPercentile } from '../percentile.ts'

/** What a server takes, and what its clients were seen to do with it. Times are ms; `null`: nothing of the kind was seen. */
export interface ConnectionNumbers {
  maxConnections: number
  /** Connections that PostgreSQL keeps for superusers and for roles with pg_use_reserved_connections. */
  reserved: number
  /** Limits of the calling role and of the database, -1 where there is none. */
  roleLimit: number
  databaseLimit: number
  /** True when the target is reached through a pooler in transaction mode. */
  pooled: boolean
  /** False for a role that does not see what the sessions of others do: then nothing below about them is known. */
  seesOthers: boolean
  samples: number
  windowMs: number
  /** Client connections of other sessions at the samples, the largest. */
  openMax: number
  activeP95: number
  activeMax: number
  idleInTransactionMax: number
  /** Longest time that a session was seen idle within one transaction. */
  idleInTransactionMs: number | null
  longestTransactionMs: number | null
  waitingForLocksMax: number
  /** Settings in force: 0 means off. */
  idleInTransactionTimeoutMs: number
  statementTimeoutMs: number
}

/** How it is looked. */
export interface ConnectionOptions {
  pooled?: boolean
  samples?: number
  everyMs?: number
  clock?: Clock
}

const SAMPLES = 25
const EVERY_MS = 200
const TIMEOUT_MS = 5_000

/** `reset_val`: what a session of this role begins with, and not the cut-off of this very look. */
const SETTINGS = `select ${OWN_MARK} current_setting('max_connections')::int as max,
  current_setting('superuser_reserved_connections')::int + coalesce(current_setting('reserved_connections', true)::int, 0) as reserved,
  (select rolconnlimit from pg_roles where rolname = current_user) as role_limit,
  pg_has_role(current_user, 'pg_read_all_stats', 'usage') as sees_others,
  (select datconnlimit from pg_database where datname = current_database()) as database_limit,
  (select reset_val::float8 from pg_settings where name = 'idle_in_transaction_session_timeout') as idle_timeout,
  (select reset_val::float8 from pg_settings where name = 'statement_timeout') as statement_timeout`

const SAMPLE = `select ${OWN_MARK} count(*)::int as open,
  count(*) filter (where state = 'active')::int as active,
  count(*) filter (where state like 'idle in transaction%')::int as idle_in_transaction,
  count(*) filter (where wait_event_type = 'Lock')::int as waiting,
  max(extract(epoch from clock_timestamp() - state_change) * 1000) filter (where state like 'idle in transaction%')::float8 as idle_ms,
  max(extract(epoch from clock_timestamp() - xact_start) * 1000)::float8 as transaction_ms
  from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`

/**
 * Reads what a server takes, and samples what its clients do: concurrency, transactions that stay open, waits for locks.
 * A role without pg_read_all_stats does not see what others do, and `seesOthers` says so.
 * @throws EsaError `database.*`.
 */
export async function measureConnections(
  queryable: Queryable,
  options: ConnectionOptions = {},
): Promise<ConnectionNumbers> {
  const { pooled = false, samples = SAMPLES, everyMs = EVERY_MS, clock = systemClock } = options
  const { sees_others: seesOthers, ...settings } = (await one(queryable, SETTINGS)) as Settings
  const seen: Record<string, number | null>[] = []
  const from = clock.now()
  while (seen.length < samples) {
    if (seen.length > 0) await clock.pause(everyMs)
    seen.push(await one(queryable, SAMPLE))
  }
  const column = (name: string): number[] => seen.map((row) => row[name] ?? 0)
  const longest = (name: string): number | null => {
    const found = seen.flatMap((row) => row[name] ?? [])
    return found.length === 0 ? null : Math.round(Math.max(...found))
  }
  return {
    maxConnections: settings['max']!,
    reserved: settings['reserved']!,
    roleLimit: settings['role_limit'] ?? -1,
    databaseLimit: settings['database_limit'] ?? -1,
    pooled,
    seesOthers,
    samples: seen.length,
    windowMs: Math.round(clock.now() - from),
    openMax: Math.max(...column('open')),
    activeP95: p95(column('active')),
    activeMax: Math.max(...column('active')),
    idleInTransactionMax: Math.max(...column('idle_in_transaction')),
    idleInTransactionMs: longest('idle_ms'),
    longestTransactionMs: longest('transaction_ms'),
    waitingForLocksMax: Math.max(...column('waiting')),
    idleInTransactionTimeoutMs: settings['idle_timeout'] ?? 0,
    statementTimeoutMs: settings['statement_timeout'] ?? 0,
  }
}

type Settings = Record<string, number | null> & { sees_others: boolean }

/** Every look in a transaction of its own: pg_stat_activity is frozen within one. */
async function one(queryable: Queryable, sql: string): Promise<Record<string, number | null>> {
  const { rows } = await inReadOnly(queryable, TIMEOUT_MS, (session) => session.query(sql))
  return (rows[0] ?? {}) as Record<string, number | null>
}

function p95(counts: number[]): number {
  const samples = counts.map((count) => ({ ms: count, weight: 1 }))
  return weightedPercentile(samples, 95) ?? 0
}
