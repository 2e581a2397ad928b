export { type Hints } from './change/hints.ts'
export { planBetween, type PlanSources } from './change/plan-between.ts'
export { planChanges } from './change/plan-changes.ts'
export {
  type BackfillStep,
  type Change,
  isWayBackOnly,
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
export { planFiles } from './change/plan-text.ts'
export { type Batch, runBatch, type WalkPlace } from './change/run-batch.ts'
