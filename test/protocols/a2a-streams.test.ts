import { afterEach, beforeEach, expect, it } from 'vitest'
import { a2aClient, lineOf } from './a2a-client.ts'
import { PATIENCE_MS, ProtocolWorld } from './protocol-world.ts'

/** Streams that one server holds at once. */
const STREAMS_MAX = 200

let world: ProtocolWorld
let id: string
beforeEach(async () => {
  world = await ProtocolWorld.start()
  id = (await world.open({ agent: 'layer-1', category: 'integration', title: 'pool exhausted' })).state.id
})
afterEach(() => world.close())

/** Subscribes to the incident, and gives what came first. */
async function subscribe(signal: AbortSignal): Promise<string> {
  const headers = { 'content-type': 'application/json', 'a2a-version': '1.0' }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'SubscribeToTask', params: { id } })
  const answer = await fetch(`${world.url}/a2a/layer-1`, { method: 'POST', headers, body, signal })
  const { value } = await answer.body!.getReader().read()
  return new TextDecoder().decode(value)
}

/** How many follow the log of this server. */
async function following(): Promise<string | undefined> {
  const text = await (await fetch(`${world.url}/metrics`)).text()
  return /^esa_sse_clients (\d+)$/m.exec(text)?.[1]
}

it(
  'an unread stream is released at once',
  async () => {
    const gone = new AbortController()
    expect(await subscribe(gone.signal)).toContain(id)
    expect(await following()).toBe('1')
    gone.abort()
    await expect.poll(following, { timeout: 10_000 }).toBe('0')
  },
  PATIENCE_MS,
)

it(
  'a server holds so many streams, refuses the next one, and takes it when another is gone',
  async () => {
    const gone = new AbortController()
    const open = Array.from({ length: STREAMS_MAX }, () => subscribe(gone.signal))
    expect((await Promise.all(open)).every((first) => first.includes('TASK_STATE_INPUT_REQUIRED'))).toBe(true)
    const another = new AbortController()
    expect(await subscribe(another.signal)).toContain('request.busy')
    gone.abort()
    await expect.poll(() => subscribe(another.signal), { timeout: 10_000 }).toContain(id)
    another.abort()
  },
  PATIENCE_MS,
)

it(
  'a stream tells nothing more to the holder of a revoked token',
  async () => {
    const closed = await ProtocolWorld.start({ loopback: false })
    const { state } = await closed.open({
      agent: 'layer-1',
      category: 'integration',
      title: 'pool exhausted',
    })
    const token = await closed.token('layer-2', 'incidents:read', 'agents:read')
    const client = await a2aClient(closed.url, 'layer-1', token)
    const stream = client.resubscribeTask({ tenant: '', id: state.id })[Symbol.asyncIterator]()
    expect(lineOf((await stream.next()).value!)).toContain('INPUT_REQUIRED')
    const [{ id: kept } = { id: '' }] = await closed.store.listTokens()
    await closed.store.revokeToken(kept)
    await closed.command(state.id, { type: 'acknowledge', as: 'layer-3' })
    await expect(stream.next()).rejects.toThrow(/revoked/)
    await closed.close()
  },
  PATIENCE_MS,
)
