import { INCIDENT_TYPE, incidentContext, timeline, type TimelineEvent } from '@esa/escalation'
import type { JsonObject } from '@esa/protocol'
import type { MessageRow, Store, StoredEvent } from '@esa/store'
import { type Mailboxes, openItems } from './mailboxes.ts'
import { taskDocument, type TaskDocument, TASK_TYPES, threadOf, threadOfMessages } from './task-document.ts'

/** An entry of an agent's log that belongs to a conversation. */
export type ThreadEvent = TimelineEvent & { stream: string }

/** A conversation: its messages, and one timeline across all participants. */
export interface Thread {
  thread: string
  messages: TaskDocument[]
  events: ThreadEvent[]
}

/**
 * A conversation by its thread or any message of it; the incidents that came of it are in it whole. Null when there is
 * no such conversation.
 */
export async function readThread(world: Mailboxes, id: string): Promise<Thread | null> {
  const { store } = world
  const [named] = await store.listMessages({ ids: [id], limit: 1 })
  const thread = named === undefined ? id : threadOf(named)
  const messages = await threadOfMessages(store, thread)
  if (messages.length === 0) return null
  const [events, open] = await Promise.all([eventsOf(store, thread, messages), openItems(world)])
  const said = messages.filter(({ type }) => TASK_TYPES.includes(type)).map((row) => taskDocument(row, open))
  return { thread, messages: said, events }
}

/** What the conversation left in the logs: the agents' entries about it, and its incidents' whole stories, by time. */
async function eventsOf(store: Store, thread: string, messages: MessageRow[]): Promise<ThreadEvent[]> {
  const agents = new Set(
    messages.flatMap(({ from, toActor }) => [from, ...(toActor === null ? [] : [toActor])]),
  )
  const ids = new Set(messages.map(({ id }) => id))
  const incidents = (await store.listActors({ type: INCIDENT_TYPE })).filter(
    ({ state }) => (incidentContext(state).evidence as JsonObject | null)?.['thread'] === thread,
  )
  const logs = await Promise.all(
    [...agents].map(async (agent) => about(await store.readStream(agent), thread, ids)),
  )
  const stories = await Promise.all(incidents.map(({ state }) => store.readStream(state.id)))
  const merged = [...logs, ...stories].flat().toSorted((a, b) => a.at - b.at || a.seq - b.seq)
  return timeline(merged).map((event, index) => ({ stream: merged[index]!.stream, ...event }))
}

/** The entries that a step about this thread left: caused by one of its messages, or naming it. */
function about(log: StoredEvent[], thread: string, ids: ReadonlySet<string>): StoredEvent[] {
  let caused = false
  return log.filter(({ inputId, data }) => {
    // Only the first entry of a step carries its input; those after it belong to the same step.
    if (inputId !== null) caused = ids.has(inputId)
    return caused || data['thread'] === thread
  })
}
