import type { HttpBindings } from '@hono/node-server'
import { EsaError } from '@esa/protocol'
import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import { reading, routes } from '../api.ts'
import { sendEvents, STREAM_LIMITS, type StreamLimits, type StreamReader } from '../event-stream.ts'
import type { Feed, FeedLine } from '../feed.ts'
import { tokenOf } from '../request-caller.ts'

/** Longest list of streams or types in a filter, characters. */
const FILTER_MAX = 2_000

/**
 * `/stream`: server-sent events of every stream, or of those that `stream` and `type` (lists with commas; a type may end in
 * `.*`) name, with the position as id. A client that reconnects with `Last-Event-ID` gets all that it missed, also from another
 * server or after a restart; when that cannot be, the first event is a `reset`.
 */
export function streamRoutes(feed: Feed) {
  const open = new Map<string | null, number>()
  return routes().get('/', reading('incidents:read'), async (context) => {
    const token = tokenOf(context, context.var.ports.binding)
    const wants = filterOf(context)
    const limits = { ...STREAM_LIMITS, ...context.var.ports.streams }
    const from = await beginning(feed, context.req.header('last-event-id') ?? context.req.query('after'))
    const leave = enter(open, token, limits)
    const followed = feed.tokens.follow(token)
    const { outgoing } = context.env as Partial<HttpBindings>
    const reader: StreamReader = {
      ...from,
      wants,
      mayRead: () => feed.tokens.isValid(token),
      over: followed.over,
      cut: () => outgoing?.destroy(),
    }
    context.header('x-accel-buffering', 'no')
    return streamSSE(context, async (out) => {
      try {
        await sendEvents(out, feed, reader, limits)
      } finally {
        leave()
        followed.end()
      }
    })
  })
}

/** Counts a stream in; what comes back counts it out. @throws EsaError `stream.too-many` (transient). */
function enter(open: Map<string | null, number>, token: string | null, { most, mostOfToken }: StreamLimits) {
  const all = [...open.values()].reduce((sum, count) => sum + count, 0)
  const own = open.get(token) ?? 0
  if (all >= most || (token !== null && own >= mostOfToken))
    throw new EsaError('stream.too-many', 'transient', 'too many streams are open', {
      details: { retryAfterS: 5 },
    })
  open.set(token, own + 1)
  return () => {
    const left = open.get(token)! - 1
    if (left === 0) open.delete(token)
    else open.set(token, left)
  }
}

/** Where a reader goes on: after what it got last, or from now on when it got nothing, or nothing that is a basis any more. */
async function beginning(feed: Feed, last: string | undefined): Promise<{ from: number; reset: boolean }> {
  if (last === undefined || last === '') return { from: feed.position, reset: false }
  const asked = Number(last)
  const goesOn = Number.isSafeInteger(asked) && asked >= 0 && (await feed.holds(asked))
  return goesOn ? { from: asked, reset: false } : { from: feed.position, reset: true }
}

function filterOf(context: Context): (line: FeedLine) => boolean {
  const [streams, types] = [listOf(context, 'stream'), listOf(context, 'type')]
  const fits = (type: string, wanted: string): boolean =>
    wanted.endsWith('.*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted
  return ({ stream, type }) =>
    (streams === null || streams.includes(stream)) &&
    (types === null || types.some((wanted) => fits(type, wanted)))
}

function listOf(context: Context, name: string): string[] | null {
  const given = context.req.query(name)
  if (given === undefined || given === '') return null
  if (given.length > FILTER_MAX)
    throw new EsaError('request.invalid', 'terminal', `${name} has at most ${FILTER_MAX} characters`)
  return given.split(',')
}
