import { INCIDENT_TYPE, incidentContext, timeline, type TimelineEvent } from '@esa/escalation'
import { isoTime, type JsonObject } from '@esa/protocol'
import type { MessageRow, Store, StoredEvent } from '@esa/store'
import { colours } from '../colours.ts'
import type { Config } from '../config.ts'
import { openItems } from '../mailboxes.ts'
import { answer, columns } from '../output.ts'
import { taskDocument, TASK_TYPES, threadOf, threadOfMessages } from '../task-document.ts'
import { aboutOf, since, whoOf } from '../timeline-text.ts'

/** What would stand on every line of a conversation. */
const EVERYWHERE = new Set(['thread', 'messageId', 'item', 'dueAt'])

type ThreadEvent = TimelineEvent & { stream: string }

/**
 * Shows a conversation as one timeline across everybody who took part: `id` is its thread or any message of it, and the
 * incidents that came of it are in it whole. False when there is no such conversation.
 */
export async function showThread(config: Config, store: Store, id: string): Promise<boolean> {
  const [named] = await store.listMessages({ ids: [id], limit: 1 })
  const thread = named === undefined ? id : threadOf(named)
  const messages = await threadOfMessages(store, thread)
  if (messages.length === 0) return false
  const [events, open] = await Promise.all([eventsOf(store, thread, messages), openItems(store)])
  const said = messages.filter(({ type }) => TASK_TYPES.includes(type)).map((row) => taskDocument(row, open))
  answer(config, { thread, messages: said, events, head: null }, () =>
    [`${colours.bold(thread)}  ${said[0]?.subject ?? 'a conversation'}`, columns(events.map(row))].join('\n'),
  )
  return true
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

function row({ at, sinceMs, stream, type, actor, data }: ThreadEvent): string[] {
  const { dueAt } = data
  const told = Object.fromEntries(Object.entries(data).filter(([key]) => !EVERYWHERE.has(key)))
  const due = typeof dueAt === 'number' ? `, answer due ${isoTime(dueAt)}` : ''
  return [colours.dim(at), `+${since(sinceMs)}`, stream, type, whoOf(actor, data), aboutOf(type, told) + due]
}
