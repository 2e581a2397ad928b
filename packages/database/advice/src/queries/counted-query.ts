/** A statement with what the server has counted of it; times in ms. */
export interface CountedQuery {
  id: string
  query: string
  calls: number
  totalMs: number
  /** Part of the time of all listed statements, 0 to 1. */
  shareOfTotal: number
  meanMs: number
  /** Mean and two standard deviations: the server keeps no percentiles. */
  p95ishMs: number
  rowsPerCall: number
  /** Null when the server does not say since when it counts. */
  callsPerMinute: number | null
}
