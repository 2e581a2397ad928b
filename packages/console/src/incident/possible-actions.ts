import type { Story, StoryMoment } from '@esa/escalation'

/** The commands of an incident, the most frequent first. */
export const ACTIONS = [
  'acknowledge',
  'escalate',
  'resolve',
  'snooze',
  'suppress',
  'unsuppress',
  'reassign',
  'decline',
  'raise',
  'withdraw',
] as const
export type Action = (typeof ACTIONS)[number]

const OPEN = ['triggered', 'acknowledged', 'snoozed', 'suppressed', 'exhausted']

/** The states that take an action. Source: docs/escalation.md, "States and commands". */
const TAKEN_IN: Record<Action, readonly string[]> = {
  acknowledge: ['triggered', 'snoozed', 'exhausted'],
  escalate: ['triggered', 'acknowledged', 'snoozed'],
  resolve: OPEN,
  snooze: ['triggered', 'acknowledged'],
  suppress: ['triggered'],
  unsuppress: ['suppressed'],
  reassign: ['triggered', 'acknowledged'],
  decline: ['triggered'],
  raise: OPEN,
  withdraw: OPEN,
}

/** Why an operator cannot ask for this now, or null. The server decides; this only saves a click that it would refuse. */
export function whyNot({ policy }: Story, moment: StoryMoment, action: Action): string | null {
  const { status, dataLoss, level } = moment
  if (status === 'resolved') return 'it is resolved'
  if (!TAKEN_IN[action].includes(status)) return `not while it is ${status}`
  if (action === 'raise' && dataLoss) return 'it counts as data loss already'
  if (action === 'snooze' || action === 'suppress') {
    if (dataLoss) return 'nothing may quieten a data loss'
    if (level === policy.path.at(-1)?.level) return 'nothing may quieten the CEO’s level'
  }
  return null
}
