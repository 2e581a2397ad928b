export { reviewStorage, type StorageOptions } from './storage/review-storage.ts'
export { type SizeReading } from './storage/sizes.ts'
