import type { Change as ChangeOf, RecordParams, StepFacts } from '@esa/actor'
import type { Json, JsonObject } from '@esa/protocol'
import type { IncidentCommand } from './commands.ts'
import { type HeldBySilence, type IncidentContext, rungOf, silenceOf } from './incident-context.ts'
import { alarm, alarmed, deliver, take } from './incident-notices.ts'
import type { DuplicateOpen, NoticeFact } from './incident-events.ts'
import type { RefusalCode } from './incident-rules.ts'

type Change = ChangeOf<IncidentContext>
/** What every event of an incident may have: its name, and who acts. */
type Seen = StepFacts & { type: string; as?: string; by?: string | undefined }
type Command<T extends IncidentCommand['type']> = Extract<IncidentCommand, { type: T }>

/** Opens the incident with its whole policy in the log, and sends the copies that its category asks for. */
export function begin(context: IncidentContext, event: Seen): Change {
  const { policy, title, evidence, dedupKey, openedBy } = context
  const data: JsonObject = { policy, title, evidence, dedupKey, openedBy, dataLoss: context.dataLoss }
  const record: RecordParams[] = [
    { type: 'incident.opened', actor: policy.agent, level: rungOf(context).level, data },
  ]
  if (policy.copies.length > 0) record.push({ type: 'incident.copied', data: { targets: policy.copies } })
  const perform = policy.copies.map((target) => deliver(context, event, target, 'incident.copy'))
  return { set: { openedAt: event.at }, record, perform }
}

/** Opens under a silence: the first rung's whole wait is kept for its end, and the silence learns whom it holds back. */
export function suppressAtOpen(context: IncidentContext, event: Seen): Change {
  const { id, until, reason } = heldBack(context)
  const { level, waitMs } = rungOf(context)
  const data = { silence: id, until, reason, remainingMs: waitMs }
  return {
    set: { remainingMs: waitMs, suppressMs: until - event.at },
    record: [{ type: 'incident.suppressed', level, data }],
    send: [{ to: id, type: 'silence.hold', body: { incidentId: event.facts.actorId } }],
  }
}

/** The silence is over for this incident: its first level is notified now. */
export function release(context: IncidentContext, event: Seen): Change {
  const data = by(event, { silence: heldBack(context).id, remainingMs: context.remainingMs })
  const record = {
    type: 'incident.unsuppressed',
    level: rungOf(context).level,
    actor: event.as,
    data,
  }
  return { set: { remainingMs: 0 }, record: [record] }
}

/** Tells the addressees of this rung, in the transaction that enters it. */
export function tell(context: IncidentContext, event: Seen): Change {
  const notificationRound = context.notificationRound + 1
  const { addressees } = context
  const notified = [...new Set([...context.notified, ...addressees])]
  const level = rungOf(context).level
  const data: JsonObject = {
    targets: addressees,
    visit: notificationRound,
    cause: causeOf(event),
    cardLine: rungOf(context).cardLine,
  }
  const next = { ...context, notificationRound }
  return {
    set: { notificationRound, notified },
    record: [{ type: 'incident.notified', level, data }],
    perform: addressees.map((target) => deliver(next, event, target, 'incident.notice')),
  }
}

/** Enters a level: its own agents, none declined, its full wait. */
export function enterRung(context: IncidentContext): Change {
  const { agents, waitMs } = rungOf(context)
  const silence = silenceOf(context) === null ? {} : { silence: null }
  return { set: { addressees: agents, declined: [], failed: [], acknowledgedBy: null, waitMs, ...silence } }
}

/** One rung up after a missed wait, a last decline or a command to escalate. */
export function climb(context: IncidentContext, event: Seen): Change {
  const index = context.index + 1
  const { level } = rungOf({ ...context, index })
  const data = by(event, { from: rungOf(context).level, cause: causeOf(event) })
  return { set: { index }, record: [{ type: 'incident.escalated', level, actor: event.as, data }] }
}

/** The CEO missed the wait: notified once more in an incident's life. */
export function renotifyCeo(): Change {
  return { set: { ceoRenotified: true } }
}

/** Passes a level without a reachable agent, with an alarm. */
export function passLevel(context: IncidentContext): Change {
  const next = rungOf({ ...context, index: context.index + 1 })
  const data = { agents: context.addressees, to: next.level, why: 'nobody at this level can be reached' }
  return {
    set: { index: context.index + 1 },
    record: [{ type: 'incident.level_passed', level: rungOf(context).level, data }],
    perform: [alarm(context, 'level passed: nobody there can be reached')],
  }
}

/** The CEO cannot be reached: the wait stays, and an alarm leaves the bus. */
export function alarmUnreachableCeo(context: IncidentContext): Change {
  return alarmed(context, 'the CEO cannot be reached')
}

/** The ladder ends here: an alarm that leaves the bus, and that repeats by the incident's own timer. */
export function exhaust(context: IncidentContext): Change {
  return {
    set: { acknowledgedBy: null },
    record: [{ type: 'incident.exhausted', level: rungOf(context).level, data: {} }],
    perform: [alarm(context, 'exhausted: nobody acknowledged on any level')],
  }
}

/** The repeated alarm of an exhausted incident. */
export function alarmAgain(context: IncidentContext): Change {
  return alarmed(context, 'still exhausted: nobody acknowledged on any level')
}

/** Stops the wait; the others learn that it is taken. */
export function acknowledge(
  context: IncidentContext,
  step: StepFacts,
  event: Command<'acknowledge'>,
): Change {
  const holdMs = event.forMs ?? context.policy.ackTimeoutMs
  const others = context.addressees.filter((agent) => agent !== event.as)
  const taken = take(context, { ...step, as: event.as }, others)
  const record = {
    type: 'incident.acknowledged',
    level: rungOf(context).level,
    actor: event.as,
    data: by(event, { forMs: holdMs }),
  }
  return {
    set: { acknowledgedBy: event.as, holdMs },
    record: [record, ...taken.record],
    perform: taken.perform,
  }
}

/** An acknowledgement ran out: the same level is notified again. */
export function expireAck(context: IncidentContext): Change {
  const data = { heldBy: context.acknowledgedBy }
  return { record: [{ type: 'incident.ack_expired', level: rungOf(context).level, data }] }
}

/** Its holder was stopped: the acknowledgement ends here, and the same level is notified again. */
export function releaseAcknowledgement(context: IncidentContext): Change {
  const data = { heldBy: context.acknowledgedBy, why: 'the agent was stopped' }
  return { record: [{ type: 'incident.ack_expired', level: rungOf(context).level, data }] }
}

/** Records a decline; an operator declines for all addressees. */
export function decline(context: IncidentContext, _: StepFacts, event: Command<'decline'>): Change {
  return {
    set: { declined: declinedAfter(context, event) },
    record: [{ type: 'incident.declined', actor: event.as, data: by(event, { reason: event.reason }) }],
  }
}

/** Who has declined once this command counts. */
export function declinedAfter(context: IncidentContext, { as }: Command<'decline'>): string[] {
  return as === 'operator' ? context.addressees : [...context.declined, as]
}

/** Quiet until the snooze ends; then the same level is notified again. */
export function snooze(_: IncidentContext, __: StepFacts, event: Command<'snooze'>): Change {
  const data = by(event, { forMs: event.forMs })
  return {
    set: { snoozeMs: event.forMs, acknowledgedBy: null },
    record: [{ type: 'incident.snoozed', actor: event.as, data }],
  }
}

/** The snooze is over. */
export function endSnooze(context: IncidentContext): Change {
  return { record: [{ type: 'incident.snooze_ended', level: rungOf(context).level, data: {} }] }
}

/** Freezes what is left of the wait. */
export function suppress(_: IncidentContext, step: StepFacts, event: Command<'suppress'>): Change {
  const remainingMs = leftOf(step)
  const data = by(event, { forMs: event.forMs, remainingMs })
  return {
    set: { remainingMs, suppressMs: event.forMs },
    record: [{ type: 'incident.suppressed', actor: event.as, data }],
  }
}

/** The frozen wait goes on from here; without a new notice. */
export function unsuppress(context: IncidentContext, event: Seen): Change {
  const { remainingMs } = context
  const data = by(event, { remainingMs })
  const { level } = rungOf(context)
  const record = { type: 'incident.unsuppressed', level, actor: event.as, data }
  return { set: { waitMs: remainingMs, remainingMs: 0 }, record: [record] }
}

/** Replaces this round's addressees; the former ones learn that it is taken. */
export function reassign(context: IncidentContext, step: StepFacts, event: Command<'reassign'>): Change {
  const former = context.addressees.filter((agent) => agent !== event.to)
  const taken = take(context, { ...step, as: event.as }, former)
  const data = by(event, { to: event.to, from: context.addressees })
  return {
    set: { addressees: [event.to], declined: [], failed: [], acknowledgedBy: null },
    record: [
      { type: 'incident.reassigned', level: rungOf(context).level, actor: event.as, data },
      ...taken.record,
    ],
    perform: taken.perform,
  }
}

/** A reassignment while the wait runs leaves its deadline where it is. */
export function keepDeadline(_: IncidentContext, event: Seen): Change {
  return { set: { waitMs: leftOf(event) } }
}

/** A reassignment out of an acknowledgement starts the rung's full wait. */
export function fullWait(context: IncidentContext): Change {
  return { set: { waitMs: rungOf(context).waitMs } }
}

/** Counts as data loss from now on and is at the CEO's level. */
export function raise(context: IncidentContext, event: Seen): Change {
  const index = context.policy.path.length - 1
  const data = by(event, { from: rungOf(context).level })
  const record = {
    type: 'incident.raised',
    level: rungOf({ ...context, index }).level,
    actor: event.as,
    data,
  }
  return { set: { index, dataLoss: true }, record: [record] }
}

/** A second open with the same key: counted, and nothing else. */
export function countDuplicate(context: IncidentContext, _: StepFacts, event: DuplicateOpen): Change {
  const duplicates = context.duplicates + 1
  const data = { duplicates, category: event.category }
  return { set: { duplicates }, record: [{ type: 'incident.duplicated', actor: context.policy.agent, data }] }
}

/** The end of the incident. */
export function resolve(context: IncidentContext, step: StepFacts, event: Command<'resolve'>): Change {
  const data = by(event, { cause: event.cause })
  return close(
    context,
    { type: 'incident.resolved', level: rungOf(context).level, actor: event.as, data },
    step,
  )
}

/** The opener takes the incident back. */
export function withdraw(context: IncidentContext, step: StepFacts, event: Command<'withdraw'>): Change {
  return close(
    context,
    {
      type: 'incident.withdrawn',
      level: rungOf(context).level,
      actor: event.as,
      data: by(event, { because: event.because }),
    },
    step,
  )
}

/** A refused command leaves this fact and nothing else. */
export function refuse(event: IncidentCommand, code: RefusalCode): Change {
  return {
    record: [{ type: 'command.refused', actor: event.as, data: by(event, { command: event.type, code }) }],
  }
}

/** What became of a notice. */
export function noteNotice(_: IncidentContext, __: StepFacts, event: NoticeFact): Change {
  const { target, visit, why, level } = event
  return { record: [{ type: event.type, level, actor: target, data: { target, visit, why } }] }
}

/** The notice of this round did not reach `target`. */
export function noteFailure(context: IncidentContext, step: StepFacts, event: NoticeFact): Change {
  return { ...noteNotice(context, step, event), set: { failed: [...context.failed, event.target] } }
}

function close(context: IncidentContext, record: RecordParams, step: StepFacts): Change {
  const perform = context.notified.map((target) => deliver(context, step, target, 'incident.closed'))
  return { record: [record], perform }
}

/** Milliseconds to the armed deadline; settling came first, so it is never negative. */
function leftOf(event: StepFacts): number {
  return Math.max(0, (event.facts.dueAt ?? event.at) - event.at)
}

/** Why a level is notified or left, in words for a timeline. */
const CAUSES: Record<string, string> = {
  start: 'opened',
  open: 'raised by a duplicate',
  decline: 'declined',
  escalate: 'escalate command',
  raise: 'raised',
  reassign: 'reassigned',
  'notice.failed': 'no notice reached the level below',
  'agent.stopped': 'an agent was stopped',
  'ack-wait': 'wait missed',
  'ack-timeout': 'acknowledgement ran out',
  'snooze-end': 'snooze ended',
  'suppression-end': 'silence is over',
  unsuppress: 'unsuppressed',
  'silence.ended': 'silence was ended',
}

function causeOf({ type }: Seen): string {
  const name = type.startsWith('xstate.after.') ? (type.split('.')[2] ?? type) : type
  return CAUSES[name] ?? name
}

function heldBack(context: IncidentContext): HeldBySilence {
  const silence = silenceOf(context)
  if (silence === null) throw new RangeError('no silence holds this incident back')
  return silence
}

/** The data with the person at the keyboard, where one spoke. */
function by(event: { by?: string | undefined }, data: { [key: string]: Json | undefined }): JsonObject {
  return { ...data, by: event.by }
}
