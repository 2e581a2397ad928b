import { type Metric, Registry } from 'prom-client'

/** One value of a family: its labels, and what it says. `name` where it is a part of a histogram. */
export interface Sample {
  labels: Record<string, string>
  value: number
  name?: string
}

/** A metric with all its values, as in a scrape. Values are in base units: seconds, ratios, counts. */
export interface Family {
  name: string
  help: string
  type: 'counter' | 'gauge' | 'histogram'
  samples: Sample[]
}

/** A value without labels; none where nothing is known. */
export function only(value: number | null): Sample[] {
  return value === null ? [] : [{ labels: {}, value }]
}

/** Seconds of a duration in ms. */
export function seconds(ms: number): number
export function seconds(ms: number | null): number | null
export function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1_000
}

/**
 * Writes families down by prom-client's own writer. Its counters count in the process; these were counted in the store, so
 * the writer gets them as they are. Of a family without a value only the name is there.
 */
export async function writeFamilies(families: readonly Family[]): Promise<string> {
  const registry = new Registry()
  for (const { samples, ...family } of families) {
    const values = samples.map(({ name, ...sample }) => ({ ...sample, metricName: name ?? family.name }))
    const metric = { name: family.name, get: async () => ({ ...family, values, aggregator: 'sum' }) }
    // Its type wants one of its own classes; its writer asks for nothing but this.
    registry.registerMetric(metric as unknown as Metric)
  }
  return await registry.metrics()
}
