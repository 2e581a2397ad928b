import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redisInstalled } from '@esa/runtime/testing'
import { CRASH_POINTS } from './crash-points.ts'
import { crashEverywhere, QUEUE_POINTS } from './crash-run.ts'
import { LATE_MAX_MS } from './outages.ts'
import { openServers, type Servers } from './servers.ts'
import { soak } from './soak.ts'
import type { Verdict } from './verdict.ts'

/** A soak that strikes with every fault once; the long form is `pnpm chaos`. */
const SHORT = { incidents: 64, kills: 8, postgresKills: 1, flushes: 2, others: 1, seed: 7, timeScale: 900 }

let servers: Servers
beforeAll(async () => {
  servers = await openServers()
})
afterAll(() => servers.close())

function expectClean({ lost, doubled, early, wrong, late }: Verdict): void {
  expect({ lost, doubled, early, wrong }).toEqual({ lost: [], doubled: [], early: [], wrong: [] })
  expect(late.max).toBeLessThanOrEqual(LATE_MAX_MS)
}

/** Every other point: a crash is mostly waited for, and two worlds wait no longer than one. */
const HALVES = [0, 1].map((half) => CRASH_POINTS.filter((_, index) => index % 2 === half))

// Only workers and commands die here, and each test has its own: all together take no longer than one.
describe.concurrent('a process that is killed at a named point', () => {
  it.each(HALVES.map((points) => ({ first: points[0]!, points })))(
    'leaves nothing lost, doubled or early, from $first on, with its queues on PostgreSQL',
    async ({ points }) => {
      const verdict = await crashEverywhere(servers, 'postgres', points)
      expectClean(verdict)
      expect(verdict.incidents).toBe(points.length)
    },
  )

  it.runIf(redisInstalled())('nor at those of the queue with its queues on Redis', async () => {
    expectClean(await crashEverywhere(servers, 'redis', QUEUE_POINTS))
  })
})

describe('a run in which everything breaks once', () => {
  it('ends with every incident where it must be', async () => {
    const backend = redisInstalled() ? 'redis' : 'postgres'
    const { verdict, kills } = await soak(servers, { ...SHORT, backend })
    expectClean(verdict)
    expect(kills).toBe(SHORT.kills)
    expect(verdict.incidents).toBeGreaterThanOrEqual(SHORT.incidents)
  })
})
