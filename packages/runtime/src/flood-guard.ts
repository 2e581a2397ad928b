import { EsaError, type JsonObject } from '@esa/protocol'
import type { MessageRow, StoreTx } from '@esa/store'

/**
 * A chain of messages that cause each other, longer than this, goes in a circle: the longest that the organization's own
 * protocol has, a task that is handed over, escalated, decided and answered, takes fewer than ten.
 */
const HOPS_MAX = 32

/** How many actors one opener may open in a while. `openerOf` gives who is counted, or null for what is always opened. */
export interface OpeningLimit {
  max: number
  windowMs: number
  openerOf(request: { type: string; body: JsonObject }): string | null
}

/** Ends a circle of messages. @throws EsaError `message.too-many-hops` (bug): the agents that answer each other need a fix. */
export function assertFewHops({ hops, id, type, from, toActor }: MessageRow): void {
  if (hops <= HOPS_MAX) return
  const message = `after ${HOPS_MAX} hops ${from} and ${toActor} still answer each other`
  throw new EsaError('message.too-many-hops', 'bug', message, {
    details: { messageId: id, type },
    hint: `see who answers whom without end: esa replay show ${id}`,
  })
}

/**
 * Stops an opener that floods the ladder: at the edge (`cause` null) it is refused, and where a message opens it is put
 * off. The queue tries that one again until the window has passed, so that nothing which an agent found is lost.
 * @throws EsaError `incident.too-many` (terminal, or transient for a message).
 */
export async function assertFewOpenings(
  tx: StoreTx,
  limit: OpeningLimit | undefined,
  request: { type: string; body: JsonObject },
  cause: object | null,
): Promise<void> {
  const opener = limit?.openerOf(request) ?? null
  if (limit === undefined || opener === null) return
  const { max, windowMs } = limit
  if ((await tx.countOpening(opener, windowMs)) <= max) return
  const message = `${opener} has opened ${max} incidents in ${windowMs / 1_000} s, and opens no more until they have passed`
  throw new EsaError('incident.too-many', cause === null ? 'terminal' : 'transient', message, {
    hint: 'give what belongs together one --dedup-key; data loss and security are always opened',
    details: { opener, max, windowMs },
  })
}
