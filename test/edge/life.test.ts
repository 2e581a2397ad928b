import { type ServerPorts, startServer } from '@esa/server'
import { afterEach, describe, expect, it } from 'vitest'
import { ProtocolWorld } from '../protocols/protocol-world.ts'
import { StreamReader } from './stream-reader.ts'

let world: ProtocolWorld
afterEach(() => world.close())

describe('a server that is stopped', () => {
  it('finishes what is under way, sends its readers back, and takes nothing new', async () => {
    world = await ProtocolWorld.start()
    const server = await startServer(world.ports())
    const reader = await StreamReader.open(server.url)
    const [asked, may] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const page = world.store.actorPage.bind(world.store)
    world.store.actorPage = async (query) => {
      asked.resolve()
      await may.promise
      return await page(query)
    }
    const underWay = fetch(`${server.url}/api/v1/incidents`)
    await asked.promise
    let stopped = false
    const stopping = server.stop().then(() => (stopped = true))
    await reader.until(({ ended }) => ended)
    expect(reader.heard.at(-1)!.event).toBe('bye')
    await expect(fetch(`${server.url}/health`)).rejects.toThrow('fetch failed')
    expect(stopped).toBe(false)
    may.resolve()
    const answer = await underWay
    expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close'])
    await stopping
  })

  it('does not wait for ever', async () => {
    world = await ProtocolWorld.start()
    const server = await startServer(world.ports())
    const asked = Promise.withResolvers<void>()
    world.store.actorPage = () => {
      asked.resolve()
      return new Promise(() => {})
    }
    const underWay = fetch(`${server.url}/api/v1/incidents`)
    await asked.promise
    await Promise.all([server.stop(10), expect(underWay).rejects.toThrow('fetch failed')])
  })
})

describe('signs of life', () => {
  const ready = async (more: Partial<ServerPorts> = {}) => {
    const server = await startServer(world.ports(more))
    const answer = await fetch(`${server.url}/ready`)
    const { checks } = (await answer.json()) as { checks: { name: string; ok: boolean; why?: string }[] }
    await server.stop()
    return { status: answer.status, missing: checks.filter(({ ok }) => !ok).map(({ name }) => name), checks }
  }
  const beat = () => world.store.beat({ id: 'w', pid: 1, host: 'h', startedAt: 0, info: {}, workerNowMs: 0 })

  it('say that the process is alive, and what it lacks', async () => {
    world = await ProtocolWorld.start({ loopback: false })
    const health = await fetch(`${world.url}/health`)
    expect([health.status, await health.json()]).toEqual([200, { status: 'alive' }])
    expect(await ready()).toMatchObject({ status: 503, missing: ['worker'] })
    await beat()
    const at = (schema: 'current' | 'older', atHome: boolean) => ({
      standing: async () => ({ schema, atHome }),
    })
    expect(await ready(at('current', true))).toMatchObject({ status: 200, missing: [] })
    expect(await ready(at('older', true))).toMatchObject({ status: 503, missing: ['schema'] })
    expect(await ready(at('current', false))).toMatchObject({ status: 503, missing: ['home'] })
    await world.advance(60_000)
    expect(await ready(at('current', true))).toMatchObject({ status: 503, missing: ['worker'] })
  })

  it('say nothing of a database that does not answer but that', async () => {
    world = await ProtocolWorld.start()
    await beat()
    const standing = async () => {
      throw new Error('connect ECONNREFUSED postgresql://esa:hunter2@db')
    }
    const { status, missing, checks } = await ready({ standing })
    expect([status, missing]).toEqual([503, ['schema', 'home']])
    expect(JSON.stringify(checks)).not.toContain('hunter2')
  })
})
