export type { BenchServers } from './bench/bench-servers.ts'
export { type Figure, percentile } from './bench/figures.ts'
export { ended, EsaHome, type Problem, type Ran } from './e2e/run-esa.ts'
