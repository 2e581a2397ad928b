export { APPROVAL_TYPE, approvalDefinition, approvalKey, parseOpenApproval } from './approval-definition.ts'
export { APPROVAL_KINDS, type ApprovalKind } from './approval-context.ts'
export { accountRefusalOf, type Approval, approvalContext, approvalView } from './approval-view.ts'
export {
  DAY_MS,
  DAY_TYPES,
  FACTS_MAX,
  MONTH_MS,
  MONTH_TYPES,
  OPENED_FIELDS,
  OUTLINE_FIELDS,
} from './figures/figure-sources.ts'
export { operatorFigures, type OperatorFigures } from './figures/operator-figures.ts'
export { forecast, type ForecastStep } from './forecast.ts'
export { type IncidentContext, reachable, rungOf } from './incident-context.ts'
export {
  INCIDENT_LIMIT,
  INCIDENT_TYPE,
  incidentDefinition,
  incidentKey,
  parseOpenIncident,
  refusalIn,
} from './incident-definition.ts'
export { type Incident, incidentContext, incidentView } from './incident-view.ts'
export { incidentMachine } from './incident.machine.ts'
export { type Note, NOTE_TYPE, noteDefinition, noteView, parseOpenNote } from './note-definition.ts'
export { NOTIFICATION_TYPE, notificationContext, notificationDefinition } from './notification-definition.ts'
export { type Outlet, OUTLETS_MAX } from './notification.machine.ts'
export { pinPolicy } from './pin-policy.ts'
export type { PathStep, Policy } from './policy.ts'
export {
  type OpenSilence,
  parseOpenSilence,
  type Silence,
  SILENCE_TYPE,
  silenceDefinition,
  silenceView,
} from './silence-definition.ts'
export { foldStory, type Story, type StoryMoment } from './story.ts'
export { timeline, type TimelineEvent } from './timeline.ts'
