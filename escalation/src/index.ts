export { APPROVAL_TYPE, approvalKey, parseOpenApproval } from './approval/approval-definition.ts'
export { APPROVAL_KINDS, type ApprovalKind } from './approval/approval-context.ts'
export { accountRefusalOf, type Approval, approvalContext, approvalView } from './approval/approval-view.ts'
export { escalationDefinitions } from './definitions.ts'
export { figureSources } from './figures/figure-sources.ts'
export { operatorFigures, type OperatorFigures } from './figures/operator-figures.ts'
export {
  commandSchema,
  type IncidentCommand,
  type IncidentCommands,
  incidentCommands,
  type IncidentCommandType,
} from './incident/commands.ts'
export { forecast, type ForecastStep } from './incident/forecast.ts'
export { type IncidentContext, reachable, rungOf } from './incident/incident-context.ts'
export {
  INCIDENT_LIMIT,
  INCIDENT_TYPE,
  incidentDefinition,
  incidentKey,
  parseOpenIncident,
  refusalIn,
} from './incident/incident-definition.ts'
export { type Incident, incidentContext, incidentView } from './incident/incident-view.ts'
export { type Note, NOTE_TYPE, noteView, parseOpenNote } from './note/note-definition.ts'
export { NOTIFICATION_TYPE, notificationContext } from './notification/notification-definition.ts'
export { type Outlet, OUTLETS_MAX } from './notification/notification.machine.ts'
export { pinPolicy } from './policy/pin-policy.ts'
export type { PathStep, Policy } from './policy/policy.ts'
export {
  type OpenSilence,
  parseOpenSilence,
  type Silence,
  SILENCE_TYPE,
  silenceView,
} from './silence/silence-definition.ts'
export { foldStory, type Story, type StoryMoment } from './incident/story.ts'
export { timeline, type TimelineEvent } from './incident/timeline.ts'
