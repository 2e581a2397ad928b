export { reviewStorage, type StorageOptions } from './storage/review-storage.ts'
