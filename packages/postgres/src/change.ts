export { type Hints } from './change/hints.ts'
export { planChanges } from './change/plan-changes.ts'
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
