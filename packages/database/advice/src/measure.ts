export { advisePool } from './measure/connections/advise-pool.ts'
export { measureConnections } from './measure/connections/measure-connections.ts'
export { explainStatement, findSlowest, type PlanEvidence } from './measure/explain.ts'
export { createIndexSql } from '@esa/protocol'
export { dropIndexSql, type ProposedIndex } from './measure/index-proposal.ts'
export { measure } from './measure/measure.ts'
export { type MetricReading, type MetricThreshold } from './measure/metric-reading.ts'
export {
  type Normalization,
  normalizeDatabase,
  type TableNormalization,
} from './measure/normalize/normalize-database.ts'
export { type Probe, probeDatabase } from './measure/uptime.ts'
export { parseWorkload, type WorkloadStatement } from './measure/workload.ts'
