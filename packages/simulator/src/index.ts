export { type History, type Turn, turnsOf } from './invariants/history.ts'
export {
  brokenInvariants,
  brokenWorldInvariants,
  checkableIn,
  type Invariant,
  INVARIANTS,
  WORLD_INVARIANTS,
  type WorldInvariant,
} from './invariants/invariants.ts'
export type { ActivityRow, CommitMark, Span, WorldHistory } from './invariants/world-history.ts'
export { parseScenario, type Scenario, scenarioSchema } from './scenario.ts'
export { seededRandom } from './seeded-random.ts'
export { simulate, type SimulatedEvent, type SimulationResult } from './simulate.ts'
export { drawPlan, type PlanSize } from './draw-plan.ts'
export { historySchema, parseHistory, type Plan } from './plan.ts'
export { invariantOf, shrinkPlan } from './shrink.ts'
export { soak, type Soak, type SoakReport } from './soak.ts'
export { runPlan, type SoakOptions, type SoakResult } from './soak-run.ts'
export { type Request, World, type WorldOptions } from './world.ts'
