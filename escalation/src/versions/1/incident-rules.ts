import { type AgentId, HOLD_MAX_MS, SNOOZE_MAX_MS } from '@esa/protocol'
import type { IncidentCommand } from '../../incident/commands.ts'
import type { StepFacts } from '@esa/actor'
import type { RefusalCode } from '../../incident/incident-rules.ts'
import { atCeo, type IncidentContext } from './incident-context.ts'

/**
 * The reason to refuse a command for what it asks or who asks, or null. Which state takes which command is the
 * machine's own structure: a command that only its state refuses is `incident.wrong-state`.
 */
export function refusalOf(
  context: IncidentContext,
  command: IncidentCommand & StepFacts,
): RefusalCode | null {
  return isAllowed(context, command) ? limitOf(context, command) : 'incident.not-allowed'
}

/** Who may act. Source: docs/escalation.md, "Who may act". */
function isAllowed(context: IncidentContext, { type, as, facts }: IncidentCommand & StepFacts): boolean {
  if (as === 'operator') return true
  // A stopped agent is out of reach both ways: the person in its seat must not hold an incident either.
  if (facts.unreachable.includes(as)) return false
  const opener = context.policy.agent
  switch (type) {
    case 'acknowledge':
    case 'resolve':
    case 'snooze':
      return isResponder(context, as)
    case 'escalate':
      return isResponder(context, as) || as === opener
    case 'withdraw':
    case 'raise':
      return as === opener
    case 'decline':
      return context.addressees.includes(as)
    case 'suppress':
    case 'unsuppress':
    case 'reassign':
      return false
  }
}

/** Notified at any level of this incident so far, or above on its path. */
function isResponder(context: IncidentContext, as: AgentId): boolean {
  const above = context.policy.path.slice(context.index + 1)
  return context.told.includes(as) || above.some(({ agents }) => agents.includes(as))
}

function limitOf(context: IncidentContext, command: IncidentCommand & StepFacts): RefusalCode | null {
  switch (command.type) {
    case 'acknowledge':
      return (command.forMs ?? 0) > HOLD_MAX_MS ? 'incident.too-long' : null
    case 'decline':
      return context.declined.includes(command.as) ? 'incident.already-declined' : null
    case 'snooze':
      return quietLimit(context) ?? (command.forMs > SNOOZE_MAX_MS ? 'incident.too-long' : null)
    case 'suppress':
      return quietLimit(context) ?? (command.forMs > HOLD_MAX_MS ? 'incident.too-long' : null)
    case 'escalate':
      return command.epoch !== undefined && command.epoch !== command.facts.epoch
        ? 'incident.already-escalated'
        : null
    case 'raise':
      return context.dataLoss ? 'incident.already-data-loss' : null
    case 'reassign':
      return reassignLimit(context, command.to, command.facts.unreachable)
    case 'unsuppress':
    case 'resolve':
    case 'withdraw':
      return null
  }
}

/** Nothing may quieten the CEO's rung or a data loss. */
function quietLimit(context: IncidentContext): RefusalCode | null {
  if (context.dataLoss) return 'incident.data-loss'
  return atCeo(context) ? 'incident.at-ceo' : null
}

function reassignLimit(context: IncidentContext, to: AgentId, unreachable: AgentId[]): RefusalCode | null {
  if (to === context.policy.agent) return 'incident.own-path'
  return unreachable.includes(to) ? 'incident.unreachable' : null
}
