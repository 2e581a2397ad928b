import { EsaError } from '@esa/protocol'
import { dispatch } from '@esa/runtime'
import type { Config } from '../config.ts'
import { answer } from '../output.ts'
import { inWorld } from '../world.ts'

/** The flags of `esa tasks send`. */
export interface SendFlags {
  from: string
  to: string[]
  type: string
  subject: string
  body: string
  priority?: string
  thread?: string
}

/** Sends a message of the organisation in an agent's name: once this answers, it is durable. */
export async function sendMessage(config: Config, flags: SendFlags): Promise<void> {
  const { body, ...envelope } = flags
  const parsed = parseBody(body)
  await inWorld(config, async ({ host, registry }) => {
    const ids = await dispatch(host, registry, { ...envelope, body: parsed })
    const sent = ids.map((id, index) => ({ id, to: flags.to[index] }))
    answer(config, { sent }, () => sent.map(({ id, to }) => `${id} to ${to}`).join('\n'))
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
