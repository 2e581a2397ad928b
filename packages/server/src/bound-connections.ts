import type { Server } from 'node:http'
import { sourceOf, trustedProxies } from './guards/caller-address.ts'
import type { Binding } from './ports.ts'

/** Connections of all: streams have 1,000 of them, and each costs some tens of kilobytes. */
const CONNECTIONS_MAX = 2_000

/** Connections of one address: a person's windows and programs, and of a crowd behind one address as many as are open at once. */
const OF_AN_ADDRESS_MAX = 128

/**
 * Closes connections beyond what one address may hold, so that a single one cannot take all. Trusted proxies speak
 * for many, and who reaches a server that is bound to this machine alone is its user.
 */
export function boundConnections(server: Server, binding: Binding, most = CONNECTIONS_MAX): void {
  server.maxConnections = most
  const isTrusted = trustedProxies(binding)
  const open = new Map<string, number>()
  server.on('connection', (socket) => {
    const peer = socket.remoteAddress ?? ''
    if (binding.loopback || isTrusted(peer)) return
    const address = sourceOf(peer)
    const count = (open.get(address) ?? 0) + 1
    if (count > OF_AN_ADDRESS_MAX) return void socket.destroy()
    open.set(address, count)
    socket.once('close', () => {
      const left = open.get(address)! - 1
      if (left === 0) open.delete(address)
      else open.set(address, left)
    })
  })
}
