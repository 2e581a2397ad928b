import { parseEnvelope } from '@esa/protocol'
import type { ActorHost } from './actor-host.ts'
import type { Registry } from './registry.ts'

/**
 * Takes a message of the organisation from outside: parses it, which is the only validation of outside data, and makes
 * it durable. Answers with the id of the row for each recipient, in their order.
 * @throws EsaError `message.*` or `agent.unknown` (terminal): nothing was written then.
 */
export async function dispatch(host: ActorHost, registry: Registry, input: unknown): Promise<string[]> {
  const { from, to, type, body, ...envelope } = parseEnvelope(input)
  for (const agent of [from, ...to]) if (agent !== 'operator') registry.agent(agent)
  const message = { from, type, body: { ...body, ...envelope } }
  return host.postAll(to.map((recipient) => ({ ...message, to: recipient })))
}
