export {
  type AgentFigures,
  aggregate,
  figuresOf,
  teamOf,
  trendOf,
  type WindowFigures,
} from './agent-figures.ts'
export { judgement, STATEMENT } from './approval.ts'
export {
  askBack,
  askFor,
  decline,
  handOn,
  isMeasured,
  PEER_ANSWER_MS,
  pendingFor,
  report,
  taken,
} from './asking.ts'
export { type Behaviors, behaviorsOf, defineBehavior } from './behaviors.ts'
export { cardFacts, goesBy } from './card-facts.ts'
export { followedBy } from './in-turn.ts'
export { receive } from './inbox.ts'
export { type Intent, intentsOf, routeQuestion } from './intents.ts'
export { mediate, mediateClimbed } from './mediation.ts'
export type { AgentContext, AgentEvent, Awaited, Decision, InboxItem } from './mind.ts'
export { evidenceOf, type Mind, type Notice, type Skill, type TaskAbout } from './mind.ts'
export { declinedActivities } from './needs.ts'
export { overloadedIn, watchOrganisation, watchWorkload } from './overload-watch.ts'
export { objectOf, without } from './records.ts'
export { HAND_OVER, type Workload, workloadOf } from './workload.ts'
