import type { MetricReading, Probe } from '@esa/database-advice/measure'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { measureActivity } from './measure.activity.ts'

const METRICS = [
  { key: 'database-uptime', comparator: '>', value: 99.9, unit: '%' },
  { key: 'query-response-time', comparator: '<', value: 100, unit: 'ms', percentile: 95 },
]

/** Looks once at a database that does not answer, whose earlier probes are known. */
async function lookAtOneThatIsDown(earlier: Probe[]): Promise<MetricReading[]> {
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' })
  const target = {
    queryable: { query: () => Promise.reject(refused) },
    workload: [{ id: 'a', weight: 1, sql: 'select 1' }],
    terms: { allowOwner: false, guardLog: 'warn' as const, warn: () => {} },
    close: () => Promise.resolve(),
  }
  const kept: Probe[] = [...earlier]
  const history = {
    keep: () => Promise.resolve(),
    keepProbes: (_: string, probes: Probe[]) => Promise.resolve((kept.push(...probes), kept)),
  }
  const signal = new AbortController().signal
  const { run } = measureActivity(() => Promise.resolve(target), history)
  const [sent] = await run(
    { target: 'shop', thresholds: METRICS },
    { actorId: 'layer-1', key: 'k', attempt: 1, signal },
  )
  expect(sent).toMatchObject({ to: 'layer-1', type: 'measure.done' })
  return sent!.body['readings'] as unknown as MetricReading[]
}

/** An hour of probes that were answered, one a minute, the last a second ago. */
function answeredForAnHour(): Probe[] {
  const first = Date.now() - 3_601_000
  return Array.from({ length: 61 }, (_, n) => ({ at: first + n * 60_000, ok: true }))
}

describe('a database that does not answer', () => {
  afterEach(() => void vi.restoreAllMocks())

  it('is down: its uptime is measured, and nothing else of it is guessed', async () => {
    const [uptime, time] = await lookAtOneThatIsDown([])
    expect(uptime).toMatchObject({ value: 0, ok: false })
    expect(time).toMatchObject({ value: null, ok: null, why: expect.stringContaining('ECONNREFUSED') })
  })

  it('was up as long as it was: the day of probes before counts', async () => {
    const [uptime] = await lookAtOneThatIsDown(answeredForAnHour())
    expect(uptime?.value).toBeGreaterThan(99.8)
    expect(uptime?.value).toBeLessThan(100)
  })
  it('uses the machine’s clock: after a sleep, that of the process lags behind the probes that are kept', async () => {
    const lagging = performance.now.bind(performance)
    vi.spyOn(performance, 'now').mockImplementation(() => lagging() - 30_000)
    const [uptime] = await lookAtOneThatIsDown(answeredForAnHour())
    expect(uptime?.value).toBeGreaterThan(99.8)
  })
})
