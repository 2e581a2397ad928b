import { EsaError } from '@esa/protocol'
import type { MiddlewareHandler } from 'hono'

/** Longest answer: what takes longer is a task, and is followed by the stream, ms. */
export const REQUEST_TIMEOUT_MS = 30_000

/** Answers 504 when a request takes too long; what it began goes on to its end. A stream is answered when it begins. */
export function requestTimeout(limitMs = REQUEST_TIMEOUT_MS): MiddlewareHandler {
  return async (_context, next) => {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      const error = new EsaError('request.timed-out', 'transient', `no answer within ${limitMs} ms`)
      timer = setTimeout(() => reject(error), limitMs)
    })
    try {
      await Promise.race([next(), late])
    } finally {
      clearTimeout(timer)
    }
  }
}
