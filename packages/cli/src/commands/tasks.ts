import { behaviors } from '@esa/agents'
import { listTasks, requireTask, sendTask, type TaskDocument } from '@esa/operations'
import { EsaError, parseInstant } from '@esa/protocol'
import { colours } from '../colours.ts'
import type { Config } from '../config.ts'
import { answer, columns } from '../output.ts'
import { lookInStore } from '../store-access.ts'
import { inWorld, lookInWorld } from '../world.ts'

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

/** Sends a message of the organization in an agent's name: once this answers, it is durable. */
export async function sendMessage(config: Config, flags: SendFlags): Promise<void> {
  const { body, respondBy, ...envelope } = flags
  const due = respondBy === undefined ? {} : { respondBy: instantOf(respondBy) }
  const parsed = parseBody(body)
  await inWorld(config, async (world) => {
    const sent = await sendTask(world, { ...envelope, ...due, body: parsed })
    answer(config, { sent }, () => sent.map(({ id, to }) => `${id} to ${to}`).join('\n'))
  })
}

/** Lists messages of the organization, the newest first: an agent's, or only those that wait for an answer. */
export async function listMessages(config: Config, flags: { agent?: string; open?: boolean }): Promise<void> {
  await lookInWorld(config, async (world) => {
    const tasks = await listTasks(world, flags)
    answer(config, { tasks }, () => (tasks.length === 0 ? 'no messages' : table(tasks)))
  })
}

/** Shows one message and what was answered. @throws EsaError `task.unknown` (terminal). */
export async function showTask(config: Config, id: string): Promise<void> {
  await lookInStore(config, async (store) => {
    const task = await requireTask({ store, behaviors }, id)
    answer(config, task, () =>
      [
        `${colours.bold(task.id)}  ${task.type} from ${task.from} to ${task.to}: ${task.subject}  [${task.state}]`,
        JSON.stringify(task.body),
        ...task.answers.map(({ at, from, said }) => `${at}  ${from}: ${JSON.stringify(said)}`),
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
  const ms = parseInstant(text)
  if (ms !== undefined && ms > 0) return ms
  throw new EsaError('usage.instant', 'terminal', `--respond-by ${text} is not an instant`, {
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
