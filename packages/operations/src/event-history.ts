import { EsaError, isoTime } from '@esa/protocol'
import type { FeedEvent, Store } from '@esa/store'

/** Events that one look fetches, and those that one call looks at before it hands back what it has. */
const BATCH = 1_000
const LOOKED_AT_MAX = 20_000

/** Events that one call gives at most, and when nothing was said. */
const LIMIT_MAX = 1_000
const LIMIT = 200

/** Which events to give: those after a position, of one stream, of a type (`incident.*` for all of a kind). */
export interface EventQuery {
  after?: number
  stream?: string
  type?: string
  limit?: number
}

/** An event of the log with its position. */
export type EventDocument = Omit<FeedEvent, 'at'> & { at: string }

/** Events in the order of their positions. `next` is where to go on from, `end` says that the log ends there for now. */
export interface EventPage {
  events: EventDocument[]
  next: number
  end: boolean
}

/**
 * The log of all streams by cursor. A rare type is searched for in steps: a page may be empty and not yet the end.
 * @throws EsaError `usage.limit` (terminal).
 */
export async function listEvents(
  store: Pick<Store, 'feed'>,
  { after = 0, stream, type, limit = LIMIT }: EventQuery,
): Promise<EventPage> {
  if (limit < 1 || limit > LIMIT_MAX)
    throw new EsaError('usage.limit', 'terminal', `a page has 1 to ${LIMIT_MAX} events`)
  const events: EventDocument[] = []
  let next = after
  for (let looked = 0; looked < LOOKED_AT_MAX;) {
    const batch = await store.feed(next, BATCH)
    for (const event of batch) {
      looked += 1
      next = event.pos
      if (!fits(event, { stream, type })) continue
      events.push({ ...event, at: isoTime(event.at) })
      if (events.length === limit) return { events, next, end: false }
    }
    if (batch.length < BATCH) return { events, next, end: true }
  }
  return { events, next, end: false }
}

function fits(
  event: FeedEvent,
  { stream, type }: { stream: string | undefined; type: string | undefined },
): boolean {
  if (stream !== undefined && event.stream !== stream) return false
  if (type === undefined) return true
  return type.endsWith('*') ? event.type.startsWith(type.slice(0, -1)) : event.type === type
}
