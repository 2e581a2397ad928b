import { bodySchemas, isoTime, type Json, type JsonObject, textOf } from '@esa/protocol'
import type { MessageRow, Store, StoredEvent } from '@esa/store'
import type { OpenItem } from './mailboxes.ts'

/** The types of the organization's own messages. */
export const TASK_TYPES: string[] = Object.keys(bodySchemas)

/** Most messages of one thread that a command looks at. */
const THREAD_MAX = 1_000

/** A message of the organization as commands show it. */
export interface TaskDocument {
  id: string
  at: string
  from: string
  to: string
  type: string
  subject: string
  priority: string | null
  thread: string
  /** `sent` until it is delivered; then `open` in an inbox, or `done`. `undeliverable` was given up. */
  state: 'sent' | 'open' | 'done' | 'undeliverable'
  /** Whose inbox it is in, while it is open. */
  holder: string | null
  body: JsonObject
}

/** What was said to a message. */
export interface TaskAnswer {
  at: string
  from: string
  type: string
  said: Json
}

/** A message with its state; `open` are the items of all inboxes. */
export function taskDocument(row: MessageRow, open: OpenItem[]): TaskDocument {
  const { subject, priority, ...body } = row.body
  const holder = open.find((item) => item.id === row.id)?.agent ?? null
  return {
    id: row.id,
    at: isoTime(row.at),
    from: row.from,
    to: row.toActor ?? '',
    type: row.type,
    subject: textOf(subject) || row.type,
    priority: typeof priority === 'string' ? priority : null,
    thread: threadOf(row),
    state: stateOf(row, holder),
    holder,
    body,
  }
}

/** Every answer to a message: messages that reply to it, and what a person said to an operator's. */
export async function answersTo(store: Store, row: MessageRow): Promise<TaskAnswer[]> {
  const replies = (await threadOfMessages(store, threadOf(row)))
    .filter(({ body }) => body['inReplyTo'] === row.id)
    .map(({ at, from, type, body: { inReplyTo: _id, thread: _thread, ...said } }) => ({
      at: isoTime(at),
      from,
      type,
      said,
    }))
  if (row.from !== 'operator' || row.toActor === null) return replies
  const log = await logOf(store, row.toActor, row.id)
  const read = log.filter(({ type, data }) => type === 'agent.answered' && data['item'] === row.id)
  const told = read.map(({ at, stream, type, data }) => ({
    at: isoTime(at),
    from: stream,
    type,
    said: data['text'] ?? null,
  }))
  return [...told, ...replies]
}

/** Events by which a message goes on to a colleague, who answers under its id; once, because what was handed over stays. */
const HANDS_OVER: ReadonlySet<string> = new Set(['task.handed_over', 'agent.passed_on'])

/** The log of a message's recipient, and of the colleague that it was handed over to. */
async function logOf(store: Store, agent: string, id: string): Promise<StoredEvent[]> {
  const own = await store.readStream(agent)
  const over = own.find(({ type, data }) => HANDS_OVER.has(type) && data['item'] === id)
  return over === undefined ? own : [...own, ...(await store.readStream(textOf(over.data['to'])))]
}

/** The messages of a thread, oldest first. */
export async function threadOfMessages(store: Store, thread: string): Promise<MessageRow[]> {
  return (await store.listMessages({ thread, limit: THREAD_MAX })).toReversed()
}

/** The conversation that a message belongs to. */
export function threadOf({ body, correlationId }: MessageRow): string {
  return textOf(body['thread']) || correlationId
}

function stateOf({ doneAt, deadCode }: MessageRow, holder: string | null): TaskDocument['state'] {
  if (deadCode !== null) return 'undeliverable'
  if (doneAt === null) return 'sent'
  return holder === null ? 'done' : 'open'
}
