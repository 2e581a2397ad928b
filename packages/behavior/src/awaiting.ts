import type { Change, OpenParams } from '@esa/actor'
import { cut, type JsonObject, textOf } from '@esa/protocol'
import type { AgentContext, Awaited, Late, Skill } from './mind.ts'
import { objectOf, without } from './records.ts'

/** Longest title of an incident. */
const TITLE_MAX = 200

/** Unanswered messages whose late answer is listened for: an incident is on a ladder for days, not for hundreds of messages. */
const LATE_MAX = 500

/** What an answer is recorded with. */
type Said = { from?: string; type: string }
type Owed = Pick<Awaited, 'to' | 'thread' | 'category' | 'subject'> & { messageId: string }

/**
 * Hears whether a message answers one that this agent waits for: from its recipient, or from the colleague it
 * was handed to. A decision in the thread of a conflict settles it, from any agent. What is answered too late has an
 * incident, which is withdrawn.
 */
export const hear: Skill = (context, event) => {
  const messageId = textOf(event['inReplyTo'])
  const owing = ({ to }: Owed): boolean => [event.from, event['handedOverBy']].includes(to)
  const found = owedBy(context).find((owed) => owed.messageId === messageId && owing(owed))
  if (found !== undefined && found.category !== 'conflict')
    return answered(context, (owed) => owed.messageId === messageId, event)
  const thread = found?.thread ?? (event.type === 'decision' ? textOf(event['thread']) : '')
  return thread === '' ? {} : settleConflict(context, thread, event)
}

/** Ends the wait for every conflict in a thread, and the incident of one that waited too long. */
export function settleConflict(context: AgentContext, thread: string, said: Said): Change<AgentContext> {
  return answered(context, (owed) => owed.category === 'conflict' && owed.thread === thread, said)
}

/** An agent took over what another owed: the answer is awaited from there, and the log says so. */
export const handedOver: Skill = (context, event) => {
  const messageId = textOf(event['original'])
  const to = textOf(event['to'])
  const awaited = context.awaiting?.[messageId]
  const data = { messageId, from: event.from, to, thread: event['thread'] }
  const record = [{ type: 'message.handed_over', data }]
  if (awaited === undefined || awaited.to !== event.from) return { record }
  return { set: { awaiting: { ...context.awaiting, [messageId]: { ...awaited, to } } }, record }
}

/** Opens an incident for each answer that is overdue at this instant, once: passed means later than due. */
export const escalateUnanswered: Skill = (context, event) => {
  const overdue = Object.entries(context.awaiting ?? {}).filter(([, { dueAt }]) => event.at > dueAt)
  if (overdue.length === 0) return {}
  const opened = overdue.map(([messageId, awaited]) => opening(context, messageId, awaited))
  // No answer takes back a loss of data: a person looks at it.
  const late = overdue.flatMap(([messageId, { to, subject, thread, category, body }], index): Late[] => {
    const approvalId = textOf(objectOf(body['data'])['approvalId'])
    const about = approvalId === '' ? {} : { approvalId }
    const key = textOf(opened[index]?.key)
    return category === 'data-loss' ? [] : [{ messageId, to, subject, thread, category, key, ...about }]
  })
  return {
    set: {
      awaiting: without(context.awaiting ?? {}, ...overdue.map(([id]) => id)),
      late: [...(context.late ?? []), ...late].slice(-LATE_MAX),
    },
    record: overdue.map(([messageId, { to, type, subject, thread, since, category }]) => ({
      type: 'message.unanswered',
      data: { messageId, to, type, subject, thread, since, category },
    })),
    open: opened,
  }
}

function owedBy({ awaiting = {}, late = [] }: AgentContext): Owed[] {
  return [...Object.entries(awaiting).map(([messageId, owed]) => ({ messageId, ...owed })), ...late]
}

function answered(
  context: AgentContext,
  isAnswered: (owed: Owed) => boolean,
  { from, type }: Said,
): Change<AgentContext> {
  const ended = owedBy(context).filter(isAnswered)
  if (ended.length === 0) return {}
  const late = (context.late ?? []).filter(isAnswered)
  const set: Change<AgentContext>['set'] = {
    awaiting: without(context.awaiting ?? {}, ...ended.map(({ messageId }) => messageId)),
  }
  if (late.length > 0) set.late = (context.late ?? []).filter((owed) => !late.includes(owed))
  const isLate = new Set(late.map(({ messageId }) => messageId))
  return {
    set,
    record: ended.map(({ messageId, subject, thread }) => {
      const data: JsonObject = { messageId, from, type, subject, thread }
      if (isLate.has(messageId)) data['late'] = true
      return { type: 'message.answered', data }
    }),
    open: late
      .filter(({ key }, index) => late.findIndex((other) => other.key === key) === index)
      .map((owed) => withdrawal(owed, `${textOf(from)} answered, too late, with a ${type}`)),
  }
}

/** The incident that this agent opened is taken back: by its key, because the opener does not learn its id. */
export function withdrawal({ key, messageId, thread }: Late, because: string): OpenParams {
  const tell = { type: 'withdraw', after: openingId(messageId) }
  return { actorType: 'incident', key, thread, body: { because }, tell }
}

function openingId(messageId: string): string {
  return `${messageId}.unanswered`
}

/** A conflict with several parties is one incident: its thread's. */
function opening({ agentId }: AgentContext, messageId: string, awaited: Awaited): OpenParams {
  const { to, type, subject, thread, since, category, body } = awaited
  const unsettled = category === 'conflict'
  const dedupKey = unsettled ? `conflict ${thread}` : `unanswered ${messageId}`
  const title = unsettled
    ? `the conflict "${subject}" with ${to} is not settled`
    : `${to} has not answered the ${type} "${subject}"`
  const evidence = {
    kind: unsettled ? 'conflict' : 'unanswered',
    messageId,
    to,
    type,
    subject,
    since,
    thread,
  }
  return {
    id: openingId(messageId),
    actorType: 'incident',
    key: `${agentId} ${dedupKey}`,
    thread,
    body: {
      agent: agentId,
      category,
      title: cut(title, TITLE_MAX),
      dedupKey,
      evidence: { ...evidence, body },
    },
  }
}
