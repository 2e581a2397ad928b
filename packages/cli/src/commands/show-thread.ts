import { behaviors } from '@esa/agents'
import { aboutOf, readThread, since, type ThreadEvent, whoOf } from '@esa/operations'
import { isoTime } from '@esa/protocol'
import type { Store } from '@esa/store'
import { colours } from '../colours.ts'
import type { Config } from '../config.ts'
import { answer, columns } from '../output.ts'

/** What would stand on every line of a conversation. */
const EVERYWHERE = new Set(['thread', 'messageId', 'item', 'dueAt'])

/** Shows a conversation. False when there is no such one. */
export async function showThread(config: Config, store: Store, id: string): Promise<boolean> {
  const found = await readThread({ store, behaviors }, id)
  if (found === null) return false
  const { thread, messages, events } = found
  answer(config, { ...found, head: null }, () =>
    [`${colours.bold(thread)}  ${messages[0]?.subject ?? 'a conversation'}`, columns(events.map(row))].join(
      '\n',
    ),
  )
  return true
}

function row({ at, sinceMs, stream, type, actor, data }: ThreadEvent): string[] {
  const { dueAt } = data
  const told = Object.fromEntries(Object.entries(data).filter(([key]) => !EVERYWHERE.has(key)))
  const due = typeof dueAt === 'number' ? `, answer due ${isoTime(dueAt)}` : ''
  return [colours.dim(at), `+${since(sinceMs)}`, stream, type, whoOf(actor, data), aboutOf(type, told) + due]
}
