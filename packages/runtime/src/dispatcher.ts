import { EsaError, type JsonObject, parseEnvelope, type Scopes, textOf } from '@esa/protocol'
import type { ActorHost } from './actor-host.ts'
import type { Registry } from './registry.ts'

/** Who is at the keyboard, and what the waits of this world are divided by. */
export interface DispatchOptions {
  by?: string
  timeScale?: number
  /** What the sender may act with, and so the recipient for them; not given: everything. */
  scopes?: Scopes
}

/**
 * Takes a message of the organization from outside: parses it, which is the only validation of outside data, and makes
 * it durable. An agent's message leaves through the agent's own mailbox, which remembers what it waits for; an
 * operator's is posted. Answers with the id of the row for each recipient, in their order.
 * @throws EsaError `message.*`, `agent.unknown`, or `agent.stopped` for a sender that is stopped (terminal): nothing was sent then.
 */
export async function dispatch(
  host: ActorHost,
  registry: Registry,
  input: unknown,
  { by, timeScale = 1, scopes = null }: DispatchOptions = {},
): Promise<string[]> {
  const { from, ...message } = parseEnvelope(input)
  for (const agent of [from, ...message.to]) if (agent !== 'operator') registry.agent(agent)
  if (message.to.includes(from)) {
    throw new EsaError('message.to-self', 'terminal', `${from} cannot send a message to itself`, {
      hint: 'leave the sender out of the recipients',
    })
  }
  if (from !== 'operator') return leaveMailbox(host, from, { message, timeScale, as: from, by }, scopes)
  const { to, type, body, ...envelope } = message
  return host.postAll((id) => {
    const thread = envelope.thread ?? id
    const written = { from, type, body: { ...body, ...envelope, thread, by } }
    return { messages: to.map((recipient) => ({ ...written, to: recipient })), thread, scopes }
  })
}

async function leaveMailbox(
  host: ActorHost,
  from: string,
  event: JsonObject,
  scopes: Scopes,
): Promise<string[]> {
  const { events } = await host.command(from, { ...event, type: 'dispatch' }, { scopes })
  const sent = events.filter(({ type }) => type === 'message.sent')
  if (sent.length > 0) return sent.map(({ data }) => textOf(data['messageId']))
  const refused = events.find(({ type }) => type === 'command.refused')
  if (refused !== undefined) {
    throw new EsaError(textOf(refused.data['code']), 'terminal', `${from} cannot send this now`, {
      hint: 'it waits for too many answers already: esa tasks ls --open',
    })
  }
  throw new EsaError('agent.stopped', 'terminal', `${from} is stopped and sends nothing`, {
    hint: `esa agents resume ${from}`,
  })
}
