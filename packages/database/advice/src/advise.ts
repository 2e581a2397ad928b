export { type AdvisedIndex, type IndexAdvice, type Recommendation } from './advise/advice.ts'
export { adviseIndexes, type AdviseProgress } from './advise/advise-indexes.ts'
export { buildIndexConcurrently } from './advise/concurrent-index.ts'
export { type FoundWorkload, readWorkload } from './advise/read-workload.ts'
