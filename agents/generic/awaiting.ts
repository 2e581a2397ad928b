import type { Change, OpenParams } from '@esa/actor'
import { textOf } from '@esa/protocol'
import type { AgentContext, AgentEvent, Awaited, Skill } from './mind.ts'
import { without } from './records.ts'

/** Longest title of an incident. */
const TITLE_MAX = 200

/**
 * Hears whether a message answers one that this agent waits for: from whoever owes the answer, or from the colleague it
 * was handed to. A decision in the thread of a conflict settles it, whoever decided.
 */
export const hear: Skill = (context, event) => {
  const messageId = textOf(event['inReplyTo'])
  const awaited = context.awaiting?.[messageId]
  const owing = awaited !== undefined && [event.from, event['handedOverBy']].includes(awaited.to)
  if (owing && awaited.category !== 'conflict') return answered(context, [[messageId, awaited]], event)
  const thread = owing ? awaited.thread : event.type === 'decision' ? textOf(event['thread']) : ''
  return thread === '' ? {} : settleConflict(context, thread, textOf(event.from), event)
}

/** Ends the wait for every conflict in a thread. */
export function settleConflict(
  context: AgentContext,
  thread: string,
  from: string,
  event?: AgentEvent,
): Change<AgentContext> {
  const open = Object.entries(context.awaiting ?? {}).filter(
    ([, awaited]) => awaited.category === 'conflict' && awaited.thread === thread,
  )
  return open.length === 0 ? {} : answered(context, open, event ?? { from, type: 'decision' })
}

/** Somebody took over what another owed: the answer is awaited from there, and the log says so. */
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
  return {
    set: { awaiting: without(context.awaiting ?? {}, ...overdue.map(([id]) => id)) },
    record: overdue.map(([messageId, { to, type, subject, thread, since, category }]) => ({
      type: 'message.unanswered',
      data: { messageId, to, type, subject, thread, since, category },
    })),
    open: overdue.map(([messageId, awaited]) => opening(context, messageId, awaited)),
  }
}

function answered(
  context: AgentContext,
  entries: [string, Awaited][],
  { from, type }: { from?: string; type: string },
): Change<AgentContext> {
  return {
    set: { awaiting: without(context.awaiting ?? {}, ...entries.map(([id]) => id)) },
    record: entries.map(([messageId, { subject, thread }]) => ({
      type: 'message.answered',
      data: { messageId, from, type, subject, thread },
    })),
  }
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
    actorType: 'incident',
    key: `${agentId} ${dedupKey}`,
    thread,
    body: {
      agent: agentId,
      category,
      title: title.slice(0, TITLE_MAX),
      dedupKey,
      evidence: { ...evidence, body },
    },
  }
}
