import { hash } from 'node:crypto'
import { EsaError } from '@esa/protocol'
import type { Context, MiddlewareHandler } from 'hono'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { Binding, Rate } from '../ports.ts'
import { tokenOf } from '../request-caller.ts'
import type { TokenWatch } from '../token-watch.ts'
import { addressOf, trustedProxies } from './caller-address.ts'

/** Three hundred a second: more than a crowd of open pages asks for, less than keeps two cores from their deadlines. */
export const USUAL_RATE: Rate = { requests: 3_000, windowS: 10 }

/** No person mistypes a token more often; a program that tries them is slowed down before it costs anything. */
export const LOGIN_RATE: Rate = { requests: 10, windowS: 60 }

/** By what a request is counted. */
export interface Counting {
  binding: Binding
  tokens: Pick<TokenWatch, 'isValid'>
  /** The secret that a request comes with: that of its header or cookie, unless it has another place. */
  secretOf?: (context: Context) => Promise<string | null>
}

/**
 * Counts requests by address, and by token where there is one, in this process. One too many is refused with 429; every
 * answer says what is left. What others at an address sent never refuses a valid token, which has a count of its own.
 * Source: draft-ietf-httpapi-ratelimit-headers-10.
 */
export function rateLimit(name: string, rate: Rate, counting: Counting): MiddlewareHandler {
  const { binding, tokens, secretOf = async (context) => tokenOf(context, binding) } = counting
  const isTrusted = trustedProxies(binding)
  const counted = () => new RateLimiterMemory({ points: rate.requests, duration: rate.windowS })
  const [byAddress, byToken] = [counted(), counted()]
  const isOver = ({ consumedPoints }: RateLimiterRes): boolean => consumedPoints > rate.requests
  return async (context, next) => {
    const secret = await secretOf(context)
    const address = await leftTo(byAddress, addressOf(context, isTrusted))
    const left = [address]
    // Where the address has too many, tokens are looked up one at a time: a caller that tries them out does not load the database.
    if (secret !== null && (!isOver(address) || (await tokens.isValid(secret)))) {
      const own = await leftTo(byToken, hash('sha256', secret))
      if (isOver(address)) left.pop()
      left.push(own)
    }
    tellLeft(context, { name, rate, left })
    if (left.some(isOver)) throw tooMany(rate, left.filter(isOver))
    await next()
  }
}

function tellLeft(
  context: Context,
  { name, rate, left }: { name: string; rate: Rate; left: RateLimiterRes[] },
): void {
  const least = left.reduce((one, other) => (other.remainingPoints < one.remainingPoints ? other : one))
  const resetS = Math.ceil(least.msBeforeNext / 1_000)
  context.header('RateLimit-Policy', `"${name}";q=${rate.requests};w=${rate.windowS}`)
  context.header('RateLimit', `"${name}";r=${least.remainingPoints};t=${resetS}`)
}

function tooMany({ requests, windowS }: Rate, over: RateLimiterRes[]): EsaError {
  const retryAfterS = Math.max(...over.map(({ msBeforeNext }) => Math.ceil(msBeforeNext / 1_000)), 1)
  return new EsaError('request.too-many', 'transient', `at most ${requests} requests in ${windowS} s`, {
    hint: `try again in ${retryAfterS} s`,
    details: { retryAfterS },
  })
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
