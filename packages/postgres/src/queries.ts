export { explainQuery } from './queries/explain-query.ts'
