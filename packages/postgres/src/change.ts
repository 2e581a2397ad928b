export { type Hints } from './change/hints.ts'
export { planMigration } from './change/plan-migration.ts'
export {
  type BackfillStep,
  type Change,
  type LockTaken,
  type MigrationPlan,
  type Phase,
  type PhaseName,
  PHASES,
  sealPlan,
  type StatementStep,
  type Step,
  type Unplanned,
  type VerifyStep,
} from './change/plan.ts'
export { type Batch, runBatch, type WalkPlace } from './change/run-batch.ts'
