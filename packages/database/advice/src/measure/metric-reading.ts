/** A metric's threshold as its card gives it; `value` is in `unit`. */
export interface MetricThreshold {
  key: string
  comparator: '<' | '<=' | '>' | '>=' | '='
  value: number
  unit: string
  percentile?: number
}

/** How one statement contributed to a response-time reading; `tailShare` is its part (0-1) of the runs at or above the percentile. */
export interface StatementTiming {
  id: string
  runs: number
  p95Ms: number
  tailShare: number
}

/**
 * One metric as measured: `value` and `threshold` in `unit`, `ok` is the card's verdict, `samples` how many
 * observations the value rests on, `window` the milliseconds they span (null: unknown), `method` how they were taken.
 * `value` and `ok` are null where nothing could be measured, and `why` then says what to do.
 */
export interface MetricReading {
  key: string
  value: number | null
  unit: string
  comparator: MetricThreshold['comparator']
  threshold: number
  ok: boolean | null
  samples: number
  window: number | null
  method: string
  why?: string
  statements?: StatementTiming[]
}

/** What a measurement found, before the card's threshold judges it; durations are milliseconds. */
export type Finding =
  | { value: number; samples: number; window: number | null; method: string; statements?: StatementTiming[] }
  | { value: null; why: string; method: string; samples?: number; window?: number | null }

const MS_OF: Record<string, number> = { ms: 1, s: 1_000, min: 60_000 }

/** Decimals a reading keeps: a thousandth of a millisecond or of a percent is below any measurement here. */
const DECIMALS = 3

/** True when the value meets the threshold, compared as measured and never as rounded. */
export function meets({ comparator, value: limit }: MetricThreshold, value: number): boolean {
  if (comparator === '<') return value < limit
  if (comparator === '<=') return value <= limit
  if (comparator === '>') return value > limit
  if (comparator === '>=') return value >= limit
  return value === limit
}

/** The reading of a finding under a threshold: durations are given in the threshold's own unit. */
export function toReading(threshold: MetricThreshold, finding: Finding): MetricReading {
  const { key, unit, comparator } = threshold
  const base = { key, unit, comparator, threshold: threshold.value, method: finding.method }
  if (finding.value === null) {
    const { why, samples = 0, window = null } = finding
    return { ...base, value: null, ok: null, samples, window, why }
  }
  const value = finding.value / (MS_OF[unit] ?? 1)
  return {
    ...base,
    value: Number(value.toFixed(DECIMALS)),
    ok: meets(threshold, value),
    samples: finding.samples,
    window: finding.window === null ? null : Math.round(finding.window),
    ...(finding.statements === undefined ? {} : { statements: finding.statements }),
  }
}
