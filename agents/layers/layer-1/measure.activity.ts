import type { ActivityHandler } from '@esa/actor'
import { findSlowest, measure, type MetricReading, type MetricThreshold } from '@esa/postgres'
import { type Json, type JsonObject, textOf } from '@esa/protocol'
import type { OpenTarget, OpenTargetByName } from './open-target.activity.ts'

/** Executions of each statement of a workload: enough for a p95 that one slow run does not decide. */
export const WORKLOAD_RUNS = 10

/** Keeps what was measured, so that history outlives the process. */
export type KeepReadings = (target: string, readings: MetricReading[]) => Promise<void>

/** Measures the metrics of Layer 1's card on a target, and explains the slowest statement when p95 is out of bounds. */
export function measureActivity(openTarget: OpenTargetByName, keep: KeepReadings): ActivityHandler {
  return {
    activity: 'database.measure',
    run: async (input, { actorId }) => {
      const name = textOf(input['target'])
      const target = await openTarget(name)
      try {
        const { workload, queryable } = target
        const readings = await measure(queryable, {
          thresholds: input['thresholds'] as unknown[] as MetricThreshold[],
          ...(workload === null ? {} : { workload: { statements: [...workload], runs: WORKLOAD_RUNS } }),
        })
        await keep(name, readings)
        const evidence = await slowest(target, readings)
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

async function slowest({ queryable, workload }: OpenTarget, readings: MetricReading[]): Promise<Json> {
  const p95 = readings.find(({ key }) => key === 'query-response-time')
  if (p95?.ok !== false || workload === null || p95.statements === undefined) return null
  return plain((await findSlowest(queryable, [...workload], p95.statements)) ?? null)
}

/** A value as JSON will have it. */
function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json
}
