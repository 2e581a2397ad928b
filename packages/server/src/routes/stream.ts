import { isoTime } from '@esa/protocol'
import type { FeedEvent } from '@esa/store'
import { streamSSE } from 'hono/streaming'
import { reading, routes } from '../api.ts'
import type { Feed } from '../feed.ts'

/** A proxy closes what is silent for longer, ms. */
const HEARTBEAT_MS = 15_000

/** Events that are read at once for whoever catches up. */
const BATCH = 500

/** Events that may wait for a slow reader; beyond that it reads them from the log again, at its own pace. */
const WAITING_MAX = 2_000

/**
 * `/stream`: server-sent events of every stream, with the position as id. Whoever comes back with `Last-Event-ID` gets all that
 * it missed, also from another server or after a restart.
 */
export function streamRoutes(feed: Feed) {
  return routes().get('/', reading('incidents:read'), (context) => {
    const asked = Number(context.req.header('last-event-id') ?? context.req.query('after'))
    let at = Number.isSafeInteger(asked) && asked > 0 ? Math.min(asked, feed.position) : feed.position
    return streamSSE(context, async (stream) => {
      let waiting: FeedEvent[] = []
      let wake = (): void => {}
      const unfollow = feed.follow((events) => {
        waiting = waiting.length > WAITING_MAX ? [] : [...waiting, ...events]
        wake()
      })
      stream.onAbort(() => {
        unfollow()
        wake()
      })
      await stream.writeSSE({ event: 'hello', id: String(at), data: JSON.stringify({ position: at }) })
      while (!stream.aborted) {
        // What was dropped for a slow reader, and what happened before it came, is read from the log.
        const [first] = waiting
        const missed = at < feed.position && (first === undefined || first.pos > at + 1)
        const events = missed ? await feed.since(at, BATCH) : waiting.splice(0)
        for (const event of events) {
          if (event.pos <= at) continue
          at = event.pos
          await stream.writeSSE({ id: String(event.pos), data: JSON.stringify(shown(event)) })
        }
        if (missed && events.length === 0) at = feed.position
        if (events.length === 0 && !stream.aborted) {
          const heard = await quiet((resolve) => (wake = resolve))
          if (!heard) await stream.writeSSE({ event: 'heartbeat', data: '' })
        }
      }
    })
  })
}

/** Waits until something is heard, or for one heartbeat; false when nothing was. */
function quiet(arm: (heard: () => void) => void): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), HEARTBEAT_MS)
    arm(() => {
      clearTimeout(timer)
      resolve(true)
    })
  })
}

function shown({ at, pos, ...event }: FeedEvent) {
  return { pos, at: isoTime(at), ...event }
}
