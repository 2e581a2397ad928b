import { createMcpHandler } from '@modelcontextprotocol/server'
import { isEsaError } from '@esa/protocol'
import { verifyToken } from '@esa/store'
import { Hono } from 'hono'
import type { ServerPorts } from '../ports.ts'
import { requireScope, tokenOf } from '../request-caller.ts'
import { deskOf } from './desk.ts'
import { mcpServer } from './mcp-server.ts'

/** Largest request, bytes: evidence of 256 KB and what wraps it. */
const REQUEST_MAX = 300 * 1024

/**
 * `/mcp`: the Streamable HTTP transport, for clients of the 2026 protocol and, without sessions, those of 2025. Each request
 * is served by itself, so another server process answers the next one as well.
 */
export function mcpRoutes(ports: ServerPorts): Hono {
  return new Hono().all('/', async (context) => {
    const token = tokenOf(context)
    await admitAny(ports, token)
    const handler = createMcpHandler(() => mcpServer(deskOf(ports, token)), {
      maxRequestBodySize: REQUEST_MAX,
      onerror: (error) => ports.log.debug({ err: error }, 'mcp request'),
    })
    return handler.fetch(context.req.raw)
  })
}

/** Lets in whoever has a valid token, whatever it is for: each tool asks for its scope itself. */
async function admitAny(ports: ServerPorts, token: string | null): Promise<void> {
  try {
    if (token === null) await requireScope(ports, token, 'agents:read')
    else await verifyToken(ports.world.store, token, 'agents:read')
  } catch (error) {
    if (!isEsaError(error, 'auth.scope')) throw error
  }
}
