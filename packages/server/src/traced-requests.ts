import type { Tracing } from '@esa/runtime'
import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'

/**
 * Makes each request a span, which goes on from the caller's where a `traceparent` names one; what the request does belongs to
 * it. Its name has the route's template, and no content of the request.
 */
export function tracedRequests(tracing: Tracing): MiddlewareHandler {
  return async (context, next) => {
    const { method } = context.req
    const span = tracing.begin({
      name: method,
      kind: 'server',
      parent: context.req.header('traceparent'),
      attributes: { 'http.request.method': method },
    })
    await tracing.within(span, next)
    const { status } = context.res
    const route = routePath(context, -1)
    span.end({
      name: `${method} ${route}`,
      attributes: { 'http.route': route, 'http.response.status_code': status },
      ...(status >= 500 ? { error: context.error ?? new Error('server failed') } : {}),
    })
  }
}
