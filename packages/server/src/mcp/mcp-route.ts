import { createMcpHandler, type ServerEventBus } from '@modelcontextprotocol/server'
import { Hono } from 'hono'
import type { Feed } from '../feed.ts'
import type { ServerPorts } from '../ports.ts'
import { tokenOf } from '../request-caller.ts'
import type { TokenWatch } from '../token-watch.ts'
import { TargetRuns } from '../target-runs.ts'
import { deskOf } from './desk.ts'
import { mcpServer } from './mcp-server.ts'
import { tellResources } from './told-resources.ts'

/** Largest request, bytes: evidence of 256 KB and what wraps it. */
const REQUEST_MAX = 300 * 1024

/** Subscriptions of all clients at once; each is an open connection. */
const SUBSCRIPTIONS_MAX = 500

/**
 * `/mcp`: the Streamable HTTP transport, for clients of the 2026 protocol and, without sessions, those of 2025. Each request
 * is served by itself, so another server process answers the next one as well.
 */
export function mcpRoutes(ports: ServerPorts, feed: Feed): Hono {
  const together = { feed, runs: new TargetRuns() }
  const handler = createMcpHandler(
    ({ authInfo }) => mcpServer(deskOf(ports, authInfo?.token ?? null, together)),
    {
      maxRequestBodySize: REQUEST_MAX,
      maxSubscriptions: SUBSCRIPTIONS_MAX,
      bus: busOf(feed),
      onerror: (error) => ports.log.debug({ err: error }, 'mcp request'),
    },
  )
  return new Hono().all('/mcp', async (context) => {
    const token = tokenOf(context, ports.binding)
    const desk = deskOf(ports, token, together)
    await desk.admitAny()
    const request = context.req.raw
    // A subscriber learns that something happened, which takes the right to read it.
    if (request.headers.get('mcp-method') === 'subscriptions/listen') await desk.admit('incidents:read')
    const authInfo = token === null ? {} : { authInfo: { token, clientId: '', scopes: [] } }
    const answer = await handler.fetch(request, authInfo)
    return whileValid(answer, token, feed.tokens)
  })
}

/** An answer that ends when its token does, and sends nothing after that. */
function whileValid(answer: Response, token: string | null, tokens: TokenWatch): Response {
  const { body } = answer
  if (token === null || body === null) return answer
  const { over, end } = tokens.follow(token)
  const guard = new TransformStream<Uint8Array, Uint8Array>({
    start(out) {
      over.addEventListener('abort', () => out.terminate())
    },
    async transform(part, out) {
      const valid = await tokens.isValid(token)
      if (over.aborted) return
      if (valid) out.enqueue(part)
      else out.terminate()
    },
  })
  void body
    .pipeTo(guard.writable)
    .catch(() => {})
    .finally(end)
  return new Response(guard.readable, answer)
}

/** What subscribers hear comes from the log, whichever process wrote it. */
function busOf(feed: Feed): ServerEventBus {
  return {
    publish() {},
    subscribe: (listener) => tellResources(feed, (uri) => listener({ kind: 'resource_updated', uri })),
  }
}
