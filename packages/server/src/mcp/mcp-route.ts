import { createMcpHandler } from '@modelcontextprotocol/server'
import { Hono } from 'hono'
import type { ServerPorts } from '../ports.ts'
import { tokenOf } from '../request-caller.ts'
import { TargetRuns } from '../target-runs.ts'
import { deskOf } from './desk.ts'
import { mcpServer } from './mcp-server.ts'

/** Largest request, bytes: evidence of 256 KB and what wraps it. */
const REQUEST_MAX = 300 * 1024

/**
 * `/mcp`: the Streamable HTTP transport, for clients of the 2026 protocol and, without sessions, those of 2025. Each request
 * is served by itself, so another server process answers the next one as well.
 */
export function mcpRoutes(ports: ServerPorts): Hono {
  const runs = new TargetRuns()
  return new Hono().all('/', async (context) => {
    const desk = deskOf(ports, tokenOf(context), runs)
    await desk.admitAny()
    const handler = createMcpHandler(() => mcpServer(desk), {
      maxRequestBodySize: REQUEST_MAX,
      onerror: (error) => ports.log.debug({ err: error }, 'mcp request'),
    })
    return handler.fetch(context.req.raw)
  })
}
