import { hash } from 'node:crypto'
import { getConnInfo } from '@hono/node-server/conninfo'
import { EsaError } from '@esa/protocol'
import type { Context, MiddlewareHandler } from 'hono'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { Binding } from '../ports.ts'
import { tokenOf } from '../request-caller.ts'

/** How many requests one caller may send, in a window of so many seconds. */
export interface Rate {
  requests: number
  windowS: number
}

/** Three hundred a second: more than a crowd of open pages asks for, less than keeps two cores from their deadlines. */
export const USUAL_RATE: Rate = { requests: 3_000, windowS: 10 }

/** Nobody types a token wrongly more often; a program that tries them is slowed down before it costs anything. */
export const LOGIN_RATE: Rate = { requests: 10, windowS: 60 }

const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/

/**
 * Counts requests by address, and by token where there is one, in this process. One too many is refused with 429; every
 * answer says what is left. Source: draft-ietf-httpapi-ratelimit-headers-10.
 */
export function rateLimit(name: string, rate: Rate, binding: Binding): MiddlewareHandler {
  const counted = () => new RateLimiterMemory({ points: rate.requests, duration: rate.windowS })
  const [byAddress, byToken] = [counted(), counted()]
  return async (context, next) => {
    const token = tokenOf(context, binding)
    const left = await Promise.all([
      leftTo(byAddress, addressOf(context, binding)),
      ...(token === null ? [] : [leftTo(byToken, hash('sha256', token))]),
    ])
    const least = left.reduce((one, other) => (other.remainingPoints < one.remainingPoints ? other : one))
    const resetS = Math.ceil(least.msBeforeNext / 1_000)
    context.header('RateLimit-Policy', `"${name}";q=${rate.requests};w=${rate.windowS}`)
    context.header('RateLimit', `"${name}";r=${least.remainingPoints};t=${resetS}`)
    const over = left.filter(({ consumedPoints }) => consumedPoints > rate.requests)
    if (over.length > 0) {
      const retryAfterS = Math.max(...over.map(({ msBeforeNext }) => Math.ceil(msBeforeNext / 1_000)), 1)
      throw new EsaError(
        'request.too-many',
        'transient',
        `at most ${rate.requests} requests in ${rate.windowS} s`,
        { hint: `try again in ${retryAfterS} s`, details: { retryAfterS } },
      )
    }
    await next()
  }
}

/** What is left to a key after one more request; the library rejects with the same when it is none. */
async function leftTo(limiter: RateLimiterMemory, key: string): Promise<RateLimiterRes> {
  try {
    return await limiter.consume(key)
  } catch (refused) {
    if (refused instanceof RateLimiterRes) return refused
    throw refused
  }
}

/** The address of whoever asks. What a proxy says counts where one is announced and it speaks from this machine. */
function addressOf(context: Context, { publicUrl }: Binding): string {
  const peer = peerOf(context)
  const forwarded = context.req.header('x-forwarded-for')?.split(',').at(-1)?.trim()
  return publicUrl !== undefined && forwarded !== undefined && LOOPBACK.test(peer) ? forwarded : peer
}

function peerOf(context: Context): string {
  // Without a socket the request came from within this process.
  return context.env?.incoming === undefined ? '127.0.0.1' : (getConnInfo(context).remote.address ?? '')
}
