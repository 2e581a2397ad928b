import type { RecordParams } from '@esa/actor'
import { CEO_ID, type Json, type JsonObject, personOf, statementHash, textOf } from '@esa/protocol'
import {
  type AgentEvent,
  decline,
  followedBy,
  objectOf,
  report,
  type Skill,
  taken,
  without,
} from '@esa/behavior'
import { measuring, type Reading, RESPONSE_TIME } from './measuring.ts'

/** The task by which the chief has an index tried, proposed, and built once it is approved. */
export const BUILD_INDEX = 'build-index'

/** Building an index on a large table may take long; a second attempt finds the first one's result, ms. */
const BUILD_TIMEOUT_MS = 600_000

/** Trying an index on a copy: the copy of a large table takes its time, ms. */
const REHEARSE_TIMEOUT_MS = 300_000

/** Who may freeze a target and thaw it. */
const MAY_FREEZE: ReadonlySet<string> = new Set(['operator', CEO_ID])

/** A change on its way: it travels with every activity and message, so that nothing has to be remembered. */
type Change = {
  target: string
  incidentId: string
  proposedIndex: JsonObject
  before: number | null
  asker: { from: string; task: string; messageId: string; thread: string }
}

/** The operator says what may be done without asking. */
export const setAuthority: Skill = (context, event) => {
  const alone = Array.isArray(event['alone']) ? event['alone'] : []
  return {
    set: { memory: { ...context.memory, alone } },
    record: [{ type: 'authority.set', actor: event.as, data: { alone, by: event.by } }],
  }
}

/** A target is frozen, by an operator or the CEO: nothing there is changed until one of them thaws it, whatever was approved. */
export const freeze: Skill = (context, event) => {
  if (!MAY_FREEZE.has(textOf(event.as)))
    return { record: [{ type: 'task.refused', actor: event.as, data: { task: 'freeze' } }] }
  const target = textOf(event['target'])
  const reason = textOf(event['reason'])
  const frozen = { ...objectOf(context.memory['frozen']), [target]: reason }
  return {
    set: { memory: { ...context.memory, frozen } },
    record: [{ type: 'target.frozen', actor: event.as, data: { target, reason, by: event.by } }],
  }
}

/** A target may be changed again. */
export const thaw: Skill = (context, event) => {
  if (!MAY_FREEZE.has(textOf(event.as)))
    return { record: [{ type: 'task.refused', actor: event.as, data: { task: 'thaw' } }] }
  const target = textOf(event['target'])
  const frozen = without(objectOf(context.memory['frozen']), target)
  return {
    set: { memory: { ...context.memory, frozen } },
    record: [{ type: 'target.thawed', actor: event.as, data: { target, by: event.by } }],
  }
}

/** The chief orders an index: it is tried on a copy before its approval is requested. */
export const orderIndex: Skill = (context, event) => {
  // A person's word in a chief's name changes a database only when a token vouches for it.
  const unvouched = event.by !== undefined && !personOf(event.by).tokened
  if (event.from !== context.chief) return decline(event, 'an index is built on the word of my chief')
  if (unvouched) return decline(event, 'an order by hand takes a token')
  const data = objectOf(event['data'])
  const target = textOf(data['target'])
  const reason = frozenFor(context.memory, target)
  if (reason !== null) return decline(event, frozenWhy(target, reason))
  const messageId = event.messageId ?? ''
  const thread = textOf(event['thread']) || messageId
  const asker = { from: event.from, task: BUILD_INDEX, messageId, thread }
  const input: JsonObject = { before: null, ...data, asker }
  return {
    record: [taken(event)],
    perform: [{ activity: 'index.rehearse', input, timeoutMs: REHEARSE_TIMEOUT_MS }],
  }
}

/**
 * The index was tried, or it is known why not: propose the very statement, unless the operator's policy says "alone". What
 * was frozen meanwhile is not built.
 */
export const indexRehearsed: Skill = (context, event) => {
  const change = changeOf(event)
  const { target, proposedIndex } = change
  const evidence = objectOf(event['evidence'])
  const statement = textOf(proposedIndex['ddl'])
  const fact = { type: 'index.rehearsed', data: { target, index: proposedIndex['name'], evidence } }
  if (Array.isArray(context.memory['alone']) && context.memory['alone'].includes('create-index')) {
    const reason = frozenFor(context.memory, target)
    if (reason !== null) return failedAfter([fact], event, frozenWhy(target, reason))
    const alone = { type: 'authority.alone', data: { target, statement, hash: statementHash(statement) } }
    return { record: [fact, alone], perform: [building(change, statementHash(statement))] }
  }
  return {
    record: [fact],
    open: [
      {
        actorType: 'approval',
        key: `${target} ${statementHash(statement)}`,
        body: {
          target,
          statement,
          kind: 'additive',
          askedBy: context.agentId,
          because: `the plan of a slow query lacks it (incident ${change.incidentId})`,
          evidence,
          reference: change,
        },
      },
    ],
  }
}

/** Approved: used up at once, unless the target was frozen meanwhile. A person's request is run by a person. */
export const approvalGranted: Skill = (context, event) => {
  const { approvalId, target, hash, kind } = event
  const fact = { type: 'approval.heard', data: { approvalId, target, hash, status: 'granted' } }
  const reference = objectOf(event['reference'])
  if (reference['proposedIndex'] === undefined) return { record: [fact] }
  const reason = frozenFor(context.memory, textOf(target))
  if (reason !== null) return failed(event, frozenWhy(textOf(target), reason))
  return { record: [fact], send: [{ to: textOf(approvalId), type: 'use', body: { target, hash, kind } }] }
}

/** The approval is used up: build what it is bound to, and nothing else; what was frozen since is not built. */
export const approvalUsed: Skill = (context, event) => {
  const { approvalId, target, hash } = event
  const fact = { type: 'approval.heard', data: { approvalId, target, hash, status: 'used' } }
  const reason = frozenFor(context.memory, textOf(target))
  if (reason !== null) return failedAfter([fact], event, frozenWhy(textOf(target), reason))
  return {
    record: [fact],
    perform: [building(changeOf(objectOf(event['reference'])), textOf(hash))],
  }
}

/** Why an approval failed, when no reason was given. */
const UNSAID: Record<string, string> = {
  lapsed: 'nobody used it in 15 minutes',
  expired: 'nobody approved it in 7 days',
}

/** Rejected, withdrawn, lapsed, expired or refused: the orderer learns that it does not happen, and why. */
export const approvalEnded: Skill = (_, event) => {
  const { approvalId, target, hash, because, code, decidedBy } = event
  const status = event.type.slice('approval.'.length)
  const why = `${status}${decidedBy === undefined ? '' : ` by ${textOf(decidedBy)}`}: ${textOf(because ?? code) || (UNSAID[status] ?? 'no reason given')}`
  const reference = objectOf(event['reference'])
  if (reference['proposedIndex'] !== undefined) return failed(event, why)
  return { record: [{ type: 'approval.heard', data: { approvalId, target, hash, status, why } }] }
}

/** The index is built: measure again before the report that it helped. */
export const indexBuilt: Skill = (context, event) => {
  const { target, index, ms, sizeBytes, hash } = event
  const recheck: JsonObject = { ...changeOf(event), index: index ?? null, hash: hash ?? null }
  return {
    record: [{ type: 'index.built', data: { target, index, ms, sizeBytes, hash } }],
    perform: [measuring(context, { target: textOf(target), recheck })],
  }
}

/** The index could not be built: the orderer learns why. */
export const indexFailed: Skill = (_, event) => failed(event, textOf(event['why']))

/** The promise as it was measured after the change, for the orderer. */
export const reportRecheck: Skill = (_, event) => {
  const recheck = objectOf(event['recheck'])
  const { incidentId, before, asker } = changeOf(recheck)
  const reading = (event['readings'] as Reading[]).find(({ key }) => key === RESPONSE_TIME)
  const result: JsonObject = {
    ok: reading?.ok === true,
    incidentId,
    index: recheck['index'],
    hash: recheck['hash'],
    p95MsBefore: before,
    p95MsAfter: reading?.value ?? null,
  }
  return { send: [report(asker, result)] }
}

/** Why a target is frozen, or null. */
function frozenFor(memory: JsonObject, target: string): string | null {
  const reason = objectOf(memory['frozen'])[target]
  return typeof reason === 'string' ? reason : null
}

function frozenWhy(target: string, reason: string): string {
  return `${target} is frozen: ${reason}`
}

function failedAfter(facts: RecordParams[], event: AgentEvent, why: string): ReturnType<Skill> {
  return followedBy({ record: facts }, failed(event, why))
}

function failed(event: AgentEvent, why: string): ReturnType<Skill> {
  const about = event['reference'] === undefined ? event : objectOf(event['reference'])
  const { target, incidentId, asker } = changeOf(about)
  return {
    record: [{ type: 'index.failed', data: { target, why } }],
    send: [report(asker, { ok: false, incidentId, why })],
  }
}

function building(change: Change, hash: string): NonNullable<ReturnType<Skill>['perform']>[number] {
  const input: JsonObject = { ...change, hash }
  return { activity: 'index.build', input, timeoutMs: BUILD_TIMEOUT_MS }
}

function changeOf(about: { [field: string]: Json | undefined }): Change {
  const { target, incidentId, proposedIndex, before } = about
  const { from, task, messageId, thread } = objectOf(about['asker'])
  return {
    target: textOf(target),
    incidentId: textOf(incidentId),
    proposedIndex: objectOf(proposedIndex),
    before: typeof before === 'number' ? before : null,
    asker: {
      from: textOf(from),
      task: textOf(task),
      messageId: textOf(messageId),
      thread: textOf(thread),
    },
  }
}
