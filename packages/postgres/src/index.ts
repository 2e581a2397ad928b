export { type Clock, systemClock, wallClock } from './clock.ts'
export {
  type BuildOptions,
  type BuildProgress,
  buildIndexConcurrently,
  type BuiltIndex,
} from './concurrent-index.ts'
export { explainStatement, findSlowest, type PlanEvidence, type PlanFinding } from './explain.ts'
export { type Finding } from './finding.ts'
export { ON_COPY, type ReadTerms, type TargetTerms } from './guard/read-terms.ts'
export { createIndexSql, dropIndexSql, type ProposedIndex } from './index-proposal.ts'
export { measure, type MeasureOptions } from './measure.ts'
export { type MetricReading, type MetricThreshold, type StatementTiming } from './metric-reading.ts'
export { postgresError } from './postgres-error.ts'
export { type ExtendedStatement, onOneSession, type Queryable, type QueryAnswer } from './queryable.ts'
export { inReadOnly } from './read-only.ts'
export { type Probe, probeDatabase } from './uptime.ts'
export { parseWorkload, type WorkloadStatement } from './workload.ts'
export { type WorkloadRun } from './workload-timing.ts'
