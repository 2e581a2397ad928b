/** The smallest value that a share of all values does not exceed, by nearest rank; null of nothing. `sorted` ascends. */
export function percentile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null
}
