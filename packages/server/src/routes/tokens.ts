import { createRoute, z } from '@hono/zod-openapi'
import { createToken, listTokens, revokeToken } from '@esa/operations'
import { SCOPES } from '@esa/protocol'
import { answers, jsonBody, operation, routes } from '../api.ts'
import { instant } from '../documents.ts'
import { idParam } from '../parameters.ts'

const tokenSchema = z
  .object({
    id: z.string(),
    as: z.string(),
    person: z.string(),
    account: z.string().nullable(),
    scopes: z.array(z.string()),
    state: z.enum(['valid', 'expired', 'revoked']),
    createdAt: instant,
    createdBy: z.string(),
    expiresAt: instant,
    revokedAt: instant.nullable(),
  })
  .openapi('Token')

const list = createRoute({
  method: 'get',
  path: '/',
  ...operation('admin', 'tokens', 'listTokens'),
  summary: 'Tokens, the oldest first: everything but the secret',
  responses: answers(z.object({ tokens: z.array(tokenSchema) }), 'Tokens'),
})

const create = createRoute({
  method: 'post',
  path: '/',
  ...operation('admin', 'tokens', 'createToken'),
  summary: 'Make a token of a service; its secret is in this answer and nowhere else',
  request: {
    body: jsonBody(
      z.strictObject({
        as: z.string().openapi({ description: 'An agent, or operator' }),
        person: z.string().openapi({ description: 'The name of the service; never that of a person' }),
        scopes: z.array(z.enum(SCOPES)).min(1),
        for: z.string().openapi({ description: 'How long it lives: a duration like 12h or 30d' }),
      }),
    ),
  },
  responses: answers(
    tokenSchema.extend({ token: z.string().openapi({ description: 'The secret, shown this once' }) }),
    'The token',
  ),
})

const revoke = createRoute({
  method: 'post',
  path: '/{id}/revoke',
  ...operation('admin', 'tokens', 'revokeToken'),
  summary: 'Revoke a token, at once and permanently',
  request: { params: idParam },
  responses: answers(z.object({ id: z.string(), revoked: z.literal(true) }), 'Revoked'),
})

/** `/tokens`. */
export const tokenRoutes = routes()
  .openapi(list, async (context) => context.json({ tokens: await listTokens(context.var.world.store) }, 200))
  .openapi(create, async (context) => {
    const { scopes: scope, ...rest } = context.req.valid('json')
    const made = await createToken(context.var.world, { ...rest, scope })
    // A proxy or a browser must not keep a secret.
    context.header('cache-control', 'no-store')
    return context.json(made, 200)
  })
  .openapi(revoke, async (context) => {
    const { id } = context.req.valid('param')
    await revokeToken(context.var.world, id)
    return context.json({ id, revoked: true as const }, 200)
  })
