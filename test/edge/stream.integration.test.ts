import { startServer } from '@esa/server'
import { afterEach, describe, expect, it } from 'vitest'
import { ProtocolWorld } from '../protocols/protocol-world.ts'
import { StreamReader } from './stream-reader.ts'

/** Tens of megabytes go through a line, ms. */
const MUCH_MS = 60_000

let world: ProtocolWorld
let others: { stop(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all([world.close(), ...others.map((other) => other.stop())])
  others = []
})

const open = (title: string) => world.open({ agent: 'layer-1', category: 'integration', title })

/**
 * Opens more than a socket holds, and more than a server keeps in memory. By many agents: the mailboxes of one agent's peers
 * would grow with each, and every step of theirs is as long as all that they hold.
 */
async function openMuch(): Promise<void> {
  const evidence = 'x'.repeat(200_000)
  for (let n = 0; n < 120; n += 1)
    await world.open({
      agent: `layer-${1 + (n % 40)}`,
      category: 'integration',
      title: `much ${n}`,
      evidence,
    })
}

/** Every position of the log from one on. */
async function log(after: number): Promise<number[]> {
  return (await world.store.feed(after, 100_000)).map(({ pos }) => pos)
}

async function another() {
  const server = await startServer(world.ports())
  others.push(server)
  return server
}

describe('the stream', () => {
  it('tells each event once, in order, as it happens', async () => {
    world = await ProtocolWorld.start()
    const reader = await StreamReader.open(world.url)
    await reader.until(({ heard }) => heard.length > 0)
    const { id: from, event } = reader.heard[0]!
    expect(event).toBe('hello')
    for (let n = 0; n < 20; n += 1) await open(`one ${n}`)
    const all = await log(from)
    await reader.until(({ positions }) => positions.length >= all.length)
    expect(reader.positions).toEqual(all)
    reader.leave()
  })

  it('misses nothing across a restart, nor from another server', async () => {
    world = await ProtocolWorld.start()
    const first = await startServer(world.ports())
    const reader = await StreamReader.open(first.url)
    await open('before')
    await reader.until(({ positions }) => positions.length > 0)
    const stopped = first.stop()
    await reader.until(({ ended }) => ended)
    await stopped
    expect(reader.heard.at(-1)!.event).toBe('bye')
    for (let n = 0; n < 40; n += 1) await open(`between ${n}`)
    const second = await another()
    const back = await StreamReader.open(second.url, { last: reader.last })
    const all = await log(reader.last)
    await back.until(({ positions }) => positions.length >= all.length)
    expect(back.positions).toEqual(all)
    expect(back.heard[0]).toMatchObject({ event: 'hello', id: reader.last })
    back.leave()
  })

  it(
    'waits for a slow reader, which then misses nothing, and lets no other wait',
    async () => {
      world = await ProtocolWorld.start()
      const [slow, quick] = [await StreamReader.open(world.url), await StreamReader.open(world.url)]
      await Promise.all([slow, quick].map((reader) => reader.until(({ heard }) => heard.length > 0)))
      const from = slow.heard[0]!.id
      slow.hold()
      await openMuch()
      const all = await log(from)
      await quick.until(({ positions }) => positions.length >= all.length)
      expect(slow.positions.length).toBeLessThan(all.length)
      slow.read()
      await slow.until(({ positions }) => positions.length >= all.length)
      expect(slow.positions).toEqual(all)
      expect(quick.positions).toEqual(all)
      // A reader from farther back than memory reads the log.
      const late = await StreamReader.open(world.url, { last: from })
      await late.until(({ positions }) => positions.length >= all.length)
      expect(late.positions).toEqual(all)
      for (const reader of [slow, quick, late]) reader.leave()
    },
    MUCH_MS,
  )

  it(
    'cuts off a reader that takes nothing at all; back again, it misses nothing',
    async () => {
      world = await ProtocolWorld.start({ streams: { stuckMs: 50 } })
      const reader = await StreamReader.open(world.url)
      await reader.until(({ heard }) => heard.length > 0)
      reader.hold()
      await openMuch()
      await expect
        .poll(() => fetch(`${world.url}/metrics`).then((it) => it.text()), { timeout: MUCH_MS })
        .toMatch(/sse_clients.* 0\n/)
      reader.read()
      await reader.until(({ ended }) => ended)
      // From a server with the usual patience: 50 ms are nothing on a busy machine, and it would be cut off again.
      const back = await StreamReader.open((await another()).url, { last: reader.last })
      const all = await log(reader.last)
      await back.until(({ positions }) => positions.length >= all.length)
      expect(back.positions).toEqual(all)
      back.leave()
    },
    MUCH_MS,
  )

  it('says so when what a reader had is outdated', async () => {
    world = await ProtocolWorld.start()
    await open('one')
    const tail = await world.store.feedTail()
    for (const last of [tail + 1, 10 ** 15]) {
      const reader = await StreamReader.open(world.url, { last })
      await reader.until(({ heard }) => heard.length > 0)
      expect(reader.heard[0]!.event).toBe('reset')
      expect(reader.last).toBeLessThanOrEqual(tail)
      await open('two')
      await reader.until(({ positions }) => positions.length > 0)
      reader.leave()
      await world.close()
      world = await ProtocolWorld.start()
      await open('one')
    }
    const reader = await StreamReader.open(world.url, { query: '?after=nonsense' })
    await reader.until(({ heard }) => heard.length > 0)
    expect(reader.heard[0]!.event).toBe('reset')
    reader.leave()
  })

  it('goes on from a position that this server has not come to yet', async () => {
    world = await ProtocolWorld.start()
    const ahead = await world.store.feedTail()
    const feed = world.store.feed.bind(world.store)
    // A server that is behind: it sees nothing new for now.
    world.store.feed = async () => []
    await open('one')
    const last = await world.store.feedTail()
    expect(last).toBeGreaterThan(ahead)
    const reader = await StreamReader.open(world.url, { last })
    await reader.until(({ heard }) => heard.length > 0)
    expect(reader.heard[0]).toMatchObject({ event: 'hello', id: last })
    await open('two')
    world.store.feed = feed
    const all = await log(last)
    await reader.until(({ positions }) => positions.length >= all.length)
    expect(reader.positions).toEqual(all)
    reader.leave()
  })

  it('sends what was requested, and beats while it is silent', async () => {
    world = await ProtocolWorld.start({ streams: { heartbeatMs: 20 } })
    const { state } = await open('mine')
    const mine = await StreamReader.open(world.url, {
      query: `?stream=${state.id},other&type=incident.ack*,incident.*`,
    })
    const none = await StreamReader.open(world.url, { query: '?type=nothing.ever' })
    await Promise.all([mine, none].map((reader) => reader.until(({ heard }) => heard.length > 0)))
    await open('another')
    await world.command(state.id, { type: 'acknowledge', as: 'operator' })
    await mine.until(({ positions }) => positions.length > 0)
    expect(new Set(mine.heard.flatMap(({ data }) => data.stream ?? []))).toEqual(new Set([state.id]))
    const tail = await world.store.feedTail()
    // A beat says how far the reader is, though nothing was for it: it does not begin there again.
    await none.until(({ heard }) => heard.some(({ event, id }) => event === 'heartbeat' && id === tail))
    expect(none.positions).toEqual([])
    for (const reader of [mine, none]) reader.leave()
  })

  it('ends for a reader without the right', async () => {
    world = await ProtocolWorld.start({ loopback: false, streams: { heartbeatMs: 20 } })
    const token = await world.token('layer-2', 'incidents:read')
    const reader = await StreamReader.open(world.url, { token })
    await reader.until(({ heard }) => heard.length > 0)
    const [{ id } = { id: '' }] = await world.store.listTokens()
    await world.store.revokeToken(id)
    await reader.until(({ ended }) => ended)
    expect(reader.positions).toEqual([])
    await expect(StreamReader.open(world.url, { token })).rejects.toThrow('401')
  })

  it('is for so many at a time', async () => {
    world = await ProtocolWorld.start({ loopback: false, streams: { most: 3, mostOfToken: 2 } })
    const [one, other] = [
      await world.token('layer-2', 'incidents:read'),
      await world.token('layer-3', 'incidents:read'),
    ]
    const readers = [
      await StreamReader.open(world.url, { token: one }),
      await StreamReader.open(world.url, { token: one }),
    ]
    await expect(StreamReader.open(world.url, { token: one })).rejects.toThrow('503')
    readers.push(await StreamReader.open(world.url, { token: other }))
    await expect(StreamReader.open(world.url, { token: other })).rejects.toThrow('503')
    readers[0]!.leave()
    await expect
      .poll(async () => (await StreamReader.open(world.url, { token: other }).catch(() => null))?.ended)
      .toBe(false)
  })
})

describe('two servers on one database', () => {
  it('agree on what happened, in which order', async () => {
    world = await ProtocolWorld.start()
    const other = await another()
    const readers = [await StreamReader.open(world.url), await StreamReader.open(other.url)]
    await Promise.all(readers.map((reader) => reader.until(({ heard }) => heard.length > 0)))
    const from = readers[0]!.heard[0]!.id
    const asked = await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        fetch(`${n % 2 === 0 ? world.url : other.url}/api/v1/incidents`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ agent: 'layer-1', category: 'integration', title: `of two ${n}` }),
        }),
      ),
    )
    expect(asked.map(({ status }) => status)).toEqual(asked.map(() => 200))
    const all = await log(from)
    for (const reader of readers) {
      await reader.until(({ positions }) => positions.length >= all.length)
      expect(reader.positions).toEqual(all)
      reader.leave()
    }
    const lists = await Promise.all(
      [world.url, other.url].map(async (url) => (await fetch(`${url}/api/v1/incidents?limit=1000`)).json()),
    )
    expect(lists[0]).toEqual(lists[1])
  })
})
