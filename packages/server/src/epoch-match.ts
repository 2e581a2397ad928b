import { EsaError } from '@esa/protocol'
import type { Context } from 'hono'

/** The ETag of an incident: its epoch, which changes with every state and deadline. Source: RFC 9110, 8.8.3. */
export function etagOf(epoch: number): { etag: string } {
  return { etag: `"${epoch}"` }
}

/**
 * What `If-Match` expects: an epoch, or nothing in particular. A weak one matches nothing, as RFC 9110 has it.
 * @throws EsaError `request.invalid` or `request.conflict` (terminal).
 */
export function expectedEpoch(context: Context): { ifEpoch?: number } {
  const match = context.req.header('if-match')
  if (match === undefined || match === '*') return {}
  if (match.startsWith('W/'))
    throw new EsaError('request.conflict', 'terminal', 'a weak ETag matches no state of an incident')
  const epoch = /^"(\d{1,9})"$/.exec(match)?.[1]
  if (epoch !== undefined) return { ifEpoch: Number(epoch) }
  throw new EsaError('request.invalid', 'terminal', 'If-Match takes the ETag of the incident, like "3"')
}
