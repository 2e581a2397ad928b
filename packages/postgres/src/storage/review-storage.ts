import { systemClock } from '../clock.ts'
import type { Finding } from '../finding.ts'
import type { Queryable } from '../queryable.ts'
import { inReadOnly, OWN_MARK } from '../read-only.ts'
import { review, type ReviewOptions } from '../schema/look.ts'
import { checkBloat } from './bloat.ts'
import { checkPartitioning } from './partition-advice.ts'
import {
  checkGrowth,
  checkKinds,
  checkSizes,
  type SizeReading,
  toReading,
  USAGE,
  type Usage,
  type UsageReading,
} from './sizes.ts'
import type { CountedStatement } from './time-predicates.ts'
import { checkVacuum } from './vacuum-health.ts'

/** Cut-off of the sizes of all tables, ms: each takes a look at its files. */
const USAGE_MS = 20_000

/** A review of storage; `workload` stands in for what pg_stat_statements would say. */
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
  return inReadOnly(queryable, USAGE_MS, async (session) => {
    const { rows } = await session.query(USAGE)
    const { rows: since } = await session.query(
      `select ${OWN_MARK} (extract(epoch from clock_timestamp() - stats_reset) * 1000)::float8 as ms, pg_is_in_recovery() as replica
       from pg_stat_database where datname = current_database()`,
    )
    return {
      usages: rows as unknown as Usage[],
      sinceMs: (since[0]?.['ms'] as number | null) ?? null,
      replica: since[0]?.['replica'] === true,
    }
  })
}
