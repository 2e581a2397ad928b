import type { PerformParams } from '@esa/actor'
import type { JsonObject } from '@esa/protocol'
import type { AgentContext } from '../../generic/mind.ts'

/** One measurement of a database: its workload runs a bounded time, and the slowest statement is explained, ms. */
const MEASURE_TIMEOUT_MS = 180_000

/** One reading as the measuring activity brings it. */
export type Reading = {
  key: string
  value: number | null
  unit: string
  comparator: string
  threshold: number
  ok: boolean | null
}

/** The activity that measures a target by the card's own metrics. */
export function measuring(context: AgentContext, input: JsonObject): PerformParams {
  return {
    activity: 'database.measure',
    input: { ...input, thresholds: context.metrics },
    timeoutMs: MEASURE_TIMEOUT_MS,
  }
}
