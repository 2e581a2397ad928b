import type { PerformParams } from '@esa/actor'
import type { JsonObject } from '@esa/protocol'
import type { AgentContext } from '@esa/behavior'

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

/** What an index is judged by, before and after. */
export const RESPONSE_TIME = 'query-response-time'

/** The activity that measures a target by the card's own metrics; a look at a cure is about the response time alone. */
export function measuring(context: AgentContext, input: JsonObject): PerformParams {
  const { metrics } = context
  const thresholds =
    input['recheck'] === undefined ? metrics : metrics.filter(({ key }) => key === RESPONSE_TIME)
  return { activity: 'database.measure', input: { ...input, thresholds }, timeoutMs: MEASURE_TIMEOUT_MS }
}
