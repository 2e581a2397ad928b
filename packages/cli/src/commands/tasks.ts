import { EsaError } from '@esa/protocol'
import { dispatch } from '@esa/runtime'
import { colours } from '../colours.ts'
import { callerOf } from '../caller.ts'
import type { Config } from '../config.ts'
import { openItems } from '../mailboxes.ts'
import { answer, columns } from '../output.ts'
import { inStore } from '../store-access.ts'
import { answersTo, TASK_TYPES, taskDocument, type TaskDocument } from '../task-document.ts'
import { inWorld } from '../world.ts'
import { requireAgent } from './incidents.ts'

/** Messages that one listing shows, the newest. */
const LISTED_MAX = 200

/** The flags of `esa tasks send`. */
export interface SendFlags {
  from: string
  to: string[]
  type: string
  subject: string
  body: string
  priority?: string
  thread?: string
  responseRequired?: boolean
  respondBy?: string
  inReplyTo?: string
}

/** Sends a message of the organisation in an agent's name: once this answers, it is durable. */
export async function sendMessage(config: Config, flags: SendFlags): Promise<void> {
  const { body, respondBy, ...envelope } = flags
  const due = respondBy === undefined ? {} : { respondBy: instantOf(respondBy) }
  const parsed = parseBody(body)
  await inWorld(config, async (world) => {
    const { host, registry } = world
    const options = { by: await callerOf(world, flags.from, 'incidents:write'), timeScale: config.timeScale }
    const ids = await dispatch(host, registry, { ...envelope, ...due, body: parsed }, options)
    const sent = ids.map((id, index) => ({ id, to: flags.to[index] }))
    answer(config, { sent }, () => sent.map(({ id, to }) => `${id} to ${to}`).join('\n'))
  })
}

/** Lists messages of the organisation, the newest first: an agent's, or only those that wait for an answer. */
export async function listTasks(config: Config, flags: { agent?: string; open?: boolean }): Promise<void> {
  const { agent, open = false } = flags
  await inWorld(config, async (world) => {
    if (agent !== undefined) requireAgent(world, agent)
    const waiting = await openItems(world.store)
    const about = agent === undefined ? {} : { agent }
    const only = open ? { ids: waiting.filter(({ kind }) => kind === 'message').map(({ id }) => id) } : about
    const rows = await world.store.listMessages({ types: TASK_TYPES, ...only, limit: LISTED_MAX })
    const tasks = rows
      .map((row) => taskDocument(row, waiting))
      .filter(({ holder, from, to }) => !open || agent === undefined || [holder, from, to].includes(agent))
    answer(config, { tasks }, () => (tasks.length === 0 ? 'no messages' : table(tasks)))
  })
}

/** Shows one message and what was answered. @throws EsaError `task.unknown` (terminal). */
export async function showTask(config: Config, id: string): Promise<void> {
  await inStore(config, async (store) => {
    const [row] = await store.listMessages({ ids: [id], types: TASK_TYPES, limit: 1 })
    if (row === undefined) {
      throw new EsaError('task.unknown', 'terminal', `there is no message "${id}"`, { hint: 'esa tasks ls' })
    }
    const task = taskDocument(row, await openItems(store))
    const answers = await answersTo(store, row)
    answer(config, { ...task, answers }, () =>
      [
        `${colours.bold(task.id)}  ${task.type} from ${task.from} to ${task.to}: ${task.subject}  [${task.state}]`,
        JSON.stringify(task.body),
        ...answers.map(({ at, from, said }) => `${at}  ${from}: ${JSON.stringify(said)}`),
        colours.dim(`thread ${task.thread}: esa replay show ${task.thread}`),
      ].join('\n'),
    )
  })
}

function table(tasks: TaskDocument[]): string {
  return columns([
    ['MESSAGE', 'AT', 'FROM', 'TO', 'TYPE', 'STATE', 'SUBJECT'],
    ...tasks.map(({ id, at, from, to, type, state, holder, subject }) => [
      id,
      at,
      from,
      holder === null || holder === to ? to : `${to} → ${holder}`,
      type,
      state,
      subject,
    ]),
  ])
}

function instantOf(text: string): number {
  const ms = Date.parse(text)
  if (Number.isFinite(ms) && ms > 0) return ms
  throw new EsaError('usage.instant', 'terminal', `--respond-by ${text} is no instant`, {
    hint: 'like 2026-01-31T18:00:00Z',
  })
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new EsaError('usage.body', 'terminal', '--body is not JSON', {
      cause,
      hint: `like --body '{"task":"cache the catalogue"}'`,
    })
  }
}
