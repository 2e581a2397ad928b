export { type IncidentContext, reachable, rungOf } from './incident-context.ts'
export {
  INCIDENT_TYPE,
  incidentDefinition,
  incidentKey,
  parseOpenIncident,
  refusalIn,
} from './incident-definition.ts'
export { type RefusalCode } from './incident-rules.ts'
export { type Incident, incidentContext, incidentView } from './incident-view.ts'
export { incidentMachine } from './incident.machine.ts'
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
export { timeline, type TimelineEvent } from './timeline.ts'
