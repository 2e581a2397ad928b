export { type Mismatch } from './verify/compare-table.ts'
export { checksumTable } from './verify/digest.ts'
export { type Verdict, verifyMigration } from './verify/verify-migration.ts'
