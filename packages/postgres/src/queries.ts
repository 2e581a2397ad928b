export { explainQuery, type OnCopy } from './queries/explain-query.ts'
export { type TriedRewrite } from './queries/try-fixes.ts'
export { type TopQueries, topQueries } from './queries/top-queries.ts'
