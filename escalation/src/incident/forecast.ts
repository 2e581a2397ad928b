import { rungAt, type StoryMoment } from './story.ts'
import type { Policy } from '../policy/policy.ts'

/** What happens at a time to come without an answer: who is notified, or that an alarm leaves the bus. */
export interface ForecastStep {
  /** Ms since the Unix epoch; exact for the first step, and for later ones if each timer is served on time. */
  at: number
  /** `told`: a level is notified for the first time; `told-again`: the same one once more; `resumed`: the wait goes on; `exhausted`, `alarm`: an alarm. */
  what: 'told' | 'told-again' | 'resumed' | 'exhausted' | 'alarm'
  level: string
  agents: string[]
}

/**
 * What comes next on a pinned ladder without an answer, up to the alarm that ends it. That an agent cannot be reached shows only
 * when its turn comes, so it is not foreseen. Source: docs/escalation.md, "States and commands".
 */
export function forecast(policy: Policy, moment: StoryMoment): ForecastStep[] {
  const { dueAt, status, remainingMs } = moment
  const { rung, index } = rungAt(policy, moment.level)
  const here = { level: rung.level, agents: rung.agents }
  // Between two events of one step: the level is notified in the same transaction.
  if (status === 'entering')
    return [
      { at: moment.at, what: 'told', ...here },
      ...climbing(policy, index, moment.at + rung.waitMs, false),
    ]
  if (dueAt === null) return []
  switch (status) {
    case 'triggered':
      return climbing(policy, index, dueAt, moment.ceoToldAgain)
    case 'acknowledged':
    case 'snoozed':
      return [
        { at: dueAt, what: 'told-again', ...here },
        ...climbing(policy, index, dueAt + rung.waitMs, moment.ceoToldAgain),
      ]
    case 'suppressed':
      return moment.silenced
        ? [{ at: dueAt, what: 'told', ...here }, ...climbing(policy, index, dueAt + rung.waitMs, false)]
        : [
            { at: dueAt, what: 'resumed', ...here },
            ...climbing(policy, index, dueAt + (remainingMs ?? 0), moment.ceoToldAgain),
          ]
    case 'exhausted':
      return [{ at: dueAt, what: 'alarm', ...here }]
    default:
      return []
  }
}

/** From a wait that is missed at `at` on a rung, to the end of the ladder. */
function climbing(policy: Policy, index: number, at: number, ceoToldAgain: boolean): ForecastStep[] {
  const steps: ForecastStep[] = []
  let next = at
  for (const { level, agents, waitMs } of policy.path.slice(index + 1)) {
    steps.push({ at: next, what: 'told', level, agents })
    next += waitMs
  }
  const top = policy.path.at(-1)
  if (top === undefined) return steps
  const { level, agents, waitMs } = top
  if (!ceoToldAgain) {
    steps.push({ at: next, what: 'told-again', level, agents })
    next += waitMs
  }
  return [...steps, { at: next, what: 'exhausted', level, agents }]
}
