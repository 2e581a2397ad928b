import { request } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { a2aClient, message } from '../protocols/a2a-client.ts'
import { mcpClient } from '../protocols/mcp-client.ts'
import { PATIENCE_MS, ProtocolWorld } from '../protocols/protocol-world.ts'
import { StreamReader } from './stream-reader.ts'

/** Within so long a stream has ended after its token was revoked, ms. Source: docs/security.md, "The edge". */
const ENDS_WITHIN_MS = 1_000

let world: ProtocolWorld
beforeEach(async () => {
  world = await ProtocolWorld.start({ loopback: false })
})
afterEach(() => world.close())

const open = (title: string) => world.open({ agent: 'layer-1', category: 'integration', title })

async function revoke(holder: string): Promise<number> {
  const { id } = (await world.store.listTokens()).findLast((token) => token.holder === holder)!
  await world.store.revokeToken(id)
  return performance.now()
}

/** How many follow the log of this server. */
async function following(): Promise<string | undefined> {
  const admin = await world.token('operator', 'admin')
  const answer = await fetch(`${world.url}/metrics`, { headers: { authorization: `Bearer ${admin}` } })
  return /^esa_sse_clients (\d+)$/m.exec(await answer.text())?.[1]
}

/** An answer as its bytes come, and when it ended. */
function answerTo(path: string, headers: Record<string, string>, body: string) {
  let text = ''
  const begun = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<number>()
  const asked = request(`${world.url}${path}`, { method: 'POST', agent: false, headers }, (answer) => {
    answer.setEncoding('utf8').on('data', (more: string) => {
      text += more
      begun.resolve()
    })
    const end = (): void => ended.resolve(performance.now())
    answer.on('end', end).on('close', end).on('error', end)
  })
  asked.once('error', begun.reject)
  asked.end(body)
  return { begun: begun.promise, ended: ended.promise, text: () => text }
}

describe('when a token is revoked', { timeout: PATIENCE_MS }, () => {
  it('its stream of events ends, though nothing happens', async () => {
    const token = await world.token('layer-2', 'incidents:read')
    const reader = await StreamReader.open(world.url, { token })
    await reader.until(({ heard }) => heard.length > 0)
    const at = await revoke('layer-2')
    await reader.until(({ ended }) => ended)
    expect(performance.now() - at).toBeLessThan(ENDS_WITHIN_MS)
    expect(reader.heard.map(({ event }) => event)).toEqual(['hello'])
  })

  it('nothing that happens after it is sent, though the token was looked at a moment before', async () => {
    const token = await world.token('layer-2', 'incidents:read')
    const reader = await StreamReader.open(world.url, { token })
    const before = await open('before')
    await reader.until(({ positions }) => positions.length > 0)
    await revoke('layer-2')
    const after = await open('after')
    await reader.until(({ ended }) => ended)
    const streams = reader.heard.map(({ data }) => data.stream)
    expect(streams).toContain(before.state.id)
    expect(streams).not.toContain(after.state.id)
    await expect(StreamReader.open(world.url, { token, last: reader.last })).rejects.toThrow('401')
  })

  it('a session of it ends as well, and one that is logged out', async () => {
    const logIn = async () => {
      const answer = await fetch(`${world.url}/login`, {
        method: 'POST',
        redirect: 'manual',
        headers: { origin: world.url },
        body: new URLSearchParams({ token }),
      })
      return answer.headers.get('set-cookie')!.split(';')[0]!
    }
    const token = await world.token('layer-2', 'incidents:read')
    const [one, other] = [await logIn(), await logIn()]
    const readers = [
      await StreamReader.open(world.url, { cookie: one }),
      await StreamReader.open(world.url, { cookie: other }),
    ]
    await fetch(`${world.url}/logout`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: one, origin: world.url },
    })
    await readers[0]!.until(({ ended }) => ended)
    expect(readers[1]!.ended).toBe(false)
    const at = await revoke('layer-2')
    await readers[1]!.until(({ ended }) => ended)
    expect(performance.now() - at).toBeLessThan(ENDS_WITHIN_MS)
  })

  it('a subscription of MCP ends, though nothing happens', async () => {
    const { state } = await open('pool')
    const client = await mcpClient(world.url, await world.token('layer-9', 'incidents:read'))
    const told: string[] = []
    client.setNotificationHandler(
      'notifications/resources/updated',
      ({ params }) => void told.push(params.uri),
    )
    await client.listen({ resourceSubscriptions: [`esa://incidents/${state.id}/timeline`] })
    expect(await following()).toBe('1')
    const at = await revoke('layer-9')
    await expect.poll(following, { timeout: 10_000, interval: 20 }).toBe('0')
    expect(performance.now() - at).toBeLessThan(ENDS_WITHIN_MS)
    expect(told).toEqual([])
    await client.close()
  })

  it('a tool of MCP that waits gives nothing', async () => {
    const token = await world.token('layer-2', 'incidents:read')
    const params = { name: 'inbox_wait', arguments: { agent: 'layer-2' } }
    const answer = answerTo(
      '/mcp',
      {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
    )
    await expect.poll(following, { timeout: 10_000 }).toBe('1')
    const at = await revoke('layer-2')
    await open('secret')
    expect((await answer.ended) - at).toBeLessThan(ENDS_WITHIN_MS)
    expect(answer.text()).not.toContain('secret')
  })

  it('a stream of A2A ends, though nothing happens, and tells nothing more', async () => {
    const { state } = await open('pool')
    const token = await world.token('layer-2', 'incidents:read')
    const answer = answerTo(
      '/a2a/layer-1',
      { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'a2a-version': '1.0' },
      JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'SubscribeToTask', params: { id: state.id } }),
    )
    await answer.begun
    const before = answer.text()
    const at = await revoke('layer-2')
    expect((await answer.ended) - at).toBeLessThan(ENDS_WITHIN_MS)
    // The refusal, and no task.
    const more = answer.text().slice(before.length)
    expect(more).toContain('auth.token-revoked')
    expect(more).not.toContain(state.id)
  })

  it('a message of A2A that waits for its answer gives nothing', async () => {
    const token = await world.token('layer-3', 'incidents:write', 'agents:read')
    const client = await a2aClient(world.url, 'layer-2', token)
    const answer = client.sendMessage(message('please version the interfaces'))
    const told = answer.then(JSON.stringify, String)
    await expect.poll(following, { timeout: 10_000 }).toBe('1')
    await revoke('layer-3')
    expect(await told).toMatch(/revoked/)
  })
})
