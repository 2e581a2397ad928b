import { OpenAPIHono, z } from '@hono/zod-openapi'
import type { World } from '@esa/operations'
import { EsaError, type Scope } from '@esa/protocol'
import type { Context, MiddlewareHandler } from 'hono'
import { onceForKey } from './guards/idempotency.ts'
import type { ServerPorts } from './ports.ts'
import { requestCaller, requireScope, tokenOf } from './request-caller.ts'

/** What each request carries beside its body. */
export interface ApiEnv {
  Variables: {
    /** What operations work with, in the name of the request's sender. */
    world: World
    ports: ServerPorts
  }
}

/** Who asks without a token, where none is needed. */
const THIS_MACHINE = 'machine'

/** A group of routes; a body or a query that does not fit its schema is a problem with the place. */
export function routes(): OpenAPIHono<ApiEnv> {
  return new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (result.success) return
      throw new EsaError('request.invalid', 'terminal', z.prettifyError(result.error), {
        details: { in: result.target },
      })
    },
  })
}

/** Lets a request through that may read in this scope. */
export function reading(scope: Scope): MiddlewareHandler<ApiEnv> {
  return requiring(() => scope)
}

/**
 * Lets a request through that has the scope which it takes, before anything of it is looked at: a caller without the right learns nothing
 * of what there is, and leaves nothing behind. In whose name it may act, the operation behind it asks. What comes with a key is done once.
 */
export function requiring(scopeOf: (context: Context<ApiEnv>) => Scope): MiddlewareHandler<ApiEnv> {
  return async (context, next) => {
    const { ports } = context.var
    const token = await requireScope(ports, tokenOf(context, ports.binding), scopeOf(context))
    return await onceForKey(ports, context, { caller: token?.id ?? THIS_MACHINE, next })
  }
}

/** A route's place in the description, what a token needs for it, and the guard that sees to it. */
export function operation(scope: Scope, tag: string, operationId: string) {
  return {
    tags: [tag],
    operationId,
    security: [{ token: [scope as string] }],
    middleware: reading(scope),
  }
}

/** Gives each request its world. */
export function worldOf(ports: ServerPorts): MiddlewareHandler<ApiEnv> {
  return async (context, next) => {
    const caller = requestCaller(ports, tokenOf(context, ports.binding))
    context.set('ports', ports)
    // Its members are read again: cards change while a server runs.
    context.set('world', Object.create(ports.world, { caller: { value: caller } }) as World)
    await next()
  }
}

/** A JSON body that a route cannot do without. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { 'application/json': { schema } } } as const
}

/** The answer of a route as OpenAPI describes it. */
export function answers<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { 200: { content: { 'application/json': { schema } }, description } } as const
}
