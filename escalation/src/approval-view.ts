import type { ActorState } from '@esa/actor'
import { isoTime, type JsonObject } from '@esa/protocol'
import type { ApprovalContext, ApprovalKind } from './approval-rules.ts'

/** An approval as commands show it. */
export interface Approval {
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
  given: { as: string; by: string | null; at: string }[]
  /** When what was given lapses; null while nothing was. */
  lapsesAt: string | null
}

/** The view of an approval's actor. */
export function approvalView(state: ActorState): Approval {
  const { target, statement, hash, kind, askedBy, by, because, evidence, given } = approvalContext(state)
  const dueAt = given.length === 0 ? null : (state.timer?.dueAt ?? null)
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
    given: given.map((one) => ({ ...one, at: isoTime(one.at) })),
    lapsesAt: dueAt === null ? null : isoTime(dueAt),
  }
}

function approvalContext({ snapshot }: ActorState): ApprovalContext {
  const { context }: { context: unknown } = snapshot
  return context as ApprovalContext
}
