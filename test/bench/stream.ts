import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { EsaHome } from '../e2e/run-esa.ts'
import type { BenchServers } from './bench-servers.ts'
import { esaUp } from './esa-up.ts'
import { type Figure, lateFigure } from './figures.ts'

const READERS = 500

/** Incidents that are opened one after the other, and the pause between two, ms: an organization on a bad day. */
const INCIDENTS = 40
const EVERY_MS = 500

/** What follows from the last one is heard by then, ms. */
const SETTLE_MS = 3_000

/** How late 500 readers hear of an event: from the store's clock in its step, before the commit, to the reader's own. */
export async function benchStream({ redis, note }: BenchServers): Promise<Figure[]> {
  const home = await EsaHome.create()
  try {
    const up = await esaUp(home, redis?.url ?? null)
    const late: number[] = []
    const heard = Array.from({ length: READERS }, () => 0)
    const lines = await Promise.all(
      heard.map((_, reader) =>
        follow(up.url, (ms) => {
          late.push(ms)
          heard[reader]! += 1
        }),
      ),
    )
    note(`${READERS} readers`)
    await pause(SETTLE_MS)
    late.length = 0
    heard.fill(0)
    for (let n = 0; n < INCIDENTS; n += 1) {
      const body = JSON.stringify({ agent: `layer-${1 + n}`, category: 'integration', title: `bench ${n}` })
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(`${up.url}/api/v1/incidents`, { method: 'POST', headers, body })
      if (!answer.ok) throw new Error(await answer.text())
      await pause(EVERY_MS)
    }
    await pause(SETTLE_MS)
    for (const line of lines) line.destroy()
    await up.stop()
    note(`${heard[0]} events each`)
    const missed = heard.filter((count) => count !== heard[0]).length
    return [
      lateFigure(`from a step to ${READERS} readers of the stream`, late, { op: '<=', value: 1_000 }),
      {
        what: 'readers that heard another number of events',
        value: missed,
        unit: '',
        aim: { op: '<=', value: 0 },
      },
      { what: 'events to each reader', value: heard[0]!, unit: '' },
    ]
  } finally {
    await home.remove()
  }
}

async function follow(url: string, hear: (lateMs: number) => void): Promise<IncomingMessage> {
  const asked = request(`${url}/api/v1/stream`, { agent: false }).end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`)
  let rest = ''
  answer.setEncoding('utf8').on('data', (text: string) => {
    const now = Date.now()
    const events = (rest + text).split('\n\n')
    rest = events.pop()!
    for (const event of events) {
      const at = /data: \{"at":"([^"]+)"/.exec(event)?.[1]
      if (at !== undefined) hear(now - Date.parse(at))
    }
  })
  answer.on('error', () => {})
  return answer
}
