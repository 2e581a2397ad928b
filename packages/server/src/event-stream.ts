import type { StreamingApi } from 'hono/utils/stream'
import type { Feed, FeedLine } from './feed.ts'

/** What a stream of events holds to, ms and counts. */
export interface StreamLimits {
  /** A proxy closes what is silent for longer. */
  heartbeatMs: number
  /** A reader that takes nothing for so long is cut off: it can come back, and misses nothing. */
  stuckMs: number
  /** Streams of one server: each holds a socket and a little memory. */
  most: number
  /** Streams of one token: a person's windows, and a wall of screens. */
  mostOfToken: number
}

/** The usual limits. */
export const STREAM_LIMITS: StreamLimits = {
  heartbeatMs: 15_000,
  stuckMs: 60_000,
  most: 1_000,
  mostOfToken: 100,
}

/** One reader of the feed: where it begins, what it wants, whether it may still have it. */
export interface StreamReader {
  /** The position after which it begins; `reset`: its old position is not usable, and it must reload everything. */
  from: number
  reset: boolean
  wants: (line: FeedLine) => boolean
  mayRead: () => Promise<boolean>
  /** Aborted when it may not any more. */
  over: AbortSignal
  /** Cuts its line off. */
  cut: () => void
}

/** Characters that are given to a line at once: some such pieces are what a slow reader costs. */
const PIECE_LENGTH = 64 * 1024

/** Clients reconnect within these, ms: not all in one instant after a restart. */
const RETRY_FROM_MS = 500
const RETRY_SPREAD_MS = 1_500

/**
 * Sends the feed to one reader until it leaves, the server stops, or it may no longer read. A slow one is waited for: nothing is
 * piled up for it, because what it has not read yet is still in the log. Source: HTML, "Server-sent events".
 */
export async function sendEvents(
  out: StreamingApi,
  feed: Feed,
  reader: StreamReader,
  { heartbeatMs, stuckMs }: StreamLimits,
): Promise<void> {
  let at = reader.from
  let wake = (): void => {}
  const unfollow = feed.follow(() => wake())
  out.onAbort(() => wake())
  let sending = false
  reader.over.addEventListener('abort', () => {
    wake()
    // What its line has not taken yet is not for it any more.
    if (sending) reader.cut()
  })
  const retryMs = RETRY_FROM_MS + Math.floor(Math.random() * RETRY_SPREAD_MS)
  try {
    const hello = JSON.stringify({ position: at })
    await send(`retry: ${retryMs}\nevent: ${reader.reset ? 'reset' : 'hello'}\nid: ${at}\ndata: ${hello}\n\n`)
    while (!out.aborted && !feed.ending.aborted && !reader.over.aborted) {
      const upTo = feed.position
      const lines = await feed.after(at)
      if (lines.length > 0) {
        for (const text of pieces(lines, reader.wants)) {
          if (out.aborted || !(await reader.mayRead())) return
          await send(text)
        }
        at = lines.at(-1)!.pos
      } else if (upTo > at) {
        // What lay in between has been removed.
        at = upTo
      } else if (!(await heard())) {
        if (!(await reader.mayRead())) return
        await send(`id: ${at}\nevent: heartbeat\ndata:\n\n`)
      }
    }
    if (!out.aborted && !reader.over.aborted) await send(`id: ${at}\nevent: bye\ndata: {}\n\n`)
  } finally {
    unfollow()
  }

  /** Waits until the reader's line has taken it. */
  async function send(text: string): Promise<void> {
    let wait = (): void => {
      out.abort()
      reader.cut()
    }
    // A turn later: a process that was busy itself hears only then what its lines have taken.
    const timer = setTimeout(() => setImmediate(() => wait()), stuckMs)
    sending = true
    await out.write(text)
    sending = false
    wait = () => {}
    clearTimeout(timer)
  }

  /** Waits for more, or for the end; false after a heartbeat's time without. */
  function heard(): Promise<boolean> {
    return new Promise((resolve) => {
      if (feed.position > at || feed.ending.aborted || out.aborted || reader.over.aborted)
        return resolve(true)
      const timer = setTimeout(() => resolve(false), heartbeatMs)
      wake = () => {
        clearTimeout(timer)
        resolve(true)
      }
    })
  }
}

/** What of these lines is sent, in pieces. */
function* pieces(lines: FeedLine[], wants: (line: FeedLine) => boolean): Generator<string> {
  let text = ''
  for (const line of lines) {
    if (wants(line)) text += line.text
    if (text.length < PIECE_LENGTH) continue
    yield text
    text = ''
  }
  if (text !== '') yield text
}
