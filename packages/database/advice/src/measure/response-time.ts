import type { Finding, StatementTiming } from './metric-reading.ts'
import { type WeightedSample, weightedPercentile } from './percentile.ts'

/** One duration of one statement. */
export interface StatementSample extends WeightedSample {
  id: string
}

/** The percentile of a card that names none. */
export const DEFAULT_PERCENTILE = 95

function timingOf(
  id: string,
  samples: readonly StatementSample[],
  limitMs: number,
  tailWeight: number,
): StatementTiming {
  const own = samples.filter((sample) => sample.id === id)
  const tail = own.filter((sample) => sample.ms >= limitMs)
  return {
    id,
    runs: own.length,
    p95Ms: Number((weightedPercentile(own, DEFAULT_PERCENTILE) ?? 0).toFixed(3)),
    tailShare: Number((tail.reduce((sum, sample) => sum + sample.weight, 0) / tailWeight).toFixed(3)),
  }
}

/**
 * The percentile over all samples by weight, and what each statement contributes, the largest part of the tail first.
 * @param count how many executions the samples stand for.
 */
export function responseTime(
  samples: readonly StatementSample[],
  about: { percentile: number; count: number; window: number; method: string },
): Finding {
  const value = weightedPercentile(samples, about.percentile)
  if (value === undefined) return { value: null, why: 'no statement ran', method: about.method }
  const tailWeight = samples.reduce((sum, sample) => sum + (sample.ms >= value ? sample.weight : 0), 0)
  const statements = [...new Set(samples.map((sample) => sample.id))]
    .map((id) => timingOf(id, samples, value, tailWeight))
    .toSorted((a, b) => b.tailShare - a.tailShare || b.p95Ms - a.p95Ms)
  return { value, samples: about.count, window: about.window, method: about.method, statements }
}
