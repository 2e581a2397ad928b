import type { Change, SendParams } from '@esa/actor'
import { CEO_ID, cut, type Json, type JsonObject, personOf, textOf } from '@esa/protocol'
import { ask } from './asking.ts'
import { withdrawal } from './awaiting.ts'
import { threadOf } from './inbox.ts'
import type { AgentContext, AgentEvent, InboxItem, Skill } from './mind.ts'
import { objectOf, without } from './records.ts'
import { counted } from './work.ts'

/** What a proposal that is about a statement carries, so that the approver sees what will run, and its hash. */
export const STATEMENT = 'statement'

/** Longest part of a statement in a subject. */
const SUBJECT_CHARS = 120

/**
 * A statement is to be approved in this agent's name: the chief gets it as a proposal. Without an answer in time it goes up
 * this agent's ladder; requested again, the earlier proposal is no longer pending.
 */
export const propose: Skill = (context, event) => {
  const { approvalId, target, hash, kind: change, statement, because, evidence, answerMs, by } = event
  const to = textOf(event['to']) || (context.chief ?? CEO_ID)
  const subject = `${textOf(change)} on ${textOf(target)}: ${textOf(statement).replaceAll(/\s+/g, ' ')}`
  const data: JsonObject = {
    kind: STATEMENT,
    approvalId,
    target,
    statement,
    hash,
    change,
    because,
    evidence,
  }
  const earlier = Object.entries(context.awaiting ?? {}).filter(
    ([, awaited]) => objectOf(awaited.body['data'])['approvalId'] === approvalId,
  )
  const awaiting = without(context.awaiting ?? {}, ...earlier.map(([id]) => id))
  return ask({ ...context, awaiting }, event, {
    to,
    type: 'proposal',
    subject: cut(subject, SUBJECT_CHARS),
    body: { proposal: textOf(because), data },
    withinMs: Number(answerMs),
    ...(typeof by === 'string' ? { by } : {}),
  })
}

/**
 * Approves or rejects a proposal in the inbox. A requester never approves their own request: neither the agent that proposed it nor
 * the person who did so in its name, whichever seat they hold; and approving takes a token. Source: docs/security.md.
 */
export const judge: Skill = (context, event) => {
  const item = context.inbox[textOf(event['item'])]
  if (item?.type !== 'proposal') return refusal(event, 'inbox.no-such-proposal')
  if (isOwn(context, item, event)) return refusal(event, 'approval.own-request')
  if (!personOf(event.by ?? '').tokened) return refusal(event, 'approval.without-token')
  const approved = event['approved'] === true
  const decision = approved ? 'approved' : 'rejected'
  const because = textOf(event['text'])
  const thread = threadOf(item)
  const body = { decision, because, decidedBy: event.by, inReplyTo: item.id, thread }
  const data = { item: item.id, thread, because, to: item.from, askedBy: item.body['by'], by: event.by }
  return {
    set: { inbox: without(context.inbox, item.id), ...counted(context, event.at, event.at - item.at, true) },
    record: [{ type: `agent.${decision}`, actor: event.as, data }],
    send: [
      ...(item.from === 'operator' ? [] : [{ to: item.from, type: 'decision', body, thread }]),
      ...judgement(item.from, objectOf(item.body['data']), approved, because, {
        by: event.by,
        who: event['who'],
      }),
    ],
  }
}

/** Approvals that an agent remembers as over: a proposal is never on its way for so many others. */
const OVER_MAX = 100

/** Ends after which no vote on the approval counts; one that was granted may still be requested again. */
const ENDS = new Set(['rejected', 'withdrawn', 'expired'])

/** True for a proposal whose approval was over before it arrived: it needs no decision. */
export function isOver({ memory }: AgentContext, event: AgentEvent): boolean {
  return event.type === 'proposal' && overIn(memory).includes(objectOf(event['data'])['approvalId'] ?? null)
}

function overIn(memory: JsonObject): Json[] {
  const { approvalsOver } = memory
  return Array.isArray(approvalsOver) ? approvalsOver : []
}

/**
 * An approval is settled, by any approver: its proposal leaves the inbox, its answer is no longer waited for, and the incident of
 * an answer that came too late is taken back. A proposal may still be on its way.
 */
export const settle: Skill = (context, event) => {
  const { approvalId, status } = event
  const about = (value: Json | undefined): boolean => objectOf(value)['approvalId'] === approvalId
  const items = Object.values(context.inbox).filter(({ body }) => about(body['data']))
  const owed = Object.entries(context.awaiting ?? {}).filter(([, { body }]) => about(body['data']))
  const late = (context.late ?? []).filter((one) => one.approvalId === approvalId)
  const isEnd = ENDS.has(textOf(status))
  const over = [...overIn(context.memory), approvalId ?? null].slice(-OVER_MAX)
  const remembered = isEnd ? { memory: { ...context.memory, approvalsOver: over } } : {}
  const nothing = items.length + owed.length + late.length === 0
  if (nothing && isEnd)
    return { set: remembered, record: [{ type: 'agent.noted', data: { approvalId, because: status } }] }
  if (nothing) return {}
  return {
    set: {
      ...remembered,
      inbox: without(context.inbox, ...items.map(({ id }) => id)),
      awaiting: without(context.awaiting ?? {}, ...owed.map(([id]) => id)),
      ...(late.length === 0 ? {} : { late: (context.late ?? []).filter((one) => !late.includes(one)) }),
    },
    record: [{ type: 'agent.released', data: { approvalId, because: status } }],
    open: late.map((one) => withdrawal(one, `the approval is ${textOf(status)}`)),
  }
}

/**
 * What the approval of a statement learns: who decided, about which hash, and on whose word, `from`, that it is which kind of
 * change; its own asker's is the only one that it takes. Other proposals have none.
 */
export function judgement(
  from: string,
  data: JsonObject,
  approved: boolean,
  because: string,
  { by, who }: { by?: string | undefined; who?: Json | undefined } = {},
): SendParams[] {
  const { kind, approvalId, hash, change } = data
  if (kind !== STATEMENT || typeof approvalId !== 'string') return []
  const body = {
    hash,
    because,
    proposedBy: from,
    kind: change,
    ...(by === undefined ? {} : { by }),
    ...(who === undefined ? {} : { who }),
  }
  return [{ to: approvalId, type: approved ? 'approve' : 'reject', body }]
}

function isOwn({ agentId }: AgentContext, { from, body }: InboxItem, event: AgentEvent): boolean {
  const askedBy = textOf(body['by'])
  return from === agentId || (askedBy !== '' && personOf(askedBy).person === personOf(event.by ?? '').person)
}

function refusal(event: AgentEvent, code: string): Change<AgentContext> {
  const data = { command: 'judge', code, by: event.by }
  return { record: [{ type: 'command.refused', actor: event.as, data }] }
}
