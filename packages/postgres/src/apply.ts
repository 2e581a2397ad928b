export {
  type Applied,
  type ApplyEvent,
  applyMigration,
  type ApplyPorts,
  type Authorise,
} from './apply/apply-migration.ts'
export { blockerText } from './apply/blockers.ts'
export { classifyStatement, type StatementRisk } from './apply/classify.ts'
export { fileLedger } from './apply/file-ledger.ts'
export { requireThawed } from './apply/freeze.ts'
export { type Ledger, type MigrationRecord, type Verification } from './apply/ledger.ts'
export { planMigration, scriptMigration } from './apply/migration.ts'
export { type RolledBack, rollBackMigrations } from './apply/rollback.ts'
export { type Migration, type MigrationStep } from './apply/step.ts'
export { targetLedger } from './apply/target-ledger.ts'
