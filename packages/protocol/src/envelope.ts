import { utf8ToBytes } from '@noble/hashes/utils.js'
import * as z from 'zod'
import { EsaError } from './errors.ts'
import { agentIdSchema } from './ids.ts'
import { type JsonObject, jsonDepth, PAYLOAD_BYTES_MAX, PAYLOAD_DEPTH_MAX, unstorableUnit } from './json.ts'
import { bodySchemas, type MessageType } from './message-bodies.ts'

/** The organization's priorities. Response times are in `RESPONSE_TARGET_MS`. */
export const prioritySchema = z.enum(['critical', 'high', 'medium', 'low'])
export type Priority = z.infer<typeof prioritySchema>

/** How soon each priority is to be answered, in ms. Source: docs/protocol.md, "Priorities". */
export const RESPONSE_TARGET_MS: Record<Priority, number> = {
  critical: 3_600_000,
  high: 4 * 3_600_000,
  medium: 24 * 3_600_000,
  low: 72 * 3_600_000,
}

/** Most recipients of one message: the whole organization. */
const RECIPIENTS_MAX = 105

/** Longest id of a message: an agent's id, a count and an index, or a ULID. */
const MESSAGE_ID_MAX = 128

/** `respondBy` is an instant, Unix ms; it comes before the priority's target, and asks for a response by itself. */
const envelopeSchema = z.strictObject({
  type: z.string(),
  from: z.union([agentIdSchema, z.literal('operator')]),
  to: z.array(agentIdSchema).min(1).max(RECIPIENTS_MAX),
  priority: prioritySchema.default('medium'),
  subject: z.string().trim().min(1).max(200),
  body: z.unknown(),
  thread: z.string().max(64).optional(),
  responseRequired: z.boolean().default(false),
  respondBy: z.int().positive().optional(),
  inReplyTo: z.string().min(1).max(MESSAGE_ID_MAX).optional(),
})

/** A message as the organization exchanges it, parsed: the body fits its type. */
export type Envelope = Omit<z.infer<typeof envelopeSchema>, 'type' | 'body'> & {
  type: MessageType
  body: JsonObject
}

/**
 * Parses what came from outside: the only validation of outside data. Everything past it is trusted.
 * @throws EsaError `message.too-large`, `message.too-deep`, `message.unknown-type` or `message.invalid` (terminal).
 */
export function parseEnvelope(input: unknown): Envelope {
  assertPayloadFits(input)
  const envelope = envelopeSchema.safeParse(input)
  if (!envelope.success) throw invalid('message.invalid', z.prettifyError(envelope.error))
  const { type, body, ...rest } = envelope.data
  if (!isMessageType(type)) {
    throw invalid(
      'message.unknown-type',
      `"${type}" is not a message type`,
      `one of ${Object.keys(bodySchemas).join(', ')}`,
    )
  }
  const parsed = bodySchemas[type].safeParse(body)
  if (!parsed.success) throw invalid('message.invalid', `body of ${type}: ${z.prettifyError(parsed.error)}`)
  return { ...rest, type, body: parsed.data }
}

/**
 * Refuses a payload that is too large, too deep, or holds what PostgreSQL's jsonb cannot store: a NUL, or half of a surrogate pair.
 * @throws EsaError `message.too-large`, `message.too-deep`, `message.nul` or `message.half-character` (terminal).
 */
export function assertPayloadFits(payload: unknown): void {
  // Depth first: it stops one past the limit, so no recursion below can overflow.
  if (jsonDepth(payload) > PAYLOAD_DEPTH_MAX) {
    throw invalid('message.too-deep', `the payload is nested deeper than ${PAYLOAD_DEPTH_MAX} levels`)
  }
  const text = JSON.stringify(payload) ?? ''
  if (text.length > PAYLOAD_BYTES_MAX || utf8ToBytes(text).length > PAYLOAD_BYTES_MAX) {
    throw invalid(
      'message.too-large',
      `the payload is larger than ${PAYLOAD_BYTES_MAX} bytes`,
      'send a reference instead of the data',
    )
  }
  const unit = unstorableUnit(text)
  if (unit === '0000') throw invalid('message.nul', 'the payload holds a NUL character')
  if (unit !== null) throw invalid('message.half-character', `the payload holds half a character, U+${unit}`)
}

function isMessageType(type: string): type is MessageType {
  return Object.hasOwn(bodySchemas, type)
}

function invalid(code: string, message: string, hint?: string): EsaError {
  return new EsaError(code, 'terminal', message, hint === undefined ? {} : { hint })
}
