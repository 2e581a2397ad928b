import { EsaError } from '@esa/protocol'
import { dispatch } from '@esa/runtime'
import type { Store } from '@esa/store'
import { openItems } from './mailboxes.ts'
import { answersTo, TASK_TYPES, type TaskAnswer, taskDocument, type TaskDocument } from './task-document.ts'
import { requireAgent, type World } from './world.ts'

/** Messages that one listing shows, the newest. */
const LISTED_MAX = 200

/** Sends a message of the organisation in an agent's name; once this answers, it is durable. @throws EsaError `message.*`, `auth.*` (terminal). */
export async function sendTask(
  world: World,
  envelope: { from: string; to: string[] } & Record<string, unknown>,
): Promise<{ id: string; to: string }[]> {
  const by = await world.caller.actAs(envelope.from, 'incidents:write')
  const ids = await dispatch(world.host, world.registry, envelope, { by, timeScale: world.timeScale })
  return ids.map((id, index) => ({ id, to: envelope.to[index]! }))
}

/** Messages of the organisation, the newest first: an agent's, or only those that wait for an answer. */
export async function listTasks(
  world: Pick<World, 'store' | 'directory'>,
  { agent, open = false }: { agent?: string; open?: boolean },
): Promise<TaskDocument[]> {
  if (agent !== undefined) requireAgent(world, agent)
  const waiting = await openItems(world.store)
  const about = agent === undefined ? {} : { agent }
  const only = open ? { ids: waiting.filter(({ kind }) => kind === 'message').map(({ id }) => id) } : about
  const rows = await world.store.listMessages({ types: TASK_TYPES, ...only, limit: LISTED_MAX })
  return rows
    .map((row) => taskDocument(row, waiting))
    .filter(({ holder, from, to }) => !open || agent === undefined || [holder, from, to].includes(agent))
}

/** One message and what was answered. @throws EsaError `task.unknown` (terminal). */
export async function requireTask(
  store: Store,
  id: string,
): Promise<TaskDocument & { answers: TaskAnswer[] }> {
  const [row] = await store.listMessages({ ids: [id], types: TASK_TYPES, limit: 1 })
  if (row === undefined) {
    throw new EsaError('task.unknown', 'terminal', `there is no message "${id}"`, { hint: 'esa tasks ls' })
  }
  const task = taskDocument(row, await openItems(store))
  return { ...task, answers: await answersTo(store, row) }
}
