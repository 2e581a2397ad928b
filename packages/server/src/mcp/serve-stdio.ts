import type { McpServer } from '@modelcontextprotocol/server'
import { Feed } from '../feed.ts'
import type { ServerPorts } from '../ports.ts'

/** Serves MCP on this process's stdin and stdout, in the name of the holder of `token`, until the client is gone. */
export async function serveMcpOverStdio(ports: ServerPorts, token: string | null): Promise<void> {
  // Loaded here, so that an HTTP server is ready earlier.
  const [{ serveStdio }, { deskOf }, { mcpServer }, { tellResources }] = await Promise.all([
    import('@modelcontextprotocol/server/stdio'),
    import('./desk.ts'),
    import('./mcp-server.ts'),
    import('./told-resources.ts'),
  ])
  const gone = new Promise<void>((resolve) => {
    process.stdin.once('end', resolve)
    process.stdin.once('close', resolve)
  })
  const feed = await Feed.start(ports.world.store, ports.log)
  const desk = deskOf(ports, token, { feed })
  const servers = new Set<McpServer>()
  const handle = serveStdio(
    () => {
      const server = mcpServer(desk)
      servers.add(server)
      return server
    },
    { onerror: (error) => ports.log.warn({ err: error }, 'mcp over stdio') },
  )
  const unfollow = tellResources(feed, (uri) => {
    for (const server of servers)
      if (server.isConnected()) void server.server.sendResourceUpdated({ uri }).catch(() => {})
  })
  await gone
  unfollow()
  await handle.close()
  await feed.stop()
}
