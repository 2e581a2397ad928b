import { recordedSteps, type StoredEvent } from '@esa/store'
import type { Policy } from '@esa/escalation'

/** An incident as docs/escalation.md has it: a second, plain reading of the ladder that knows nothing of the machine. */
interface Ladder {
  policy: Policy
  status: 'triggered' | 'acknowledged' | 'snoozed' | 'suppressed' | 'exhausted' | 'resolved'
  index: number
  dueAt: number | null
  addressees: string[]
  declined: string[]
  told: string[]
  frozenMs: number
  ceoToldAgain: boolean
  dataLoss: boolean
}

type Given = { type: string; as?: string; forMs?: number; epoch?: number; to?: string; category?: string }

/** The state of an incident by the oracle. */
export interface Forecast {
  faults: string[]
  status: string
  index: number
  dueAt: number | null
}

/**
 * Says from the inputs of a log alone what must have happened, and where the log differs. No agent is
 * stopped and every notice can be delivered in these runs, so no level is passed.
 */
export function foretell(events: StoredEvent[]): Forecast {
  let ladder: Ladder | null = null
  let epoch = 0
  const faults: string[] = []
  for (const { input, env, events: written } of recordedSteps(events)) {
    const { at } = env
    let expected: string[]
    if (ladder === null) {
      ladder = opened(written[0]!.data['policy'] as unknown as Policy)
      const copies = ladder.policy.copies.length > 0 ? ['incident.copied'] : []
      expected = ['incident.opened', ...copies, ...enter(ladder, at)]
    } else if (input.kind === 'timer') {
      if (ladder.dueAt === null || at <= ladder.dueAt) faults.push(`${input.id}: served early`)
      expected = serve(ladder, at)
    } else {
      const given = (input.kind === 'event' ? input.event : {}) as Given
      if (ladder.dueAt !== null && at > ladder.dueAt) faults.push(`${given.type}: before an overdue deadline`)
      expected = given.type.startsWith('notice.') ? [given.type] : command(ladder, given, at, epoch)
    }
    const told = written.map(({ type, level }) => (LEVELLED.has(type) ? `${type} ${level}` : type))
    if (told.join() !== expected.join())
      faults.push(`${input.id}: expected ${expected.join(', ')}, the log has ${told.join(', ')}`)
    epoch = written.at(-1)!.epoch
  }
  return { faults, status: ladder?.status ?? '', index: ladder?.index ?? 0, dueAt: ladder?.dueAt ?? null }
}

/** Events whose level is foretold with them. */
const LEVELLED = new Set(['incident.notified', 'incident.escalated', 'incident.raised'])

function opened(policy: Policy): Ladder {
  return {
    policy,
    status: 'triggered',
    index: 0,
    dueAt: null,
    addressees: [],
    declined: [],
    told: [],
    frozenMs: 0,
    ceoToldAgain: false,
    dataLoss: policy.category === 'data-loss',
  }
}

/** Its level is notified, and has its full wait. */
function enter(ladder: Ladder, at: number): string[] {
  const { level, agents, waitMs } = ladder.policy.path[ladder.index]!
  ladder.addressees = agents
  ladder.declined = []
  ladder.told = [...ladder.told, ...agents]
  ladder.status = 'triggered'
  ladder.dueAt = at + waitMs
  return [`incident.notified ${level}`]
}

function climb(ladder: Ladder, at: number): string[] {
  const { path, alarmEveryMs } = ladder.policy
  if (ladder.index < path.length - 1) {
    ladder.index++
    return [`incident.escalated ${path[ladder.index]!.level}`, ...enter(ladder, at)]
  }
  if (!ladder.ceoToldAgain) {
    ladder.ceoToldAgain = true
    return enter(ladder, at)
  }
  ladder.status = 'exhausted'
  ladder.dueAt = at + alarmEveryMs
  return ['incident.exhausted']
}

function serve(ladder: Ladder, at: number): string[] {
  switch (ladder.status) {
    case 'triggered':
      return climb(ladder, at)
    case 'acknowledged':
      return ['incident.ack_expired', ...enter(ladder, at)]
    case 'snoozed':
      return ['incident.snooze_ended', ...enter(ladder, at)]
    case 'suppressed':
      return thaw(ladder, at)
    case 'exhausted':
      ladder.dueAt = at + ladder.policy.alarmEveryMs
      return ['incident.alarmed']
    case 'resolved':
      return ['nothing: it is resolved']
  }
}

function thaw(ladder: Ladder, at: number): string[] {
  ladder.status = 'triggered'
  ladder.dueAt = at + ladder.frozenMs
  return ['incident.unsuppressed']
}

/** What a command leads to: a row of the table "States, commands" each. */
function command(ladder: Ladder, given: Given, at: number, epoch: number): string[] {
  if (given.type === 'open') return duplicate(ladder, given, at)
  if (isRefused(ladder, given, epoch)) return ['command.refused']
  const as = given.as ?? ''
  switch (given.type) {
    case 'acknowledge':
      ladder.status = 'acknowledged'
      ladder.dueAt = at + (given.forMs ?? ladder.policy.ackTimeoutMs)
      return ['incident.acknowledged', ...(others(ladder, as).length > 0 ? ['incident.taken'] : [])]
    case 'decline':
      ladder.declined = as === 'operator' ? ladder.addressees : [...ladder.declined, as]
      return ['incident.declined', ...(left(ladder) === 0 ? climb(ladder, at) : [])]
    case 'snooze':
      ladder.status = 'snoozed'
      ladder.dueAt = at + (given.forMs ?? 0)
      return ['incident.snoozed']
    case 'suppress':
      ladder.frozenMs = (ladder.dueAt ?? at) - at
      ladder.status = 'suppressed'
      ladder.dueAt = at + (given.forMs ?? 0)
      return ['incident.suppressed']
    case 'unsuppress':
      return thaw(ladder, at)
    case 'escalate':
      return climb(ladder, at)
    case 'raise':
      return ['incident.raised ceo', ...raise(ladder, at)]
    default:
      ladder.status = 'resolved'
      ladder.dueAt = null
      return [given.type === 'withdraw' ? 'incident.withdrawn' : 'incident.resolved']
  }
}

function duplicate(ladder: Ladder, { category }: Given, at: number): string[] {
  const raises = category === 'data-loss' && !ladder.dataLoss
  return ['incident.duplicated', ...(raises ? ['incident.raised ceo', ...raise(ladder, at)] : [])]
}

function raise(ladder: Ladder, at: number): string[] {
  ladder.dataLoss = true
  ladder.index = ladder.policy.path.length - 1
  return enter(ladder, at)
}

function isRefused(ladder: Ladder, given: Given, epoch: number): boolean {
  const { status, policy, index, dataLoss } = ladder
  const as = given.as ?? ''
  const atCeo = index === policy.path.length - 1
  const above = policy.path.slice(index + 1).some(({ agents }) => agents.includes(as))
  const responds = as === 'operator' || ladder.told.includes(as) || above
  const opener = as === 'operator' || as === policy.agent
  switch (given.type) {
    case 'acknowledge':
      return !responds || !['triggered', 'snoozed', 'exhausted'].includes(status)
    case 'decline':
      return (
        status !== 'triggered' ||
        ladder.declined.includes(as) ||
        (as !== 'operator' && !ladder.addressees.includes(as))
      )
    case 'snooze':
      return !responds || atCeo || dataLoss || !['triggered', 'acknowledged'].includes(status)
    case 'suppress':
      return as !== 'operator' || atCeo || dataLoss || status !== 'triggered'
    case 'unsuppress':
      return as !== 'operator' || status !== 'suppressed'
    case 'escalate': {
      const stale = given.epoch !== undefined && given.epoch !== epoch
      return stale || !(responds || opener) || !['triggered', 'acknowledged', 'snoozed'].includes(status)
    }
    case 'raise':
      return !opener || dataLoss || status === 'resolved'
    case 'withdraw':
      return !opener || status === 'resolved'
    default:
      return !responds || status === 'resolved'
  }
}

function others({ addressees }: Ladder, as: string): string[] {
  return addressees.filter((agent) => agent !== as)
}

function left({ addressees, declined }: Ladder): number {
  return addressees.filter((agent) => !declined.includes(agent)).length
}
