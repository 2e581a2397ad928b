import { EsaError } from '@esa/protocol'
import { type Context, Hono } from 'hono'
import type { Feed } from './feed.ts'
import type { ServerPorts } from './ports.ts'

/** MCP at `/mcp`, A2A at `/a2a`. Each is loaded at its first request, so that a server is ready earlier. */
export function protocolRoutes(ports: ServerPorts, feed: Feed): Hono {
  const mcp = once(async () => (await import('./mcp/mcp-route.ts')).mcpRoutes(ports, feed))
  const a2a = once(async () => (await import('./a2a/a2a-route.ts')).a2aRoutes(ports, feed))
  const byA2a = async (context: Context): Promise<Response> => (await a2a()).fetch(context.req.raw)
  return new Hono()
    .all('/mcp', async (context) => (await mcp()).fetch(context.req.raw))
    .get('/a2a', byA2a)
    .get('/a2a/:agent/.well-known/agent-card.json', byA2a)
    .post('/a2a/:agent', byA2a)
    .get('/.well-known/agent-card.json', byA2a)
}

/** Loads once; what fails, or is not there, is the whole edge's to answer. */
function once(load: () => Promise<Hono>): () => Promise<Hono> {
  let loaded: Promise<Hono> | null = null
  return () =>
    (loaded ??= load().then((routes) =>
      routes
        .onError((error) => {
          throw error
        })
        .notFound((context) => {
          throw new EsaError('page.unknown', 'terminal', `there is nothing at ${context.req.path}`)
        }),
    ))
}
