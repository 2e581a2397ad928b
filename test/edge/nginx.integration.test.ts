import { once } from 'node:events'
import type { ClientRequest } from 'node:http'
import { Agent, request } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ProtocolWorld } from '../protocols/protocol-world.ts'
import { HAS_NGINX, type Nginx, startNginx } from './nginx.ts'

/** Thousands of requests over TLS, on a busy machine, ms. */
const FLOOD_MS = 120_000

/** So many that no load of the machine lets the window pass first. */
const RATE = { requests: 200, windowS: 120 }

/** `limit_conn` of the file. */
const OF_AN_ADDRESS = 128

let world: ProtocolWorld
let nginx: Nginx
const agents: Agent[] = []
beforeAll(async () => {
  if (!HAS_NGINX) return
  const publicUrl = 'https://esa.example.org'
  world = await ProtocolWorld.start({
    binding: { host: '127.0.0.1', port: 0, loopback: false, publicUrl },
    rate: RATE,
  })
  nginx = await startNginx(world.url)
})
afterAll(async () => {
  if (!HAS_NGINX) return
  for (const agent of agents) agent.destroy()
  await nginx.stop()
  await world.close()
})

/** Asks from an address of this machine, as a client of nginx. */
function clientAt(localAddress: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 24, rejectUnauthorized: false, localAddress })
  agents.push(agent)
  return (headers: Record<string, string>, path = '/api/v1/incidents') =>
    new Promise<{ status: number; code: string }>((resolve, reject) => {
      const place = { host: '127.0.0.1', port: nginx.port, path, agent }
      const sent = request({ ...place, headers: { host: 'esa.example.org', ...headers } }, (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (more: string) => (text += more))
        answer.on('end', () => {
          const code = text.startsWith('{') ? ((JSON.parse(text) as { code?: string }).code ?? '') : ''
          resolve({ status: answer.statusCode!, code })
        })
      })
      sent.once('error', reject)
      sent.end()
    })
}

describe.skipIf(!HAS_NGINX)('behind the nginx of docs/deploy/nginx.conf', () => {
  it(
    'a flooder under forged addresses is stopped, and the holder of a token is not',
    async () => {
      const token = await world.token('operator', 'incidents:read')
      const [flooder, victim] = [clientAt('127.0.0.2'), clientAt('127.0.0.3')]
      const bearer = { authorization: `Bearer ${token}` }
      expect((await victim(bearer)).status).toBe(200)
      const codes = new Map<string, number>()
      // A name of its own each time, and the victim's at last.
      const forged = (n: number) => ({
        'x-forwarded-for': n % 2 === 0 ? `198.51.100.${n % 250}` : '127.0.0.3',
      })
      const flood = Array.from({ length: RATE.requests + 50 }, (_, n) => flooder(forged(n), '/login'))
      for (const { status, code } of await Promise.all(flood))
        codes.set(`${status} ${code}`, (codes.get(`${status} ${code}`) ?? 0) + 1)
      expect(codes).toEqual(
        new Map([
          ['200 ', RATE.requests],
          ['429 request.too-many', 50],
        ]),
      )
      expect(await flooder({ 'x-forwarded-for': '203.0.113.9' })).toMatchObject({ status: 429 })
      // Another address needs a token as ever, and a valid one is served: from there, and from the flooder's own.
      expect(await victim({})).toEqual({ status: 401, code: 'auth.token-required' })
      expect((await victim(bearer)).status).toBe(200)
      expect((await flooder(bearer)).status).toBe(200)
      expect(await flooder({ authorization: 'Bearer esa_guess' })).toMatchObject({ status: 429 })
    },
    FLOOD_MS,
  )

  it('an address holds so many connections, and another one is served meanwhile', async () => {
    const agent = new Agent({ maxSockets: Infinity, rejectUnauthorized: false, localAddress: '127.0.0.5' })
    agents.push(agent)
    const token = await world.token('operator', 'incidents:read')
    const bearer = { authorization: `Bearer ${token}` }
    const [same, other] = [clientAt('127.0.0.5'), clientAt('127.0.0.6')]
    // nginx counts a request from its headers on: a body that does not come holds its connection.
    const headers = { host: 'esa.example.org', 'content-type': 'application/json', 'content-length': '2' }
    const hold = async (): Promise<ClientRequest> => {
      const place = { host: '127.0.0.1', port: nginx.port, path: '/api/v1/incidents', method: 'POST' }
      const held = request({ ...place, agent, headers })
      held.on('error', () => {}).flushHeaders()
      const [socket] = (await once(held, 'socket')) as [TLSSocket]
      await once(socket, 'secureConnect')
      return held
    }
    // Looked for only then: what the server counts itself is only some tries.
    const holds = await Promise.all(Array.from({ length: OF_AN_ADDRESS }, hold))
    await expect.poll(() => same(bearer), { timeout: 30_000 }).toEqual({ status: 429, code: '' })
    expect(await other(bearer)).toEqual({ status: 200, code: '' })
    for (const held of holds.splice(0, 2)) held.destroy()
    await expect.poll(async () => (await same(bearer)).status, { timeout: 10_000 }).toBe(200)
  })

  it('a stream comes as it is sent', async () => {
    const agent = new Agent({ rejectUnauthorized: false, localAddress: '127.0.0.4' })
    agents.push(agent)
    const token = await world.token('operator', 'incidents:read')
    const heard = await new Promise<string>((resolve, reject) => {
      const headers = { host: 'esa.example.org', authorization: `Bearer ${token}` }
      const place = { host: '127.0.0.1', port: nginx.port, path: '/api/v1/stream', agent, headers }
      const sent = request(place, (answer) => {
        answer.setEncoding('utf8').once('data', (text: string) => {
          resolve(text)
          answer.destroy()
        })
      })
      sent.once('error', reject)
      sent.end()
    })
    expect(heard).toContain('event: hello')
  })
})
