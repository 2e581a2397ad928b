import { connect, type Socket } from 'node:net'
import { type Binding, type ServerPorts, startServer } from '@esa/server'
import { afterEach, describe, expect, it } from 'vitest'
import { PATIENCE_MS, ProtocolWorld } from '../protocols/protocol-world.ts'

/** Connections that one address may hold. Source: docs/security.md, "The edge". */
const OF_AN_ADDRESS = 128

/** Connections that all addresses may hold in a test; the usual is `packages/server/src/bound-connections.test.ts`. */
const OF_ALL = 300

/** A connection that has not sent its headers is gone after so long, ms. */
const GONE_WITHIN_MS = 12_000

let world: ProtocolWorld
let server: { url: string; stop(withinMs?: number): Promise<void> }
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await server.stop(0)
  await world.close()
})

async function serve(binding: Partial<Binding> = {}, more: Partial<ServerPorts> = {}): Promise<void> {
  world = await ProtocolWorld.start()
  server = await startServer(
    world.ports({ binding: { host: '127.0.0.1', port: 0, loopback: false, ...binding }, ...more }),
  )
}

/** A connection from an address, once the server has taken it or closed it. */
function dial(localAddress: string, sent = ''): Promise<{ socket: Socket; closed: Promise<number> }> {
  const began = performance.now()
  const { hostname, port } = new URL(server.url)
  const socket = connect({ host: hostname, port: Number(port), localAddress })
  sockets.push(socket)
  const closed = new Promise<number>((resolve) =>
    socket.on('close', () => resolve(performance.now() - began)).on('error', () => {}),
  )
  socket.resume()
  return new Promise((resolve) =>
    socket.once('connect', () => {
      socket.write(sent)
      resolve({ socket, closed })
    }),
  )
}

/** The status of a whole request over a connection of its own, or null where it was closed. */
async function asked(localAddress: string): Promise<string | null> {
  const { socket, closed } = await dial(localAddress)
  const answered = new Promise<string>((resolve) =>
    socket.once('data', (data: Buffer) => resolve(data.toString().slice(9, 12))),
  )
  socket.write('GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n')
  return await Promise.race([answered, closed.then(() => null)])
}

describe('connections', { timeout: PATIENCE_MS }, () => {
  it('that have sent half of their headers, or nothing, are gone within 12 s', async () => {
    await serve()
    const halves = ['GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Sl', '', 'POST /api/v1/incidents HTTP/1.1\r\n']
    const open = await Promise.all(halves.map((half) => dial('127.0.0.1', half)))
    const lasted = await Promise.all(open.map(({ closed }) => closed))
    expect(Math.max(...lasted)).toBeLessThan(GONE_WITHIN_MS)
    expect(Math.min(...lasted)).toBeGreaterThan(5_000)
  })

  it('are so many of one address, and those of others are none of its', async () => {
    await serve()
    const many = await Promise.all(Array.from({ length: OF_AN_ADDRESS }, () => dial('127.0.0.2')))
    expect(await asked('127.0.0.2')).toBeNull()
    expect(await asked('127.0.0.3')).toBe('200')
    many[0]!.socket.destroy()
    await expect.poll(() => asked('127.0.0.2'), { timeout: 10_000 }).toBe('200')
  })

  it('are so many in all, however many addresses they come from', async () => {
    await serve({}, { connections: OF_ALL })
    const of = (n: number): string => `127.0.1.${1 + (n % 20)}`
    const many: Awaited<ReturnType<typeof dial>>[] = []
    // No more at once than wait for a server that is busy: the kernel would take later ones first.
    while (many.length < OF_ALL)
      many.push(...(await Promise.all(Array.from({ length: 100 }, (_, n) => dial(of(n))))))
    // From an address of its own, below its own bound.
    await expect.poll(() => asked('127.0.0.3'), { timeout: 10_000 }).toBeNull()
    many[0]!.socket.destroy()
    await expect.poll(() => asked('127.0.0.3'), { timeout: 10_000 }).toBe('200')
    expect(many.slice(1).filter(({ socket }) => socket.destroyed)).toEqual([])
  })

  it('of a proxy that is trusted are as many as it has clients', async () => {
    await serve({ trustedProxies: ['127.0.0.2', '10.0.0.0/8'] })
    await Promise.all(Array.from({ length: OF_AN_ADDRESS + 2 }, () => dial('127.0.0.2')))
    expect(await asked('127.0.0.2')).toBe('200')
    await Promise.all(Array.from({ length: OF_AN_ADDRESS }, () => dial('127.0.0.4')))
    expect(await asked('127.0.0.4')).toBeNull()
  })
})
