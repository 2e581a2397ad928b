import type { Change, OpenParams, PerformParams, SendParams, StepFacts } from '@esa/actor'
import { createIndexSql, type JsonObject, statementHash } from '@esa/protocol'
import type { Frozen } from './database-actions.ts'
import type { ApprovalEnd, IndexChangeEventOf, IndexOrder, Requester } from './index-change-events.ts'

/** Activities of a change: an index is tried on a copy, built, and what it was for is measured again. */
const REHEARSE = 'index-change.rehearse'
const BUILD = 'index-change.build'
const RECHECK = 'index-change.recheck'

/** Copying a large table and trying an index there takes its time, ms. */
const REHEARSE_TIMEOUT_MS = 300_000

/** Building an index on a large table may take long; a second attempt finds the first one's result, ms. */
const BUILD_TIMEOUT_MS = 600_000

/** One measurement, ms. */
const RECHECK_TIMEOUT_MS = 180_000

/** Why nothing came of an approval that ended without a reason. */
const UNSAID: Record<string, string> = {
  lapsed: 'no one used it in 15 minutes',
  expired: 'no one approved it in 7 days',
}

/** What a change starts from: its order, with the freeze of its target as it stood then. */
export type IndexChangeInput = IndexOrder & { frozen: Frozen | null }

/**
 * What a change carries. `registration` is the message that registers it with its database, and `approvalOpening` the one that
 * opened its approval, while that is open.
 */
export type IndexChangeContext = IndexChangeInput & {
  statement: string
  hash: string
  registration: string
  evidence: JsonObject
  approvalOpening: string | null
  indexBuilt: string | null
}

type Changed = Change<IndexChangeContext>

/** The context of a new change: its statement is spelled from the order's names, and never taken from a message. */
export function contextOf(input: IndexChangeInput): IndexChangeContext {
  const statement = createIndexSql(input.index)
  return {
    ...input,
    statement,
    hash: statementHash(statement),
    registration: '',
    evidence: {},
    approvalOpening: null,
    indexBuilt: null,
  }
}

function begin(context: IndexChangeContext, { facts }: StepFacts): Changed {
  const { target, agentId, statement, hash, requester } = context
  const opening = `${facts.inputId}.database`
  const registration = `${facts.inputId}.registration`
  const database = { actorType: 'database', key: target }
  return {
    set: { registration },
    record: [{ type: 'change.opened', actor: requester.from, data: { target, statement, hash } }],
    open: [
      { ...database, id: opening, body: { target, agentId } },
      {
        ...database,
        id: registration,
        tell: { type: 'change.opened', after: opening },
        body: { change: facts.actorId },
      },
    ],
  }
}

function rehearse(context: IndexChangeContext): Changed {
  const { target } = context
  return {
    record: [{ type: 'change.rehearsing', data: { target } }],
    perform: [performing(context, REHEARSE, REHEARSE_TIMEOUT_MS)],
  }
}

function takeEvidence(
  { target }: IndexChangeContext,
  _: StepFacts,
  { evidence }: IndexChangeEventOf<'index.rehearsed'>,
): Changed {
  return { set: { evidence }, record: [{ type: 'change.rehearsed', data: { target, evidence } }] }
}

function requestApproval(context: IndexChangeContext, { facts }: StepFacts): Changed {
  const { target, statement, hash, agentId, incidentId, evidence } = context
  const id = `${facts.inputId}.approval`
  const because =
    incidentId === null ? 'it was ordered' : `the plan of a slow query lacks it (incident ${incidentId})`
  return {
    set: { approvalOpening: id },
    record: [{ type: 'change.approval_requested', data: { target, hash } }],
    open: [
      {
        id,
        actorType: 'approval',
        key: `${target} ${hash}`,
        body: { target, statement, kind: 'additive', askedBy: agentId, because, evidence },
      },
    ],
  }
}

function useApproval(
  { target }: IndexChangeContext,
  _: StepFacts,
  { approvalId, hash }: IndexChangeEventOf<'approval.granted'>,
): Changed {
  return {
    record: [{ type: 'change.approved', data: { target, approvalId, hash } }],
    send: [{ to: approvalId, type: 'use', body: { target, hash, kind: 'additive' } }],
  }
}

function build(context: IndexChangeContext): Changed {
  const { target, hash, mayBuildAlone } = context
  return {
    set: { approvalOpening: null },
    record: [{ type: 'change.building', data: { target, hash, alone: mayBuildAlone } }],
    perform: [performing(context, BUILD, BUILD_TIMEOUT_MS)],
  }
}

function takeIndex(
  { target, hash }: IndexChangeContext,
  _: StepFacts,
  { index, ms, sizeBytes }: IndexChangeEventOf<'index.built'>,
): Changed {
  return {
    set: { indexBuilt: index },
    record: [{ type: 'index.built', data: { target, index, ms, sizeBytes, hash } }],
  }
}

function recheck(context: IndexChangeContext): Changed {
  return { perform: [performing(context, RECHECK, RECHECK_TIMEOUT_MS)] }
}

function finish(
  context: IndexChangeContext,
  { facts }: StepFacts,
  { ok, p95Ms }: IndexChangeEventOf<'index.rechecked'>,
): Changed {
  const { target, incidentId, indexBuilt, hash, before } = context
  const result = { ok, incidentId, index: indexBuilt, hash, p95MsBefore: before, p95MsAfter: p95Ms }
  return ending(context, facts, { type: 'change.done', data: { target, ok, p95Ms } }, result)
}

function failFrozen(context: IndexChangeContext, { facts }: StepFacts): Changed {
  const { target, frozen } = context
  return failing(context, facts, `${target} is frozen: ${frozen?.reason ?? 'no reason given'}`)
}

function failActivity(
  context: IndexChangeContext,
  { facts }: StepFacts,
  { code, message }: IndexChangeEventOf<'activity.failed'>,
): Changed {
  return failing(context, facts, `${code}: ${message}`)
}

function failApproval(
  context: IndexChangeContext,
  { facts }: StepFacts,
  { type, because, code, decidedBy }: ApprovalEnd,
): Changed {
  const how = type.slice('approval.'.length)
  const by = decidedBy === undefined ? '' : ` by ${decidedBy}`
  const why = `${how}${by}: ${because ?? code ?? UNSAID[how] ?? 'no reason given'}`
  return failing({ ...context, approvalOpening: null }, facts, why)
}

function failUnanswered(context: IndexChangeContext, { facts }: StepFacts): Changed {
  return failing(context, facts, 'its approval did not answer in 8 days')
}

function withdraw(
  context: IndexChangeContext,
  { facts }: StepFacts,
  { orderedBy: { as, by }, reason }: IndexChangeEventOf<'withdraw'>,
): Changed {
  const { target, incidentId } = context
  const fact = { type: 'change.withdrawn', actor: as, data: { target, reason, by } }
  return ending(context, facts, fact, { ok: false, incidentId, why: `withdrawn by ${as}: ${reason}` })
}

function refuseWithdrawal(
  { target }: IndexChangeContext,
  _: StepFacts,
  { orderedBy: { as } }: IndexChangeEventOf<'withdraw'>,
): Changed {
  return { record: [{ type: 'order.refused', actor: as, data: { target, order: 'withdraw' } }] }
}

function noteFreeze(
  { target }: IndexChangeContext,
  _: StepFacts,
  { reason, frozenBy }: IndexChangeEventOf<'database.frozen'>,
): Changed {
  return {
    set: { frozen: { reason, as: frozenBy } },
    record: [{ type: 'target.frozen', actor: frozenBy, data: { target, reason } }],
  }
}

function setAuthority(
  { target }: IndexChangeContext,
  _: StepFacts,
  { mayBuildAlone }: IndexChangeEventOf<'authority'>,
): Changed {
  return { set: { mayBuildAlone }, record: [{ type: 'authority.set', data: { target, mayBuildAlone } }] }
}

/** The same index was ordered again while this change goes on: that order is declined, and this one stays. */
function declineOrder(
  { agentId, target, incidentId }: IndexChangeContext,
  _: StepFacts,
  { requester }: IndexChangeEventOf<'open'>,
): Changed {
  const why = 'this very index is being changed already'
  return {
    record: [{ type: 'order.refused', actor: requester.from, data: { target, order: 'open' } }],
    send: [finished(agentId, requester, { ok: false, declined: true, incidentId, why })],
  }
}

/** An outcome that this state does not wait for. */
function noteLate({ target }: IndexChangeContext, _: StepFacts, { type }: { type: string }): Changed {
  return { record: [{ type: 'change.noted', data: { target, event: type } }] }
}

/** What a change does, by the names that its machine uses. */
export const indexChangeActions = {
  begin,
  rehearse,
  takeEvidence,
  requestApproval,
  useApproval,
  build,
  takeIndex,
  recheck,
  finish,
  failFrozen,
  failActivity,
  failApproval,
  failUnanswered,
  withdraw,
  refuseWithdrawal,
  noteFreeze,
  setAuthority,
  declineOrder,
  noteLate,
}

function performing(context: IndexChangeContext, activity: string, timeoutMs: number): PerformParams {
  const { target, index, hash, incidentId } = context
  return { activity, input: { target, index, hash, incidentId }, timeoutMs }
}

function finished(agentId: string, requester: Requester, result: JsonObject): SendParams {
  return { to: agentId, type: 'task.finished', body: { requester, result } }
}

function failing(context: IndexChangeContext, facts: StepFacts['facts'], why: string): Changed {
  const { target, incidentId } = context
  return ending(
    context,
    facts,
    { type: 'change.failed', data: { target, why } },
    { ok: false, incidentId, why },
  )
}

/** Every end: the requester learns the result, the database forgets the change, and an open approval is withdrawn. */
function ending(
  { agentId, requester, target, approvalOpening, registration, hash }: IndexChangeContext,
  { actorId }: StepFacts['facts'],
  fact: NonNullable<Changed['record']>[number],
  result: JsonObject,
): Changed {
  const withdrawal = (after: string): OpenParams => ({
    actorType: 'approval',
    key: `${target} ${hash}`,
    tell: { type: 'withdraw', after },
    body: { because: 'the change ended without it' },
  })
  return {
    set: { approvalOpening: null },
    record: [fact],
    send: [finished(agentId, requester, result)],
    open: [
      {
        actorType: 'database',
        key: target,
        tell: { type: 'change.ended', after: registration },
        body: { change: actorId },
      },
      ...(approvalOpening === null ? [] : [withdrawal(approvalOpening)]),
    ],
  }
}
