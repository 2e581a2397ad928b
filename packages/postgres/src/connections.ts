export { advisePool, type PoolAdvice } from './connections/advise-pool.ts'
export { type ConnectionNumbers, measureConnections } from './connections/measure-connections.ts'
