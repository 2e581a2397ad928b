export { agentDefinitions, agentType, mindOf } from './minds.ts'
export { cardFacts, goesBy } from './generic/card-facts.ts'
export {
  type AgentFigures,
  aggregate,
  figuresOf,
  teamOf,
  trendOf,
  type WindowFigures,
} from './generic/agent-figures.ts'
export { type AgentContext, type Awaited, type InboxItem } from './generic/mind.ts'
export { HAND_OVER, type Workload, workloadOf } from './generic/workload.ts'
export { ALONE } from './layers/layer-1/building.ts'
export { type Intent, intentsOf, routeQuestion } from './generic/intents.ts'
