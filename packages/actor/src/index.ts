export {
  type ActorDefinition,
  type ActorEvent,
  type ActorState,
  type ArmedTimer,
  CLOSED_TAG,
  type Effect,
  effects,
  type OpenParams,
  type Opening,
  type PerformParams,
  type RecordParams,
  type SendParams,
  type StepEnv,
  type StepFacts,
  type StepInput,
} from './actor-definition.ts'
export { checkDefinition } from './check-definition.ts'
export { type EventOf, type EventRows, eventSchema } from './event-rows.ts'
export { type RecordedStep, replay, type Replay } from './replay.ts'
export { activeStates, type ChartState, type ChartTransition, statechartOf } from './statechart.ts'
export { isDue, step, type Step } from './step.ts'
export {
  type ActivityContext,
  type ActivityHandler,
  type ActivityMessage,
  type ActivityOpening,
} from './activity-handler.ts'
export { type Change, toActions } from './to-actions.ts'
