export { type IndexFinding, type IndexReview, reviewIndexes } from './review/review-indexes.ts'
