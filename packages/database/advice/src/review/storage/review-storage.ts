import {
  systemClock,
  type Finding,
  postgresError,
  type Queryable,
  inReadOnly,
  OWN_MARK,
} from '@esa/database-catalog/sql'
import { review, type ReviewOptions } from '../schema/look.ts'
import { checkBloat } from './bloat.ts'
import { checkPartitioning } from './partition-advice.ts'
import {
  checkGrowth,
  checkKinds,
  checkSizes,
  type SizeReading,
  REMEMBERED_USAGE,
  toReading,
  type Usage,
  type UsageReading,
  usageSql,
} from './sizes.ts'
import type { CountedStatement } from './time-predicates.ts'
import { checkVacuum } from './vacuum-health.ts'

/** Cut-off of the sizes of all tables, ms: each takes a look at its files. */
const USAGE_MS = 20_000
/** Longest wait for a table that is being rebuilt, ms. */
const LOCK_MS = 2_000

/** A review of storage; `workload` replaces pg_stat_statements. */
export interface StorageOptions extends ReviewOptions {
  workload?: readonly CountedStatement[]
  /** Sizes of an earlier look. */
  earlier?: SizeReading | undefined
}

/** What was found, and the sizes for a later look to compare with. */
export interface StorageReview {
  findings: Finding[]
  sizes: SizeReading
}

/** What tables take, waste and how they grow, and which of them is better cut by time. Reading only. @throws EsaError `database.*`. */
export async function reviewStorage(
  queryable: Queryable,
  options: StorageOptions = {},
): Promise<StorageReview> {
  const reading = await readUsage(queryable)
  const nowMs = Math.round((options.clock ?? systemClock).now())
  const findings = await review(
    queryable,
    [
      () => checkSizes(reading),
      () => checkGrowth(reading, nowMs, options.earlier),
      () => (reading.replica ? [onReplica()] : []),
      () => (reading.remembered ? [sizesRemembered()] : []),
      checkKinds(reading),
      checkVacuum(reading),
      checkBloat(reading),
      checkPartitioning(reading, options.workload ?? null),
    ],
    options,
  )
  return { findings, sizes: toReading(reading, nowMs) }
}

function onReplica(): Finding {
  return {
    kind: 'on-replica',
    severity: 'info',
    message:
      'this is a replica: it counts its own reads and no writes, so that growth, dead rows and unused tables are only known to the primary',
    evidence: { replica: true },
    fix: 'look at the primary too: esa db storage --target PRIMARY',
  }
}

async function readUsage(queryable: Queryable): Promise<UsageReading> {
  try {
    return await usageBy(queryable, usageSql(), false)
  } catch (error) {
    if (!['database.locked', 'database.timeout'].includes(postgresError(error).code)) throw error
    return usageBy(queryable, REMEMBERED_USAGE, true)
  }
}

async function usageBy(queryable: Queryable, sql: string, remembered: boolean): Promise<UsageReading> {
  return inReadOnly(queryable, USAGE_MS, async (session) => {
    await session.query(`select ${OWN_MARK} set_config('lock_timeout', '${LOCK_MS}ms', true)`)
    const { rows } = await session.query(sql)
    const { rows: since } = await session.query(
      `select ${OWN_MARK} (extract(epoch from clock_timestamp() - stats_reset) * 1000)::float8 as ms, pg_is_in_recovery() as replica
       from pg_stat_database where datname = current_database()`,
    )
    const [counted] = since as { ms: number | null; replica: boolean }[]
    return {
      usages: rows as unknown as Usage[],
      sinceMs: counted?.ms ?? null,
      replica: counted?.replica === true,
      remembered,
    }
  })
}

function sizesRemembered(): Finding {
  return {
    kind: 'not-checked',
    severity: 'info',
    message: 'another session holds a lock on a table: sizes are those that VACUUM or ANALYZE last saw',
    evidence: { waitedMs: LOCK_MS },
    fix: "look again when the table is free; who holds it: select * from pg_locks where mode = 'AccessExclusiveLock' and granted",
  }
}
