import type { ActorState } from '@esa/actor'
import { HOME_ISSUER, type Identity, isoTime, type JsonObject } from '@esa/protocol'
import { type ApprovalCard, approvalCard } from './approval-facts.ts'
import type { ApprovalContext, ApprovalKind, ApprovalRefusal, Given } from './approval-context.ts'
import { accountRefusal, youngPart } from './approval-persons.ts'

/** One word as commands show it: `vouchedBy` is who says that this is a person; null of a playbook. */
interface GivenView {
  as: string
  by: string | null
  at: string
  vouchedBy: string | null
  /** Approved by the only person there is: it waits, and every channel tells of it. */
  oneOperator: boolean
}

/** An approval as commands show it. */
export interface Approval extends ApprovalCard {
  id: string
  status: string
  target: string
  statement: string
  hash: string
  kind: ApprovalKind
  askedBy: string
  by: string | null
  because: string
  evidence: JsonObject
  given: GivenView[]
  /** When what was given lapses; null while nothing was. */
  lapsesAt: string | null
}

/** The view of an approval's actor. */
export function approvalView(state: ActorState): Approval {
  const context = approvalContext(state)
  const { target, statement, hash, kind, askedBy, by, because, evidence, given } = context
  const endsAt = state.timer?.dueAt ?? null
  const dueAt = given.length === 0 ? null : endsAt
  return {
    id: state.id,
    status: state.status,
    target,
    statement,
    hash,
    kind,
    askedBy,
    by,
    because,
    evidence,
    given: given.map(givenView),
    lapsesAt: dueAt === null ? null : isoTime(dueAt),
    ...approvalCard(context, endsAt),
  }
}

function givenView({ as, by, at, who }: Given): GivenView {
  const home = who?.issuer === HOME_ISSUER ? 'the holder of the home' : who?.issuer
  return { as, by, at: isoTime(at), vouchedBy: home ?? null, oneOperator: who?.alone === true }
}

/** Why the word of an account would not count now, and what is too young where that is why; or null. */
export function accountRefusalOf(
  state: ActorState,
  { who, at }: { who: Identity; at: number },
): { code: ApprovalRefusal; young: ReturnType<typeof youngPart> } | null {
  const context = approvalContext(state)
  const code = accountRefusal(context, { who, at })
  if (code === null) return null
  return { code, young: code === 'approval.too-young' ? youngPart(who, context.askedAt ?? 0, at) : null }
}

/** What an approval carries. */
export function approvalContext({ snapshot }: ActorState): ApprovalContext {
  const { context }: { context: unknown } = snapshot
  return context as ApprovalContext
}
