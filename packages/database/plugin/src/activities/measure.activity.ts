import type { ActivityHandler } from '@esa/actor'
import {
  findSlowest,
  measure,
  type MetricReading,
  type MetricThreshold,
  type Probe,
  probeDatabase,
  normalizeDatabase,
} from '@esa/database-advice/measure'
import { wallClock } from '@esa/database-catalog/sql'
import { type Json, type JsonObject, textOf } from '@esa/protocol'
import type { OpenTarget, OpenTargetByName } from './open-target.activity.ts'

/** Executions of each statement of a workload: enough for a p95 that one slow run does not decide. */
export const WORKLOAD_RUNS = 10

/** How often a look asks whether the database answers, and how far apart, ms: the looks before it count as well. */
const PROBES = { count: 3, everyMs: 100 }

/** What outlives the process of what is measured. */
export interface MeasureHistory {
  keep(target: string, readings: MetricReading[]): Promise<void>
  /** Keeps probes, and gives all of the last day with them: uptime is that of a window and not of a moment. */
  keepProbes(target: string, probes: Probe[]): Promise<Probe[]>
}

/**
 * Measures the metrics of Layer 1's card on a target, and explains the slowest statement when p95 is out of bounds. A database
 * that does not answer is measured as well: it is down, and nothing else of it is known.
 */
export function measureActivity(openTarget: OpenTargetByName, history: MeasureHistory): ActivityHandler {
  return {
    activity: 'database.measure',
    run: async (input, { actorId }) => {
      const name = textOf(input['target'])
      const target = await openTarget(name)
      try {
        const { queryable } = target
        const probes = await probeDatabase(queryable, { ...PROBES, clock: wallClock })
        // A workload is run only on a database that answers: one that is away is not a fault of a statement.
        const workload = probes.some(({ ok }) => ok) ? target.workload : null
        const terms = { ...target.terms, caller: 'workload' } as const
        const readings = await measure(queryable, {
          thresholds: input['thresholds'] as unknown[] as MetricThreshold[],
          probeHistory: await history.keepProbes(name, probes),
          probes: { ...PROBES, count: 0 },
          ...(workload === null
            ? {}
            : { workload: { statements: [...workload], runs: WORKLOAD_RUNS, terms } }),
        })
        await history.keep(name, readings)
        const evidence = await evidenceOf(target, readings)
        const body: JsonObject = {
          target: name,
          readings: plain(readings),
          evidence,
          recheck: input['recheck'],
        }
        return [{ to: actorId, type: 'measure.done', body }]
      } finally {
        await target.close()
      }
    },
    onFailure: (input, { code, message }, actorId) => [
      { to: actorId, type: 'measure.failed', body: { target: input['target'], why: `${code}: ${message}` } },
    ],
  }
}

/** Why each metric that is out of bounds is so, by its key: the plan that drives the time, the facts that are stored twice. */
async function evidenceOf(target: OpenTarget, readings: MetricReading[]): Promise<JsonObject> {
  const found: [string, Json][] = []
  for (const reading of readings.filter(({ ok }) => ok === false)) {
    const more = await EVIDENCE[reading.key]?.(target, reading)
    const { method, samples, window } = reading
    found.push([reading.key, plain({ method, samples, windowMs: window, ...more })])
  }
  return Object.fromEntries(found)
}

/** Where a metric has more to show than its reading. */
const EVIDENCE: Record<string, (target: OpenTarget, reading: MetricReading) => Promise<object | undefined>> =
  {
    'query-response-time': async ({ queryable, workload, terms }, { statements }) =>
      workload === null || statements === undefined
        ? undefined
        : findSlowest(queryable, [...workload], statements, { terms: { ...terms, caller: 'workload' } }),
    'schema-normalization-score': async ({ queryable }) => {
      const { tables } = await normalizeDatabase(queryable)
      const worst = tables.filter(({ violations }) => violations.length > 0).slice(0, SHOWN_MAX)
      const shown = worst.map(({ relation, score, violations }) => ({
        relation,
        score,
        violations: violations.slice(0, SHOWN_MAX),
      }))
      return { kind: 'normalization', tables: shown }
    },
  }

/** Tables that an incident names, and what each violates: the first ones, as `db normalize` has them all. */
const SHOWN_MAX = 10

/** A value as JSON will have it. */
function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json
}
