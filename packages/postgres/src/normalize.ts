export {
  normalizeDatabase,
  type Normalization,
  type NormalizeOptions,
  type TableNormalization,
} from './normalize/normalize-database.ts'
