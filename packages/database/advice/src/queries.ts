export { explainQuery, type OnCopy } from './queries/explain-query.ts'
export { topQueries, type TopQueries } from './queries/top-queries.ts'
export { type TriedRewrite } from './queries/try-fixes.ts'
