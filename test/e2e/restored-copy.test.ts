import { type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cp, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import { openPostgresStore, type Store } from '@esa/store'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { until } from '@esa/runtime/testing'
import { EsaHome, says } from './run-esa.ts'

/** The peers' 30 minutes become 3 s. */
const SCALE = ['--time-scale', '600']

interface Status {
  muted: boolean
  runtimeId: string
  overdue: number
  running: boolean
}

let home: EsaHome
const workers: ChildProcess[] = []

const start = (...args: string[]): ChildProcess => {
  const worker = home.start([...SCALE, ...args])
  workers.push(worker)
  return worker
}
const stop = async (worker: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<unknown> => {
  const gone = once(worker, 'exit')
  worker.kill(signal)
  return (await gone)[0]
}

beforeAll(async () => {
  home = await EsaHome.create()
})
afterEach(async () => {
  const left = workers
    .splice(0)
    .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
  await Promise.all(left.map((worker) => stop(worker, 'SIGKILL')))
})
afterAll(() => home.remove())

describe('a copy of a database', () => {
  let original: string
  let copy: string
  let store: Store

  const at = (url: string, ...args: string[]) => ['--database-url', url, ...args]
  const escalations = async (incident: string): Promise<number> =>
    (await store.readStream(incident)).filter(({ type }) => type === 'incident.escalated').length

  beforeAll(async () => {
    const server = await ensureEmbeddedServer(home)
    const admin = new pg.Client({ connectionString: server.adminUrl })
    await admin.connect()
    const named = (name: string): string => {
      const url = new URL(server.url)
      url.pathname = `/${name}`
      return url.href
    }
    await admin.query('create database original')
    ;[original, copy] = [named('original'), named('copy')]
    const worker = start(...at(original, 'up'))
    await says(worker, 'ready in ')
    await stop(worker)
    const open = ['incidents', 'open', '--agent', 'layer-1', '--category', 'integration', '--title', 'pools']
    await home.json(...SCALE, ...at(original, ...open))
    await admin.query('create database copy template original')
    await admin.end()
    store = await openPostgresStore({ url: copy, max: 2 })
  })
  afterAll(() => store.close())

  it('starts muted: it can be read, and serves no deadline and sends nothing', async () => {
    const worker = start(...at(copy, 'worker'))
    await says(worker, 'MUTED')
    const { incidents } = await home.json<{ incidents: { id: string }[] }>(...at(copy, 'incidents', 'ls'))
    const { id } = incidents[0]!
    await until('its deadline has passed', async () => {
      const { overdue } = await home.json<Status>(...at(copy, 'status'))
      return overdue === 1
    })
    expect(await home.json<Status>(...at(copy, 'status'))).toMatchObject({ muted: true, running: false })
    expect((await home.run(at(copy, 'status'))).stdout).toMatch(/MUTED.*esa adopt/)
    const { messages, activities } = await store.backlog()
    expect(messages + activities).toBeGreaterThan(0)
    expect(await escalations(id)).toBe(0)
    expect(await stop(worker)).toBe(0)
  })

  it('acts once it is adopted, as a world of its own; the original goes on', async () => {
    const before = await home.json<Status>(...at(original, 'status'))
    const muted = start(...at(copy, 'worker'))
    await says(muted, 'MUTED')
    const ready = says(muted, 'ready in ')
    const adopted = await home.json<{ adopted: boolean; runtimeId: string }>(...at(copy, 'adopt'))
    expect(adopted.adopted).toBe(true)
    expect(adopted.runtimeId).not.toBe(before.runtimeId)
    await ready
    const { incidents } = await home.json<{ incidents: { id: string }[] }>(...at(copy, 'incidents', 'ls'))
    await until('it climbs', async () => (await escalations(incidents[0]!.id)) > 0)
    expect(await home.json(...at(copy, 'adopt'))).toMatchObject({ adopted: false })

    expect(await home.json<Status>(...at(original, 'status'))).toMatchObject({
      muted: false,
      runtimeId: before.runtimeId,
    })
    await says(start(...at(original, 'worker')), 'ready in ')
  })
})

describe('an embedded world', () => {
  it('is at home whether it is reached by its home or by its URL', async () => {
    const { url } = await ensureEmbeddedServer(home)
    const worker = start('--database-url', url, 'up')
    await says(worker, 'ready in ')
    expect((await home.json<Status>('status')).muted).toBe(false)
    await stop(worker)
  })

  it('moves with its folder, and is muted in a copy of it', async () => {
    const at = (name: string): string => join(home.folder, name)
    const [first, second, moved] = [at('first'), at('second'), at('moved')]
    const muted = async (place: string) => (await home.json<Status>('--home', place, 'status')).muted
    const startsAs = async (place: string, word: string): Promise<void> => {
      const worker = start('--home', place, 'up')
      await says(worker, word)
      await stop(worker)
    }
    try {
      await startsAs(first, 'ready in ')
      await stopEmbeddedServer({ home: first })
      await cp(first, second, { recursive: true })
      await startsAs(second, 'MUTED')
      expect([await muted(second), await muted(first)]).toEqual([true, false])

      await stopEmbeddedServer({ home: first })
      await rename(first, moved)
      await startsAs(moved, 'ready in ')
      expect(await muted(moved)).toBe(false)
    } finally {
      for (const place of [first, second, moved]) await stopEmbeddedServer({ home: place })
    }
  })
})
