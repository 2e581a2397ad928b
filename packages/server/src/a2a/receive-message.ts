import type { Message, Part } from '@a2a-js/sdk'
import {
  answerItem,
  askAgent,
  commandIncident,
  openIncident,
  parseIncidentCommand,
  requireIncident,
} from '@esa/operations'
import { EsaError, type Json, type JsonObject, textOf } from '@esa/protocol'
import type { Desk } from '../mcp/desk.ts'
import { dataPart, said, textPart } from './parts.ts'

/** Longest dedup key of an incident. */
const KEY_MAX = 200

/** What came of a message: a task by its id, which is yet to be answered (`pending`) or as it is, or an answer at once. */
export type Received = { id: string; pending: boolean; message: null } | { id: null; message: Message }

/** A message to an agent, or to a task of it. */
interface Incoming {
  taskId: string
  words: string
  data: JsonObject
  /** For the answer at once. */
  messageId?: string
}

/**
 * Takes a message to an agent: `incident.open` in its data opens an incident of it; with the id of a task it is a command to
 * that incident or the answer to that message; anything else goes to the agent, as a task of the organization.
 * @throws EsaError `incident.*`, `inbox.*`, `usage.*`, `auth.*` (terminal).
 */
export async function receiveMessage(
  desk: Desk,
  agent: string,
  { taskId, words, data, messageId = '' }: Incoming,
): Promise<Received> {
  // Some answers need no act in anybody's name: those take the scope as well.
  await desk.admit(taskId === '' ? 'incidents:write' : 'incidents:ack')
  if (taskId !== '') return toTask(desk, { taskId, words, data })
  const { as, type, ...rest } = data
  if (type === 'incident.open') {
    // Sent again after a lost answer, the same message is counted on the same incident.
    const sameMessage = messageId === '' ? {} : { dedupKey: `a2a ${messageId}`.slice(0, KEY_MAX) }
    const body = { title: words, ...sameMessage, ...rest, agent }
    const { incident } = await openIncident(desk.world, body)
    return { id: incident.id, pending: false, message: null }
  }
  const who = await desk.actor(textOf(as) || undefined, 'incidents:write')
  const asked = await askAgent(desk.world, { agent, as: who, question: words, data: rest, waitMs: 0 })
  if (asked.message !== undefined) return { id: asked.message, pending: true, message: null }
  return { id: null, message: said(answerParts(asked), { messageId: `${messageId}-answer` }) }
}

/** An answer to what waits: a command to an incident, or words to the requester. */
async function toTask(desk: Desk, { taskId, words, data }: Incoming): Promise<Received> {
  const { as: named, ...rest } = data
  const actor = await desk.world.store.readActor(taskId)
  if (actor === null) {
    const as = textOf(named) || undefined
    const text = words === '' ? JSON.stringify(rest) : words
    await answerItem(desk.world, taskId, { as: await desk.actor(as, 'incidents:write'), text })
    return { id: taskId, pending: false, message: null }
  }
  const { id } = await requireIncident(desk.world.store, taskId)
  if (rest['type'] === undefined) {
    throw new EsaError('usage.command', 'terminal', 'give the command to the incident in a data part', {
      hint: '{"type": "acknowledge"}, {"type": "decline", "reason": ...}, {"type": "resolve", "cause": ...}',
    })
  }
  const as = await desk.actor(textOf(named) || undefined, 'incidents:ack')
  await commandIncident(desk.world, id, parseIncidentCommand({ ...rest, as }))
  return { id, pending: false, message: null }
}

/** A fact, or what the agent can answer when the question is unknown. */
function answerParts({ answer, because, canBeAsked }: Awaited<ReturnType<typeof askAgent>>): Part[] {
  if (answer !== undefined) return [dataPart(answer)]
  return [textPart(because), dataPart({ canBeAsked: canBeAsked as unknown as Json })]
}
