import { serveStdio } from '@modelcontextprotocol/server/stdio'
import type { ServerPorts } from '../ports.ts'
import { deskOf } from './desk.ts'
import { mcpServer } from './mcp-server.ts'

/** Serves MCP on this process's stdin and stdout, in the name of whoever holds `token`, until the client is gone. */
export async function serveMcpOverStdio(ports: ServerPorts, token: string | null): Promise<void> {
  const gone = new Promise<void>((resolve) => {
    process.stdin.once('end', resolve)
    process.stdin.once('close', resolve)
  })
  const desk = deskOf(ports, token)
  const handle = serveStdio(() => mcpServer(desk), {
    onerror: (error) => ports.log.warn({ err: error }, 'mcp over stdio'),
  })
  await gone
  await handle.close()
}
