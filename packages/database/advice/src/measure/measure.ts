import {
  type Clock,
  systemClock,
  postgresError,
  type Queryable,
  inReadOnly,
  OWN_MARK,
} from '@esa/database-catalog/sql'
import { indexHitRatio } from './index-hit-ratio.ts'
import { type Finding, type MetricReading, type MetricThreshold, toReading } from './metric-reading.ts'
import { migrationLoss } from './migration-loss.ts'
import { measureNormalization } from './normalize/measure-normalization.ts'
import { DEFAULT_PERCENTILE } from './response-time.ts'
import { sampleStatements } from './statement-sampling.ts'
import { type Probe, probeDatabase, uptime } from './uptime.ts'
import { timeWorkload, type WorkloadRun } from './workload-timing.ts'

/** What a measurement may use beside the database. */
export interface MeasureOptions {
  /** The metrics to measure, as the card gives them. */
  thresholds: readonly MetricThreshold[]
  /** Statements to run for the response time; without them the traffic of others is sampled. */
  workload?: WorkloadRun
  /** How long traffic is sampled, 5 s by default. */
  sampleMs?: number
  /** Recorded probes, and how many more are made now (5, 200 ms apart, by default). */
  probeHistory?: readonly Probe[]
  probes?: { count: number; everyMs: number }
  clock?: Clock
}

const SAMPLE_MS = 5_000
const PROBES = { count: 5, everyMs: 200 }
const TIMEOUT_MS = 5_000

type Meter = (
  queryable: Queryable,
  threshold: MetricThreshold,
  options: MeasureOptions,
  clock: Clock,
) => Promise<Finding>

async function startedAt(queryable: Queryable): Promise<number | undefined> {
  const { rows } = await inReadOnly(queryable, TIMEOUT_MS, (session) =>
    session.query(`select ${OWN_MARK} extract(epoch from pg_postmaster_start_time())::float8 * 1000 as at`),
  )
  return typeof rows[0]?.['at'] === 'number' ? rows[0]['at'] : undefined
}

/** How each metric of the card is measured, by its key. */
const METERS: Record<string, Meter> = {
  'query-response-time': (
    queryable,
    { percentile = DEFAULT_PERCENTILE },
    { workload, sampleMs = SAMPLE_MS },
    clock,
  ) =>
    workload
      ? timeWorkload(queryable, workload, percentile, clock)
      : sampleStatements(queryable, sampleMs, percentile, clock),
  'data-loss-incidents-during-migrations': (queryable, _threshold, _options, clock) =>
    migrationLoss(queryable, clock.now()),
  'database-uptime': async (queryable, _threshold, { probeHistory = [], probes = PROBES }, clock) => {
    const made = await probeDatabase(queryable, { ...probes, clock })
    // A database that is down cannot say when it started; the probes say enough.
    const started = await startedAt(queryable).catch(() => undefined)
    return uptime([...probeHistory, ...made], started)
  },
  'index-hit-ratio': indexHitRatio,
  'schema-normalization-score': async (queryable, _threshold, _options, clock) =>
    measureNormalization(queryable, clock),
}

/**
 * Measures the given metrics on a database, one after the other so that none disturbs another, reading only. A metric
 * that cannot be measured, or that the server refuses, has value null and says why; it never takes the others down.
 * @throws EsaError `sql.not-a-read`, `workload.*` for a workload that cannot be run.
 */
export async function measure(queryable: Queryable, options: MeasureOptions): Promise<MetricReading[]> {
  const clock = options.clock ?? systemClock
  const readings: MetricReading[] = []
  for (const threshold of options.thresholds) {
    const meter = METERS[threshold.key]
    const finding: Finding = meter
      ? await meter(queryable, threshold, options, clock).catch((error: unknown) => unmeasured(error))
      : { value: null, why: 'not measurable: no measurement of this metric exists', method: 'none' }
    readings.push(toReading(threshold, finding))
  }
  return readings
}

/** Codes with which a target refuses any statement of others. */
const REFUSED_BY_TARGET: ReadonlySet<string> = new Set(['sql.logged', 'sql.tree-unseen'])

/** A fault of the workload is the caller's to mend and is thrown; a fault of the database is part of the reading. */
function unmeasured(thrown: unknown): Finding {
  const error = postgresError(thrown)
  // What its operator or its version refuses for this target is not a fault of the workload either.
  if (!error.code.startsWith('database.') && !REFUSED_BY_TARGET.has(error.code)) throw error
  return { value: null, why: `not measured: ${error.message} (${error.code})`, method: 'none' }
}
