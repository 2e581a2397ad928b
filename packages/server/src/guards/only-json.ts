import { assertPayloadFits, EsaError } from '@esa/protocol'
import type { MiddlewareHandler } from 'hono'

/** What a browser sends to another site without asking there first. Only JSON is not among it. */
const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i

/**
 * A body is JSON of at most 256 KB and 32 levels, and says so: a form of another site cannot say it, and a route's schema
 * is never passed by. Source: docs/security.md, "The edge".
 */
export function onlyJson(): MiddlewareHandler {
  return async (context, next) => {
    const { req } = context
    if (req.method !== 'GET' && req.method !== 'HEAD' && req.raw.body !== null) {
      const text = await req.text()
      if (text !== '' || req.header('content-type') !== undefined) {
        if (!JSON_TYPE.test(req.header('content-type') ?? ''))
          throw new EsaError('request.not-json', 'terminal', 'a body is JSON, and says so', {
            hint: 'send it with: Content-Type: application/json',
          })
        assertPayloadFits(parsed(text))
      }
    }
    await next()
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new EsaError('request.unreadable', 'terminal', 'the body is not JSON', { cause })
  }
}
