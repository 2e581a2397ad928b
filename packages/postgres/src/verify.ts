export { type Mismatch } from './verify/compare-table.ts'
export { type Copy, type OnVerifying, type Verdict, verifyMigration } from './verify/verify-migration.ts'
