import { forecast, type ForecastStep, type Story, type StoryMoment } from '@esa/escalation'
import { agentNames } from '../agent-names.ts'

/** What comes after a moment if nobody answers. */
export function comingAfter({ policy }: Story, moment: StoryMoment): ForecastStep[] {
  return forecast(policy, moment)
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
      return 'nobody is left: an alarm'
    case 'alarm':
      return 'the alarm again'
  }
}
