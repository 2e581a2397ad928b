import { forecast, type ForecastStep, type Story, type StoryMoment } from '@esa/escalation'
import { agentName, agentNames } from '../agent-names.ts'

/** What comes after a moment without an answer. */
export function comingAfter({ policy }: Story, moment: StoryMoment): ForecastStep[] {
  return forecast(policy, moment)
}

/** The state of an incident while its timer runs, or undefined where the badge says it all. */
export function standingWords({ status, heldBy, addressees, silenced }: StoryMoment): string | undefined {
  switch (status) {
    case 'triggered':
      return `${agentNames(addressees)} ${addressees.length === 1 ? 'was' : 'were'} notified`
    case 'acknowledged':
      return heldBy === null ? undefined : `${agentName(heldBy)} has it`
    case 'suppressed':
      return silenced ? 'a silence holds it back' : 'the wait is paused'
    default:
      return undefined
  }
}

/** What a step to come is, in words that go on with "in 29:41" or "at 16:05". */
export function stepWords({ what, agents }: ForecastStep): string {
  switch (what) {
    case 'told':
      return agentNames(agents)
    case 'told-again':
      return `${agentNames(agents)} once more`
    case 'resumed':
      return 'the wait goes on'
    case 'exhausted':
      return 'escalation exhausted: an alarm'
    case 'alarm':
      return 'the alarm again'
  }
}
