export { type AdvisedIndex, type IndexAdvice, type Recommendation, type Refusal } from './advise/advice.ts'
export { adviseIndexes, type AdviseOptions, type AdviseProgress } from './advise/advise-indexes.ts'
export { type TimedStatement } from './advise/bench.ts'
export { type FoundWorkload, readWorkload } from './advise/read-workload.ts'
