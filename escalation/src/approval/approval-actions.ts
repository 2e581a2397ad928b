import type { Change, StepFacts } from '@esa/actor'
import { identityIn, type Json, type JsonObject, sameJson, textOf } from '@esa/protocol'
import type {
  ApprovalAgain,
  ApprovalCommand,
  ApprovalContext,
  ApprovalRefusal,
  Given,
} from './approval-context.ts'
import { lapsesAt } from './approval-persons.ts'
import {
  againRefusal,
  APPROVAL_LIFE_MS,
  approvalRefusal,
  isComplete,
  isRequester,
  senderOf,
} from './approval-rules.ts'

type Command = ApprovalCommand & StepFacts
type Again = ApprovalAgain & StepFacts
type Changed = Change<ApprovalContext>
type Sent = NonNullable<Changed['send']>[number]
type AnswerFacts = Pick<ApprovalContext, 'askedBy' | 'target' | 'hash' | 'kind' | 'reference'> & {
  replyTo?: string | null | undefined
}

/** Opens it: the agent in whose name it is requested proposes it to its chief. */
export function begin(context: ApprovalContext, { facts }: StepFacts): Changed {
  const { target, statement, hash, kind, askedBy, by, because, evidence, approvers, who } = context
  const request = { target, statement, hash, kind, by, because, evidence, approvers }
  const data = who === undefined ? request : { ...request, who }
  return {
    record: [{ type: 'approval.asked', actor: askedBy, data }],
    send: [asked(context, facts.actorId)],
  }
}

/** What the asker's mailbox proposes to its chief. */
function asked(context: ApprovalContext, approvalId: string): Sent {
  const { statement, because, evidence, by, answerMs, approvers, askers, askedBy } = context
  const asker = by ?? askers?.at(-1) ?? null
  const more = { statement, because, evidence, by: asker, answerMs, to: approvers[0] ?? null }
  return { ...told(context, approvalId, 'approval.asked', more), to: askedBy }
}

/**
 * Requested again before it was granted: it is proposed again with what is new. An approval that was given on other
 * evidence counts no more.
 */
export function askAgain(context: ApprovalContext, _: StepFacts, event: Again): Changed {
  const { given, evidence } = context
  const kept = hasOtherEvidence(context, event) ? [] : given
  const set = {
    ...taken(context, event),
    because: textOf(event.because) || context.because,
    evidence: orElse(event.evidence, evidence),
    given: kept,
  }
  const now = { ...context, ...set }
  const { hash, because } = now
  const data = {
    hash,
    by: event.by ?? null,
    because,
    evidence: now.evidence,
    void: given.length - kept.length,
  }
  return {
    set,
    record: [{ type: 'approval.asked_again', actor: context.askedBy, data }],
    send: [...superseded(context, now, event), asked(now, event.facts.actorId)],
  }
}

/** Requested again while it is granted: the new order may use it instead of the old one, on what it was granted on. */
export function grantAgain(context: ApprovalContext, _: StepFacts, event: Again): Changed {
  const set = taken(context, event)
  const now = { ...context, ...set }
  const data = { hash: context.hash, by: event.by ?? null, because: textOf(event.because) }
  const isOrder = Object.keys(orElse(event.reference, {})).length > 0
  return {
    set,
    record: [{ type: 'approval.asked_again', actor: context.askedBy, data }],
    send: isOrder
      ? [...superseded(context, now, event), told(now, event.facts.actorId, 'approval.granted')]
      : [],
  }
}

/** A second requester cannot approve it either; an order takes the place of the one before. */
function taken(
  { reference, replyTo, askers = [], askersWho = [], askedAt }: ApprovalContext,
  event: Again,
): Partial<ApprovalContext> {
  const by = textOf(event.by)
  const who = askedAt === undefined ? null : identityIn(event.who)
  return {
    ...(who === null ? {} : { askersWho: [...askersWho, who] }),
    // An approver is older than the last request.
    ...(askedAt === undefined ? {} : { askedAt: event.at }),
    reference: orElse(event.reference, reference),
    ...(replyTo === undefined ? {} : { replyTo: senderOf(event) ?? replyTo }),
    askers: by === '' || askers.includes(by) ? askers : [...askers, by],
  }
}

/** The order whose place another one takes learns that it is not answered by this approval any more. */
function superseded(before: ApprovalContext, now: ApprovalContext, { facts }: StepFacts): Sent[] {
  const { reference } = before
  if (Object.keys(reference).length === 0 || sameJson(reference, now.reference)) return []
  return [told(before, facts.actorId, 'approval.refused', { code: 'approval.asked-again' })]
}

/** True of a request with other evidence than the one before. */
export function hasOtherEvidence({ evidence }: ApprovalContext, event: ApprovalAgain): boolean {
  return !sameJson(orElse(event.evidence, evidence), evidence)
}

/** What was given, when it is an object that says something. */
function orElse(given: Json | undefined, other: JsonObject): JsonObject {
  const isObject = given !== null && typeof given === 'object' && !Array.isArray(given)
  return isObject && Object.keys(given).length > 0 ? given : other
}

/** Another agent requests the statement, or as another kind of change: this approval does not apply. */
export function refuseAgain(context: ApprovalContext, _: StepFacts, event: Again): Changed {
  const { facts, by = null } = event
  const askedBy = textOf(event.askedBy)
  const code = againRefusal(context, event)
  const replyTo = context.replyTo === undefined ? undefined : senderOf(event)
  const other = { ...context, askedBy, replyTo, reference: orElse(event.reference, {}) }
  return {
    record: [{ type: 'command.refused', actor: askedBy, data: { command: 'open', code, by } }],
    send: askedBy === '' ? [] : [told(other, facts.actorId, 'approval.refused', { code })],
  }
}

/** All approvals are valid for the same time, so the oldest ends first, and the whole grant lapses with it. */
export function give(context: ApprovalContext, _: StepFacts, event: Command): Changed {
  const { as, by, because, at, facts } = event
  const given: Given[] = [...context.given, givenBy(context, event)]
  const complete = isComplete({ ...context, given })
  const data = { hash: context.hash, by: by ?? null, because: because ?? null, given: given.length, complete }
  return {
    set: { given, armMs: lapsesAt(context, given, APPROVAL_LIFE_MS) - at },
    record: [{ type: 'approval.given', actor: as, data }],
    send: complete
      ? [told(context, facts.actorId, 'approval.granted'), ...settled(context, facts.actorId, 'granted')]
      : [],
  }
}

/** What is kept of one word; since version 2 a person's has the account that gave it. */
export function givenBy({ askedAt }: ApprovalContext, { as, by: named, at, who }: Command): Given {
  const by = named ?? null
  const account = askedAt === undefined || by === null ? null : identityIn(who)
  return account === null ? { as, by, at } : { as, by, at, who: account }
}

/** The orderer learns that the change does not happen: later approvals are for the new requester. */
export function lapse(context: ApprovalContext, { facts }: StepFacts): Changed {
  const { given, hash, lapses } = context
  return {
    set: { given: [], lapses: lapses + 1, reference: {} },
    record: [{ type: 'approval.lapsed', data: { hash, given } }],
    send: [told(context, facts.actorId, 'approval.lapsed')],
  }
}

/** It is used up, and the requester learns so. */
export function use(context: ApprovalContext, _: StepFacts, { as, by, facts }: Command): Changed {
  const { hash, target, given } = context
  return {
    set: { usedBy: as },
    record: [{ type: 'approval.used', actor: as, data: { hash, target, by: by ?? null, given } }],
    send: as === 'operator' ? [] : [told(context, facts.actorId, 'approval.used')],
  }
}

/** It is rejected, with the reason. */
export function reject(context: ApprovalContext, _: StepFacts, { as, by, because, facts }: Command): Changed {
  const why = textOf(because)
  return {
    record: [
      { type: 'approval.rejected', actor: as, data: { hash: context.hash, by: by ?? null, because: why } },
    ],
    send: [
      told(context, facts.actorId, 'approval.rejected', { because: why, decidedBy: as }),
      ...settled(context, facts.actorId, 'rejected'),
    ],
  }
}

/** The requester, or an operator, takes it back. */
export function withdraw(
  context: ApprovalContext,
  _: StepFacts,
  { as, by, because, facts }: Command,
): Changed {
  const why = textOf(because)
  return {
    record: [{ type: 'approval.withdrawn', actor: as, data: { hash: context.hash, by: by ?? null } }],
    send: [
      told(context, facts.actorId, 'approval.withdrawn', { because: why, decidedBy: as }),
      ...settled(context, facts.actorId, 'withdrawn'),
    ],
  }
}

/** It was not approved for too long. */
export function expire(context: ApprovalContext, { facts }: StepFacts): Changed {
  return {
    record: [{ type: 'approval.expired', data: { hash: context.hash } }],
    send: [told(context, facts.actorId, 'approval.expired'), ...settled(context, facts.actorId, 'expired')],
  }
}

/** It is no longer pending: neither for the requester, nor in an inbox. */
function settled({ askedBy, approvers }: ApprovalContext, approvalId: string, status: string): Sent[] {
  const body = { approvalId, status }
  return [...new Set([askedBy, ...approvers])].map((to) => ({ to, type: 'approval.settled', body }))
}

/**
 * An agent whose request is refused learns so: its task ends here. One that has used it already goes on with that,
 * however often it was granted.
 */
function refuse(context: ApprovalContext, event: Command, code: ApprovalRefusal): Changed {
  const { type: command, as, by, hash, facts } = event
  const data = { command, code, by: by ?? null, hash: hash ?? null }
  const mine = command === 'use' && isRequester(context, as) && context.usedBy !== as
  return {
    record: [{ type: 'command.refused', actor: as, data }],
    send: mine ? [{ ...told(context, facts.actorId, 'approval.refused', { code }), to: as }] : [],
  }
}

/** Refuses a command for who asks and what they ask, or else for the state. */
export const refusing =
  (otherwise: (context: ApprovalContext) => ApprovalRefusal) =>
  (context: ApprovalContext, _: StepFacts, event: Command): Changed =>
    refuse(context, event, approvalRefusal(context, event) ?? otherwise(context))

/** An answer, to the actor that opened the approval; before version 3, and to an operator's, to the agent in whose name it was requested. */
function told(
  { askedBy, replyTo, target, hash, kind, reference }: AnswerFacts,
  approvalId: string,
  type: string,
  more: JsonObject = {},
): Sent {
  return { to: replyTo ?? askedBy, type, body: { approvalId, target, hash, kind, reference, ...more } }
}
