import { formatDuration } from '@esa/protocol'
import { agentNames, sentence } from '../agent-names.ts'
import type { Incident } from '../api.ts'
import { clockText } from '../durations.ts'
import type { Action } from './possible-actions.ts'

/** What an action did, from the incident as it was committed: "Acknowledged for 1 h. Escalation paused until 23:47." */
export function doneWords(
  action: Action,
  { deadlineAt, nowAt, addressees, level }: Incident,
  forMs: number | null,
): string {
  const until = deadlineAt === null ? null : clockText(Date.parse(deadlineAt), Date.parse(nowAt))
  const lasts = forMs === null ? '' : ` for ${formatDuration(forMs)}`
  const paused = until === null ? '' : ` Escalation paused until ${until}.`
  const next = until === null ? '' : ` The next deadline is ${until}.`
  const notified = `${sentence(agentNames(addressees))} ${addressees.length > 1 ? 'were' : 'was'} notified.`
  switch (action) {
    case 'acknowledge':
      return `Acknowledged${lasts}.${paused}`
    case 'snooze':
      return `Snoozed${lasts}.${paused}`
    case 'suppress':
      return `Suppressed${lasts}.${paused}`
    case 'unsuppress':
      return `No longer suppressed.${next}`
    case 'escalate':
      return `Escalated to level ${level === 'ceo' ? 'CEO' : level}. ${notified}${next}`
    case 'reassign':
      return `Reassigned. ${notified}${next}`
    case 'decline':
      return `Declined. It waits for ${agentNames(addressees)}.${next}`
    case 'raise':
      return `Raised to data loss. ${notified}${next}`
    case 'resolve':
      return 'Resolved. All timers stopped.'
    case 'withdraw':
      return 'Withdrawn. All timers stopped.'
  }
}
