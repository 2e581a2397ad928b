import { createMcpHandler, type ServerEventBus } from '@modelcontextprotocol/server'
import { Hono } from 'hono'
import type { Feed } from '../feed.ts'
import type { ServerPorts } from '../ports.ts'
import { isStillAllowed, tokenOf } from '../request-caller.ts'
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
    const token = tokenOf(context)
    const desk = deskOf(ports, token, together)
    await desk.admitAny()
    const request = context.req.raw
    // Whoever subscribes hears when something happened, which is for those who may read it.
    const mayHear = (): Promise<void> => desk.admit('incidents:read')
    const listens = request.headers.get('mcp-method') === 'subscriptions/listen'
    if (listens) await mayHear()
    const authInfo = token === null ? {} : { authInfo: { token, clientId: '', scopes: [] } }
    const answer = await handler.fetch(request, authInfo)
    return listens ? whileAllowed(answer, mayHear) : answer
  })
}

/** An answer that ends where the next part of it would be for somebody who may not have it any more. */
function whileAllowed(answer: Response, ask: () => Promise<void>): Response {
  const guard = new TransformStream<Uint8Array, Uint8Array>({
    async transform(part, out) {
      if (await isStillAllowed(ask)) out.enqueue(part)
      else out.terminate()
    },
  })
  return new Response(answer.body?.pipeThrough(guard) ?? null, answer)
}

/** What subscribers hear comes from the log, whichever process wrote it. */
function busOf(feed: Feed): ServerEventBus {
  return {
    publish() {},
    subscribe: (listener) => tellResources(feed, (uri) => listener({ kind: 'resource_updated', uri })),
  }
}
