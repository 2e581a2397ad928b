import type { Change } from '@esa/actor'
import { type AgentId, type JsonObject, type MessageType, type Scope, textOf } from '@esa/protocol'
import { followedBy, inTurn } from './in-turn.ts'
import { aboutOf, keep, limitOf, receive } from './inbox.ts'
import type { AgentContext, AgentEvent, Awaited, Skill } from './mind.ts'
import { objectOf, without } from './records.ts'
import { followWork } from './work.ts'

/** A peer answers within 30 minutes, ms. Source: docs/protocol.md, "When to escalate". */
export const PEER_ANSWER_MS = 30 * 60_000

/** Answers that an agent waits for at once for others; beyond it a task is declined. */
const PENDING_MAX = 100

/** What one agent asks of another by itself. */
export interface Question {
  to: AgentId
  type: MessageType
  subject: string
  body: JsonObject
  /** How long the answer may take before it goes up the asker's own ladder, ms. */
  withinMs: number
  by?: string
}

/** A task that waits for a colleague's answer: whom it is for, what they requested, and who handed it over. */
export type Pending = {
  from: string
  task: string
  messageId: string
  thread: string
  data: JsonObject
  handedOver?: JsonObject
  scopes?: Scope[]
}

/** The id of a message that an agent sends by itself: it comes from its cause, so that a repeated step asks once. */
function questionId({ facts }: AgentEvent, to: AgentId): string {
  return `${facts.inputId}.${to}`
}

/** Asks a colleague, and waits for the answer: one that does not come in time goes up this agent's own ladder. */
export function ask(context: AgentContext, event: AgentEvent, question: Question): Change<AgentContext> {
  const { to, type, subject, body, withinMs, by } = question
  const id = questionId(event, to)
  const thread = textOf(event['thread']) || id
  const dueAt = event.at + withinMs
  const awaited: Awaited = { to, type, subject, thread, since: event.at, dueAt, category: 'blocker', body }
  const links: JsonObject = { subject, thread, responseRequired: true, ...(by === undefined ? {} : { by }) }
  return {
    set: { awaiting: { ...context.awaiting, [id]: awaited } },
    record: [
      {
        type: 'message.sent',
        actor: context.agentId,
        data: { messageId: id, to, type, subject, thread, dueAt },
      },
    ],
    send: [{ id, to, type, body: { ...body, ...links }, thread }],
  }
}

/** Asks a colleague for what a task needs, and remembers for whom. */
export function askFor(context: AgentContext, event: AgentEvent, question: Question): Change<AgentContext> {
  // Only what is still awaited counts: an entry whose wait ended unseen would never leave.
  const { awaiting = {} } = context
  const live = Object.entries(pendingOf(context)).filter(([id]) => awaiting[id] !== undefined)
  const pending = Object.fromEntries(live)
  if (Object.keys(pending).length >= PENDING_MAX) return decline(event, 'too much is waited for already')
  const mine: Pending = {
    from: event.from ?? '',
    task: textOf(event['task']),
    messageId: event.messageId ?? '',
    thread: textOf(event['thread']) || (event.messageId ?? ''),
    data: objectOf(event['data']),
    ...(event['handedOver'] === undefined ? {} : { handedOver: objectOf(event['handedOver']) }),
    ...limitOf(event),
  }
  const remembered = { ...pending, [questionId(event, question.to)]: mine }
  const change: Change<AgentContext> = {
    set: { memory: { ...context.memory, pending: remembered } },
    record: [taken(event)],
  }
  return followedBy(change, ask(context, event, question))
}

/**
 * The task that this message answers a question for, and the memory without it; null when it answers none. A question that
 * is still awaited was not answered: another agent named its id.
 */
export function pendingFor(
  context: AgentContext,
  event: AgentEvent,
): { pending: Pending; memory: JsonObject } | null {
  const id = textOf(event['inReplyTo'])
  return context.awaiting?.[id] === undefined ? takeOut(context, id) : null
}

function takeOut(context: AgentContext, id: string): { pending: Pending; memory: JsonObject } | null {
  const found = pendingOf(context)[id]
  if (found === undefined) return null
  return { pending: found, memory: { ...context.memory, pending: without(pendingOf(context), id) } }
}

/** Whether an answer is a skill's, which says how it went: a person's words are nothing to calculate with. */
export function isMeasured(event: AgentEvent): boolean {
  return typeof objectOf(event['result'])['ok'] === 'boolean'
}

/** An answer that the skill does not know, a person's words for one, goes to the requester as it was said. */
export const passOnAnswer: Skill = (context, event) => {
  const found = pendingFor(context, event)
  if (found === null) return {}
  const result = objectOf(event['result'])
  return handOn(
    context,
    event,
    found,
    Object.keys(result).length > 0 ? result : { text: textOf(event['result']) || aboutOf(event) },
  )
}

/** Unanswered questions: their requester learns it, and they are forgotten. */
export const giveUp: Skill = (context, event) => {
  const overdue = Object.entries(context.awaiting ?? {}).filter(([, { dueAt }]) => event.at > dueAt)
  const ends = overdue.map(([id, { to }]): Skill => (now) => {
    const found = takeOut(now, id)
    if (found === null) return {}
    const result = { ok: false, why: `${to} did not answer in time` }
    return followWork(now, event, handOn(now, event, found, result))
  })
  return inTurn(context, event, ends)
}

/**
 * What was found for a task goes to its requester; while a person sits here it goes to the person, who has the request
 * in the inbox with what was found, and answers.
 */
export function handOn(
  context: AgentContext,
  event: AgentEvent,
  { pending, memory }: NonNullable<ReturnType<typeof pendingFor>>,
  result: JsonObject,
): Change<AgentContext> {
  const { from, task, messageId, thread, data, handedOver, ...limit } = pending
  if (context.seat === 'human') {
    const body = { task, data, found: result, thread, ...(handedOver && { handedOver }) }
    const item = {
      id: messageId,
      kind: 'message',
      from,
      type: 'task_request',
      about: task,
      body,
      ...limit,
    } as const
    const mine = { memory, works: without(context.works ?? {}, messageId) }
    return followedBy({ set: mine }, keep({ ...context, ...mine }, { ...item, at: event.at }))
  }
  const fact = { task, ok: result['ok'] !== false, from: event.from, thread }
  return {
    set: { memory },
    record: [{ type: 'task.answered', data: fact }],
    send: [report(pending, result)],
  }
}

/** Reports a task to its requester. */
export function report(
  { from, task, messageId, thread }: Omit<Pending, 'data'>,
  result: JsonObject,
): NonNullable<Change<AgentContext>['send']>[number] {
  return { to: from, type: 'task_complete', body: { task, result, inReplyTo: messageId }, thread }
}

/** Declines a task, with the reason. */
export function decline(event: AgentEvent, why: string): Change<AgentContext> {
  const task = textOf(event['task'])
  const messageId = event.messageId ?? ''
  return {
    record: [{ type: 'task.refused', actor: event.from, data: { task, why } }],
    send: [
      report(
        { from: event.from ?? '', task, messageId, thread: textOf(event['thread']) || messageId },
        { ok: false, declined: true, why },
      ),
    ],
  }
}

/**
 * Asks back what a request lacks. The request stays in the inbox, where a person may answer it, and the asker's clock runs
 * on: a question is not an answer. An operator reads the question as the answer, and asks again.
 */
export function askBack(context: AgentContext, event: AgentEvent, question: string): Change<AgentContext> {
  const { from = '', messageId = '' } = event
  if (from === 'operator') return decline(event, question)
  const thread = textOf(event['thread']) || messageId
  const asked = {
    record: [{ type: 'agent.asked_back', data: { messageId, to: from, about: question, thread } }],
    send: [
      { to: from, type: 'sync_request', body: { about: question, clarifies: messageId, thread }, thread },
    ],
  }
  return followedBy(receive(context, event), asked)
}

/** A task that a skill has taken on. */
export function taken(event: AgentEvent): NonNullable<Change<AgentContext>['record']>[number] {
  const { task, data } = event
  return { type: 'task.accepted', actor: event.from, data: { task, ...objectOf(data) } }
}

function pendingOf({ memory }: AgentContext): { [id: string]: Pending } {
  return objectOf(memory['pending']) as { [id: string]: Pending }
}
