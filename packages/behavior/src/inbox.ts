import type { Change } from '@esa/actor'
import { ANSWERABLE, type Json, type JsonObject, type Scope, scopesOf, textOf } from '@esa/protocol'
import type { AgentContext, AgentEvent, InboxItem, Skill } from './mind.ts'
import { objectOf, without } from './records.ts'
import { counted } from './work.ts'

/** Items an inbox holds. Beyond it a message is refused in the log: an unread mailbox must not grow for ever. */
const INBOX_MAX = 500

/** Fields of a message that are the runtime's, not the sender's. */
const ENVELOPE_FIELDS = new Set(['type', 'from', 'as', 'at', 'facts', 'messageId', 'scopes'])

/** Types that are answered with a decision; other requests are answered with what was done. */
const DECIDED = new Set(['conflict', 'proposal'])

/**
 * What a colleague handed over, as it was sent: under its first id and by its first sender, who gets the answer. Only the
 * runtime hands over, and it names the very sender; `handedOver` stays, because an order does not travel that way.
 */
export function asAsked(event: AgentEvent): AgentEvent {
  const { messageId, from, by } = objectOf(event['handedOver'])
  if (by !== event.from || typeof messageId !== 'string' || typeof from !== 'string') return event
  return { ...event, messageId, from }
}

/** A message that only a person can answer goes to the inbox; one that only tells something goes to the log. */
export const receive: Skill = (context, event) => {
  const id = event.messageId ?? `${context.agentId}-${event.at}`
  const from = event.from ?? ''
  const about = aboutOf(event)
  if (!ANSWERABLE.has(event.type) && event['responseRequired'] !== true) {
    const data = { type: event.type, from, about, messageId: id, thread: event['thread'] }
    return { record: [{ type: 'agent.noted', data }] }
  }
  const item = {
    id,
    kind: 'message',
    from,
    type: event.type,
    about,
    body: bodyOf(event),
    at: event.at,
    ...limitOf(event),
  } as const
  return keep(context, item)
}

/** A person answers an item; the requester gets the answer, in the same thread. An operator reads it in the log. */
export const answer: Skill = (context, event) => {
  const item = context.inbox[textOf(event['item'])]
  if (item === undefined || item.kind !== 'message') {
    return {
      record: [
        { type: 'command.refused', actor: event.as, data: { command: 'answer', code: 'inbox.no-such-item' } },
      ],
    }
  }
  const text = textOf(event['text'])
  const thread = threadOf(item)
  const data = { item: item.id, thread, text, to: item.from, by: event.by }
  return {
    set: { inbox: without(context.inbox, item.id), ...counted(context, event.at, event.at - item.at, true) },
    record: [{ type: 'agent.answered', actor: event.as, data }],
    send: item.from === 'operator' ? [] : [replyTo(item, text)],
  }
}

/** Takes an item into the inbox, and says so in the log. */
export function keep(context: AgentContext, item: InboxItem): Change<AgentContext> {
  const { id, type, from, about } = item
  const full = Object.keys(context.inbox).length >= INBOX_MAX && context.inbox[id] === undefined
  const data: JsonObject = { item: id, type, from, about }
  if (item.kind === 'message') data['thread'] = threadOf(item)
  if (full) return { record: [{ type: 'agent.inbox_full', data }] }
  return { set: { inbox: { ...context.inbox, [id]: item } }, record: [{ type: 'agent.received', data }] }
}

/** The conversation that an item belongs to: the one its sender named, else its own. */
export function threadOf({ id, body }: InboxItem): string {
  return textOf(body['thread']) || id
}

/** What the sender said, without what the runtime added. */
export function bodyOf(event: AgentEvent): JsonObject {
  return Object.fromEntries<Json | undefined>(
    Object.entries(event).filter(([key]) => !ENVELOPE_FIELDS.has(key)),
  )
}

/** What a message may act with, where that is not everything. */
export function limitOf(event: AgentEvent): { scopes?: Scope[] } {
  const scopes = scopesOf(event['scopes'])
  return scopes === null ? {} : { scopes: [...scopes] }
}

/** The line of a message in a list: the first field that reads like one. */
export function aboutOf(event: AgentEvent): string {
  const fields = ['title', 'subject', 'task', 'about', 'directive', 'decision', 'status', 'what', 'proposal']
  const found = fields.map((field) => event[field]).find((value) => typeof value === 'string')
  return typeof found === 'string' ? found : event.type
}

function replyTo(item: InboxItem, text: string): NonNullable<Change<AgentContext>['send']>[number] {
  const thread = threadOf(item)
  const links: JsonObject = {
    inReplyTo: item.id,
    thread,
    handedOverBy: objectOf(item.body['handedOver'])['by'],
  }
  const said: JsonObject = DECIDED.has(item.type)
    ? { decision: text, because: `asked: ${item.about}` }
    : { task: textOf(item.body['task']) || item.about, result: { text } }
  const type = DECIDED.has(item.type) ? 'decision' : 'task_complete'
  return { to: item.from, type, body: { ...said, ...links }, thread }
}
