/** One duration in milliseconds and how much it counts. */
export interface WeightedSample {
  ms: number
  weight: number
}

/**
 * The smallest sample that at least `percent` of the total weight lies at or under (nearest rank, never interpolated:
 * the answer is a duration that happened). Undefined without samples.
 */
export function weightedPercentile(samples: readonly WeightedSample[], percent: number): number | undefined {
  const sorted = samples.toSorted((a, b) => a.ms - b.ms)
  const total = sorted.reduce((sum, sample) => sum + sample.weight, 0)
  let reached = 0
  for (const sample of sorted) {
    reached += sample.weight
    // A relative tolerance: weights such as 0.1 do not add up exactly.
    if (reached >= (total * percent) / 100 - total * 1e-12) return sample.ms
  }
  return sorted.at(-1)?.ms
}
