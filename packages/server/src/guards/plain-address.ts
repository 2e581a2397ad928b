import { EsaError } from '@esa/protocol'
import type { MiddlewareHandler } from 'hono'

/** C0, DEL and C1 as an address has them: UTF-8 has these bytes for nothing else, and `%25` quotes them. */
// oxlint-disable-next-line no-control-regex -- what is looked for here are control characters
const CONTROL = /%(?:[01][\da-f]|7f|c2%[89][\da-f])|[\u0000-\u001F\u007F-\u009F]/i

/** Refuses control characters in the path and the query: no id, name or search of ours has one, and the database takes no NUL. */
export function plainAddress(): MiddlewareHandler {
  return async (context, next) => {
    if (CONTROL.test(context.req.url))
      throw new EsaError('request.control-character', 'terminal', 'an address holds a control character')
    await next()
  }
}
