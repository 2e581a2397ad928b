export { type ReviewOptions, see, type Seen } from './schema/look.ts'
export { reviewSchema } from './schema/review-schema.ts'
