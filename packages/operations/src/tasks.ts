import { HAND_OVER } from '@esa/behavior'
import { EsaError, isoTime, textOf } from '@esa/protocol'
import { dispatch } from '@esa/runtime'
import { type Mailboxes, openItems } from './mailboxes.ts'
import { answersTo, TASK_TYPES, type TaskAnswer, taskDocument, type TaskDocument } from './task-document.ts'
import { STOPPED } from './seats.ts'
import { requireAgent, storeNow, type World } from './world.ts'

/** Messages that one listing shows, the newest. */
const LISTED_MAX = 200

/** An instant that has just passed was not mistyped: clocks differ, and a call is on its way for a while, ms. */
const JUST_NOW_MS = 60_000

/** Sends a message of the organization in an agent's name; once this answers, it is durable. @throws EsaError `message.*`, `agent.*`, `auth.*` (terminal). */
export async function sendTask(
  world: World,
  envelope: { from: string; to: string[] } & Record<string, unknown>,
): Promise<{ id: string; to: string }[]> {
  const by = await world.caller.actAs(envelope.from, 'incidents:write')
  const { respondBy } = envelope
  // It would be a blocker at once, and page a person.
  if (typeof respondBy === 'number' && respondBy < (await storeNow(world.store)) - JUST_NOW_MS)
    throw new EsaError(
      'message.past',
      'terminal',
      `${isoTime(respondBy)} is past: no answer can come by then`,
    )
  await requireReceiver(world, envelope)
  const scopes = await world.caller.scopes()
  const ids = await dispatch(world.host, world.registry, envelope, { by, timeScale: world.timeScale, scopes })
  return ids.map((id, index) => ({ id, to: envelope.to[index]! }))
}

/**
 * An order to hand tasks over names an agent that can take them. The mailbox asks the same when the order arrives.
 * @throws EsaError `agent.unknown`, `agent.stopped`, `message.to-self` (terminal).
 */
async function requireReceiver(
  world: World,
  { to: holders, body }: { to: string[] } & Record<string, unknown>,
): Promise<void> {
  const { task, data } = (body ?? {}) as { task?: unknown; data?: { to?: unknown } | null }
  if (task !== HAND_OVER) return
  const to = textOf(data?.to)
  requireAgent(world, to)
  const hint = `give "data": {"to": AGENT} of another agent: esa agents ls`
  if (holders.includes(to))
    throw new EsaError('message.to-self', 'terminal', `${to} cannot hand its tasks over to itself`, { hint })
  if ((await world.store.readActor(to))?.state.status === STOPPED)
    throw new EsaError('agent.stopped', 'terminal', `${to} is stopped and takes no tasks`, { hint })
}

/** Which messages to list: an agent's, or only those that wait for an answer; `before` is the place where a page ended. */
export interface TaskQuery {
  agent?: string
  open?: boolean
  before?: { at: number; id: string }
  limit?: number
}

/** Messages of the organization, the newest first. @throws EsaError `agent.unknown` (terminal). */
export async function listTasks(
  world: Mailboxes & Pick<World, 'directory'>,
  query: TaskQuery,
): Promise<TaskDocument[]> {
  return (await pageTasks(world, query)).tasks
}

/** A page of them; `next` is null on the last one. @throws EsaError `agent.unknown` (terminal). */
export async function pageTasks(
  world: Mailboxes & Pick<World, 'directory'>,
  { agent, open = false, before, limit = LISTED_MAX }: TaskQuery,
): Promise<{ tasks: TaskDocument[]; next: { at: number; id: string } | null }> {
  if (agent !== undefined) requireAgent(world, agent)
  const waiting = await openItems(world)
  const about = agent === undefined ? {} : { agent }
  const only = open ? { ids: waiting.filter(({ kind }) => kind === 'message').map(({ id }) => id) } : about
  const place = before === undefined ? {} : { before }
  const found = await world.store.listMessages({ types: TASK_TYPES, ...only, ...place, limit: limit + 1 })
  const rows = found.slice(0, limit)
  const last = rows.at(-1)
  const tasks = rows
    .map((row) => taskDocument(row, waiting))
    .filter(({ holder, from, to }) => !open || agent === undefined || [holder, from, to].includes(agent))
  const next = found.length > limit && last !== undefined ? { at: last.at, id: last.id } : null
  return { tasks, next }
}

/** One message and what was answered. @throws EsaError `task.unknown` (terminal). */
export async function requireTask(
  world: Mailboxes,
  id: string,
): Promise<TaskDocument & { answers: TaskAnswer[] }> {
  const { store } = world
  const [row] = await store.listMessages({ ids: [id], types: TASK_TYPES, limit: 1 })
  if (row === undefined) {
    throw new EsaError('task.unknown', 'terminal', `there is no message "${id}"`, { hint: 'esa tasks ls' })
  }
  const task = taskDocument(row, await openItems(world))
  return { ...task, answers: await answersTo(store, row) }
}
