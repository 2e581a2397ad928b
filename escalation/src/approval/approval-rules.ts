import type { StepFacts } from '@esa/actor'
import { personOf } from '@esa/protocol'
import type {
  ApprovalAgain,
  ApprovalCommand,
  ApprovalContext,
  ApprovalKind,
  ApprovalRefusal,
} from './approval-context.ts'
import { accountRefusal, isEnough, isTooEarly } from './approval-persons.ts'

/** How long an approval may be used, ms, by the store's clock and never scaled: what was true when it was given still is. */
export const APPROVAL_LIFE_MS = 15 * 60_000

/** Approvals that a destructive statement takes: no single account, stolen or careless, loses data. */
export const NEEDED: Record<ApprovalKind, number> = { additive: 1, major: 1, destructive: 2 }

/** True when what was given is enough: since version 2 two persons for what may lose data, before it two, one of them a person. */
export function isComplete(context: Pick<ApprovalContext, 'kind' | 'given' | 'askedAt'>): boolean {
  const { kind, given, askedAt } = context
  if (askedAt !== undefined && kind === 'destructive') return isEnough(given)
  return given.length >= NEEDED[kind] && (kind !== 'destructive' || given.some(({ by }) => by !== null))
}

/** The reason to refuse a command for who asks and what they ask, or null. What a state refuses is the machine's own. */
export function approvalRefusal(
  context: ApprovalContext,
  command: ApprovalCommand & StepFacts,
): ApprovalRefusal | null {
  const { type, as, hash } = command
  if (command.facts.unreachable.includes(as)) return 'approval.not-allowed'
  switch (type) {
    case 'withdraw':
      return isRequester(context, as) || as === 'operator' ? null : 'approval.not-allowed'
    case 'use':
      if (!isRequester(context, as) && as !== 'operator') return 'approval.not-allowed'
      if (hash !== context.hash || command.target !== context.target) return 'approval.other-statement'
      if (command.kind !== context.kind) return 'approval.other-kind'
      return isTooEarly(context, command.at) ? 'approval.too-early' : null
    case 'approve':
    case 'reject':
      return judging(context, command)
  }
}

/** True of the agent in whose name it was requested, and of the actor that opened it: both may use and withdraw it. */
export function isRequester({ askedBy, replyTo }: ApprovalContext, as: string): boolean {
  return as === askedBy || as === replyTo
}

/** The actor that sent a request; null for an operator, who reads the list. */
export function senderOf({ from }: { from?: string }): string | null {
  return from === undefined || from === 'operator' ? null : from
}

/** The reason to refuse a request for what is requested already, or null: it is whose it was, for the kind of change that it was. */
export function againRefusal(
  context: ApprovalContext,
  { askedBy, kind }: ApprovalAgain,
): ApprovalRefusal | null {
  if (askedBy !== context.askedBy) return 'approval.not-allowed'
  return kind === context.kind ? null : 'approval.other-kind'
}

/** A requester never judges their own request, in any seat; a person only with a token; no one twice, by seat or by person. */
function judging(context: ApprovalContext, command: ApprovalCommand & StepFacts): ApprovalRefusal | null {
  const { type, as, by, hash, kind, proposedBy } = command
  const askers = [context.by ?? [], context.askers ?? []].flat()
  const own = by !== undefined && askers.some((asker) => samePerson(asker, by))
  const byName = context.askedAt === undefined && own
  if (as === context.askedBy || byName) return 'approval.own-request'
  if (as !== 'operator' && !context.approvers.includes(as)) return 'approval.not-allowed'
  if (by === undefined ? as === 'operator' : !personOf(by).tokened) return 'approval.without-token'
  if (hash !== context.hash) return 'approval.other-statement'
  // What a stranger says about a statement, or calls it, does not count: the request itself is not judged yet.
  if (proposedBy !== undefined && proposedBy !== context.askedBy) return 'approval.not-allowed'
  if (kind !== undefined && kind !== context.kind) return 'approval.other-kind'
  if (type === 'reject') return null
  if (context.askedAt !== undefined && by !== undefined) return accountRefusal(context, command)
  const again = context.given.some(
    (one) => one.as === as || (one.by !== null && by !== undefined && samePerson(one.by, by)),
  )
  return again ? 'approval.twice' : null
}

function samePerson(one: string, other: string): boolean {
  return personOf(one).person === personOf(other).person
}
