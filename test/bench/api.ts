import { setTimeout as pause } from 'node:timers/promises'
import type { Incident } from '@esa/escalation'
import { ensureEmbeddedServer } from '@esa/pg-server'
import { openPostgresStore, type Store } from '@esa/store'
import { EsaHome } from '../e2e/run-esa.ts'
import type { BenchServers } from './bench-servers.ts'
import { esaUp } from './esa-up.ts'
import { type Figure, percentile, spread } from './figures.ts'
import { openMany } from './open-many.ts'

/** Live incidents: a page is a small part of them. */
const INCIDENTS = 2_000

/** Requests that leave at their time, whether or not those before are answered. */
const A_SECOND = 200
const SECONDS = 20

/** What the opening left to do is done by then, ms; it is looked at every so often. */
const SETTLE_MS = 120_000
const LOOK_EVERY_MS = 1_000

/** The requests, in turn: of twenty requests four acknowledge. */
const TURNS = [
  'list',
  'show',
  'story',
  'show',
  'ack',
  'list',
  'search',
  'show',
  'story',
  'ack',
  'list',
  'show',
  'level',
  'story',
  'ack',
  'list',
  'show',
  'one',
  'story',
  'ack',
] as const

/** How long answers take at 200 requests a second, from the instant at which a request should leave. */
export async function benchApi({ redis, note }: BenchServers): Promise<Figure[]> {
  const home = await EsaHome.create()
  try {
    const up = await esaUp(home, redis?.url ?? null)
    const { url } = await ensureEmbeddedServer(home)
    const store = await openPostgresStore({ url, max: 8, applicationName: 'bench' })
    await openMany(store, INCIDENTS, note)
    await settled(store, note)
    await store.close()
    const api = `${up.url}/api/v1/incidents`
    const ids = await newest(api, INCIDENTS)
    let acknowledged = 0
    const took = new Map<string, number[]>()
    let failed = 0
    const ask = async (n: number, dueAt: number): Promise<void> => {
      const turn = TURNS[n % TURNS.length]!
      const id = ids[turn === 'ack' ? acknowledged++ : n % ids.length]!
      try {
        const answer = await fetch(...asked(api, turn, id))
        await answer.text()
        if (!answer.ok) failed += 1
      } catch {
        failed += 1
      }
      took.set(turn, [...(took.get(turn) ?? []), performance.now() - dueAt])
    }
    const began = performance.now()
    const all: Promise<void>[] = []
    for (let n = 0; n < A_SECOND * SECONDS; n += 1) {
      const dueAt = began + (n * 1_000) / A_SECOND
      if (dueAt > performance.now()) await pause(dueAt - performance.now())
      all.push(ask(n, dueAt))
    }
    await Promise.all(all)
    await up.stop()
    for (const [turn, samples] of took) note(`${turn}: ${spread(samples)}`)
    return [
      p95('answers of the API at 200 requests/s, 2,000 live incidents', [...took.values()].flat()),
      p95('of these, acknowledgements', took.get('ack')!),
      { what: 'of these, failed', value: failed, unit: '', aim: { op: '<=', value: 0 } },
    ]
  } finally {
    await home.remove()
  }
}

/** Waits until the worker has delivered what the opening requested. */
async function settled(store: Store, note: (line: string) => void): Promise<void> {
  for (let waited = 0; waited < SETTLE_MS; waited += LOOK_EVERY_MS) {
    const { messages, activities } = await store.backlog()
    if (messages + activities === 0) return
    if (waited % 20_000 === 0) note(`${messages} messages and ${activities} activities on their way`)
    await pause(LOOK_EVERY_MS)
  }
}

/** Ids of the newest incidents, page by page: each is acknowledged once. */
async function newest(api: string, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let cursor = ''; ids.length < count;) {
    const page = (await (await fetch(`${api}?limit=1000${cursor}`)).json()) as Page
    ids.push(...page.incidents.map(({ id }) => id))
    cursor = `&cursor=${page.next}`
  }
  return ids
}

interface Page {
  incidents: Incident[]
  next: string | null
}

function asked(api: string, turn: (typeof TURNS)[number], id: string): [string, RequestInit?] {
  const headers = { 'content-type': 'application/json' }
  switch (turn) {
    case 'list':
      return [`${api}?open=true&limit=50`]
    case 'search':
      return [`${api}?search=bench+77&limit=50`]
    case 'level':
      return [`${api}?level=chief&limit=50`]
    case 'one':
      return [`${api}?agent=layer-60&limit=50`]
    case 'show':
      return [`${api}/${id}`]
    case 'story':
      return [`${api}/${id}/timeline`]
    case 'ack':
      return [`${api}/${id}/ack`, { method: 'POST', headers, body: '{"as":"operator"}' }]
  }
}

function p95(what: string, samples: number[]): Figure {
  const value = Math.round(percentile(samples, 0.95))
  return { what: `${what}, p95`, value, unit: 'ms', spread: `p95 ${value} ms, ${spread(samples)}` }
}
