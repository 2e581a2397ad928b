import { get } from 'node:http'
import { EventTally } from '@esa/operations'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { HAS_PROMTOOL, promtool } from './promtool.ts'
import { ProtocolWorld } from './protocol-world.ts'
import { readScrape, type Scraped, valueOf } from './scrape.ts'

const MIN = 60_000
const LATENESS = 'esa_escalation_lateness_seconds'

describe('a scrape', () => {
  let world: ProtocolWorld

  beforeEach(async () => {
    world = await ProtocolWorld.start()
  })
  afterEach(() => world.close())

  const text = async (from = world): Promise<string> => (await fetch(`${from.url}/metrics`)).text()
  const scrape = async (from = world): Promise<Scraped[]> => readScrape(await text(from))
  const open = async (agent = 'layer-40') =>
    (await world.open({ agent, category: 'integration', title: 'x' })).state.id

  it('tells how late deadlines were served, and a server that starts later tells the same', async () => {
    await open()
    // Due after 30 minutes, and no worker serves it until the 41st: eleven minutes late.
    await world.outage(41 * MIN)
    await open()
    await world.advance(31 * MIN)
    const seen = await scrape()
    const sum = (part: string, le?: string): number =>
      seen
        .filter(({ name, labels }) => name === `${LATENESS}_${part}` && labels['le'] === le)
        .reduce((total, { value }) => total + value, 0)
    const late = await world.store.lateness(0)
    expect(late).toContain(11 * MIN)
    expect(sum('count')).toBe(late.length)
    expect(sum('sum')).toBeCloseTo(late.reduce((total, ms) => total + ms, 0) / 1_000)
    expect(sum('bucket', '+Inf') - sum('bucket', '600')).toBe(1)
    expect(sum('bucket', '1')).toBe(late.filter((ms) => ms <= 1_000).length)

    const again = await ProtocolWorld.start({ world: world.ports().world })
    try {
      const stored = (all: Scraped[]) =>
        all.filter(({ name }) => name.startsWith(LATENESS) || name === 'esa_incident_events_total')
      expect(stored(await scrape(again))).toEqual(stored(seen))
    } finally {
      await again.close()
    }
  })

  it('counts on from what it remembers, and nothing twice', async () => {
    const tally = new EventTally()
    const opened = async (): Promise<number> => {
      const { nowMs } = await world.store.runtime()
      const tallies = await tally.read(world.store, nowMs)
      return tallies.reduce((sum, { type, count }) => sum + (type === 'incident.opened' ? count : 0), 0)
    }
    await open()
    await world.advance(31 * MIN)
    await open('layer-41')
    expect([await opened(), await opened()]).toEqual([2, 2])
    await world.advance(5 * MIN)
    await open('layer-42')
    expect(await Promise.all([opened(), opened()])).toEqual([3, 3])
  })

  it('tells what is open by level and status, the oldest unacknowledged, and what agents did', async () => {
    const id = await open()
    await open('layer-41')
    await world.advance(5 * MIN)
    const [told] = (await world.incident(id)).addressees
    await world.command(id, { type: 'acknowledge', as: told! })
    const seen = await scrape()
    const levels = seen.filter(({ name }) => name === 'esa_incidents_open')
    expect(levels.map(({ labels, value }) => [labels['status'], value])).toEqual([
      ['triggered', 1],
      ['acknowledged', 1],
    ])
    expect(valueOf(seen, 'esa_incidents_open_all')).toBe(2)
    expect(valueOf(seen, 'esa_incident_oldest_unacknowledged_seconds')).toBe(300)
    expect(valueOf(seen, 'esa_workers')).toBe(0)
    expect(valueOf(seen, 'esa_store_up')).toBe(1)
    expect(valueOf(seen, 'esa_agents', { kind: 'chief' })).toBe(6)
  })

  it('tells the metrics of watched databases in base units, with what the card promises', async () => {
    const reading = { value: 250, threshold: 100, unit: 'ms', ok: false }
    const { nowMs } = await world.store.runtime()
    await world.store.keepReadings([
      { target: 'shop', key: 'query-response-time', at: nowMs - 5_000, reading },
      {
        target: 'shop',
        key: 'index-hit-ratio',
        at: nowMs,
        reading: { value: 99, threshold: 95, unit: '%', ok: true },
      },
      { target: 'shop', key: 'probes', at: nowMs, reading: { probes: [] } },
    ])
    const seen = await scrape()
    const about = { target: 'shop', metric: 'query-response-time' }
    expect(valueOf(seen, 'esa_database_metric_value', { ...about, unit: 'seconds' })).toBe(0.25)
    expect(valueOf(seen, 'esa_database_metric_threshold', { ...about, unit: 'seconds' })).toBe(0.1)
    expect(valueOf(seen, 'esa_database_metric_ok', about)).toBe(0)
    expect(valueOf(seen, 'esa_database_metric_age_seconds', about)).toBe(5)
    expect(
      valueOf(seen, 'esa_database_metric_value', {
        target: 'shop',
        metric: 'index-hit-ratio',
        unit: 'ratio',
      }),
    ).toBe(0.99)
    expect(seen.some(({ labels }) => labels['metric'] === 'probes')).toBe(false)
  })

  it('times requests by the template of their route, never by its content', async () => {
    await fetch(`${world.url}/api/v1/incidents/01ARZ3NDEKTSV4RRFFQ69G5FAV`)
    await fetch(`${world.url}/what/ever/this/is`)
    const routes = (await scrape()).flatMap(({ name, labels }) =>
      name === 'esa_http_request_duration_seconds_count' ? [`${labels['route']} ${labels['status']}`] : [],
    )
    expect(routes).toContain('/api/v1/incidents/:id 404')
    expect(routes.join(' ')).not.toMatch(/01ARZ|ever/)
    const values = (await scrape()).flatMap(({ labels }) => Object.values(labels))
    expect(values.filter((value) => /^[0-9A-HJKMNP-TV-Z]{26}$/.test(value))).toEqual([])
  })

  it.skipIf(!HAS_PROMTOOL)('is what Prometheus reads', async () => {
    await open()
    await world.advance(31 * MIN)
    expect(promtool(['check', 'metrics'], await text())).toBe('')
  })

  it('is not for a page that had its own name resolved to this machine', async () => {
    const { port } = new URL(world.url)
    const options = { port, path: '/metrics', headers: { host: 'evil.example' } }
    const status = await new Promise((resolve) => {
      get(options, (response) => resolve(response.resume().statusCode))
    })
    expect(status).toBe(421)
  })

  it('takes a token that may read agents, where the server is not this machine’s own', async () => {
    const far = await ProtocolWorld.start({ loopback: false })
    try {
      const status = async (token?: string): Promise<number> => {
        const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
        return (await fetch(`${far.url}/metrics`, { headers })).status
      }
      expect(await status()).toBe(401)
      expect(await status(await far.token('operator', 'incidents:read'))).toBe(403)
      expect(await status(await far.token('operator', 'agents:read'))).toBe(200)
    } finally {
      await far.close()
    }
  })
})
