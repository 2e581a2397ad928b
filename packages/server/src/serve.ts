import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { EsaError } from '@esa/protocol'
import { boundConnections } from './bound-connections.ts'
import { edge } from './edge.ts'
import { Feed } from './feed.ts'
import type { ServerPorts } from './ports.ts'

/** Open requests may finish for so long when the server is stopped, ms. */
const STOP_WITHIN_MS = 5_000

/** What a request may take to arrive, ms, and its headers, bytes: a slow or endless one holds a connection no longer than that. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  maxHeaderSize: 16 * 1024,
  // Node looks every 30 s by itself.
  connectionsCheckingInterval: 1_000,
}

/** A server that takes requests. */
export interface RunningServer {
  url: string
  /** Takes no more, lets what is under way finish within `withinMs` (5 s), and tells streams to come back. */
  stop(withinMs?: number): Promise<void>
}

/** Starts the server. @throws EsaError `server.port-taken` (terminal) when another program listens there. */
export async function startServer(ports: ServerPorts): Promise<RunningServer> {
  const feed = await Feed.start(ports.world.store, ports.log)
  const server = createAdaptorServer({ fetch: edge(ports, feed).fetch, serverOptions: LIMITS }) as Server
  boundConnections(server, ports.binding, ports.connections)
  try {
    await listening(server, ports.binding)
  } catch (error) {
    await feed.stop()
    throw error
  }
  const { port, address, family } = server.address() as AddressInfo
  const host = family === 'IPv6' ? `[${address}]` : address
  let stopped: Promise<void> | null = null
  const stop = async (withinMs: number): Promise<void> => {
    // No new connection; what is under way finishes, and streams get a request to reconnect.
    const ended = closed(server, withinMs)
    await feed.stop()
    await ended
  }
  return {
    url: `http://${host}:${port}`,
    stop: (withinMs = STOP_WITHIN_MS) => (stopped ??= stop(withinMs)),
  }
}

function listening(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE'
      const message = taken ? `port ${port} of ${host} is in use` : `cannot listen on ${host}:${port}`
      reject(
        new EsaError(taken ? 'server.port-taken' : 'server.cannot-listen', 'terminal', message, {
          cause,
          hint: 'choose another one with ESA_PORT, or any free one with ESA_PORT=0',
        }),
      )
    })
    server.listen(port, host, resolve)
  })
}

/** Who is still connected after a while is cut off. */
async function closed(server: Server, withinMs: number): Promise<void> {
  const ended = new Promise<void>((resolve) => server.close(() => resolve()))
  const timer = setTimeout(() => server.closeAllConnections(), withinMs)
  server.closeIdleConnections()
  await ended
  clearTimeout(timer)
}
