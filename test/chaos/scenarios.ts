import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { incidentDefinition } from '@esa/escalation'
import { seededRandom } from '@esa/simulator'
import { ChaosWorld } from './chaos-world.ts'
import { CRASH_POINTS, type CrashPoint } from './crash-points.ts'
import { crashEverywhere } from './crash-run.ts'
import { until } from '@esa/runtime/testing'
import { Crowd } from './crowd.ts'
import { Driver, type Records } from './driver.ts'
import { type Fault, FAULTS } from './faults.ts'
import { herd } from './herd.ts'
import { Progress } from './progress.ts'
import { restoredCopy } from './restored-copy.ts'
import { TIME_SCALE, underFault } from './scenario.ts'
import type { Backend, Servers } from './servers.ts'
import { judge, type Verdict } from './verdict.ts'

/** Where Debian puts what gives a process another clock. */
const FAKE_CLOCK = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/faketime/libfaketimeMT.so.1`

/** As long as a worker is strange: several deadlines come in it, ms. */
const STRANGE_MS = 4_000

/** A worker that is to freeze has started and come to its point by then, ms. */
const FREEZES_WITHIN_MS = 60_000

/** A claim is free 5 s after its last renewal, and its ring is heard again soon after, ms. */
const PAST_THE_LEASE_MS = 9_000

/** Exit code of a card or setting that is wrong. Source: docs/cli.md, "Exit codes". */
const REFUSED = 3

/** What a scenario found: a verdict, or a line of figures of its own. */
interface Found {
  verdict: Verdict | null
  figures: string
}

/** One thing that is tried by its name. */
export interface Scenario {
  name: string
  on?: Backend
  run(servers: Servers, backend: Backend): Promise<Found>
}

/** Replaces all workers by strange ones for a while. */
function strange(name: string, start: Parameters<ChaosWorld['startAll']>[0]): Fault {
  return {
    name,
    strike: async (world) => {
      for (const then of [start, {}]) {
        await world.killAll()
        await world.startAll(then)
        world.outages.end()
        if (then === start) await pause(STRANGE_MS)
      }
    },
  }
}

const wrongClock = (offset: string): Parameters<ChaosWorld['startAll']>[0] => ({
  environment: { LD_PRELOAD: FAKE_CLOCK, FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1' },
})

const evicting: Fault = {
  name: 'redis-evicting',
  on: 'redis',
  strike: async (world) => {
    const { redis } = world.servers
    await redis!.run('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    const slot = world.slots[0]!
    await world.kill(slot)
    const refused = world.launch(slot)
    const [code] = (await once(refused, 'exit')) as [number | null]
    await redis!.run('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
    if (code !== REFUSED) throw new Error(`a worker on an evicting Redis ended with ${code}, not ${REFUSED}`)
    await world.start(slot)
  },
}

/** A worker freezes at a point, as on a machine that is suspended: the others must not wait for it, nor it harm them later. */
function frozen(name: string, point: CrashPoint, forMs: number): Fault {
  return {
    name,
    strike: async (world) => {
      const [first, other] = [world.slots[0]!, world.slots[1]!]
      const mark = join(world.home.folder, 'frozen-at')
      await world.killAll()
      const environment = { CRASH_AT: point, CRASH_MARK: mark, CRASH_SIGNAL: 'SIGSTOP' }
      const worker = world.launch(first, { preload: 'crash-at', environment })
      await until('a worker freezes', () => existsSync(mark), FREEZES_WITHIN_MS)
      await world.start(other)
      world.outages.end()
      await pause(forMs)
      worker.kill('SIGCONT')
    },
  }
}

/** With an actor locked. */
const frozenInStep = frozen('frozen-in-step', 'timer.lock.after', STRANGE_MS)

/** With a result in hand, until its lease is over and another worker has brought its own. */
const frozenInActivity = frozen('frozen-in-activity', 'activity.end.before', PAST_THE_LEASE_MS)

/** Faults that need a worker of another kind. */
const STRANGE: Fault[] = [
  ...(existsSync(FAKE_CLOCK)
    ? [strange('clock-ahead', wrongClock('+2h')), strange('clock-behind', wrongClock('-2h'))]
    : []),
  strange('wedged-agent', { preload: 'wedged-agent' }),
  frozenInStep,
  frozenInActivity,
  evicting,
]

/** Two releases at once: the older worker cannot take what the newer one knows, and must leave it alone. */
async function twoVersions(servers: Servers, backend: Backend): Promise<Verdict> {
  const world = await ChaosWorld.open({ servers, backend, timeScale: TIME_SCALE, slots: 2 })
  try {
    const [older, newer] = [world.slots[0]!, world.slots[1]!]
    await Promise.all([world.start(older), world.start(newer, { preload: 'second-version' })])
    const next = { ...incidentDefinition({ timeScale: TIME_SCALE }), version: 3 }
    const drivers = [
      new Driver(world, 'first'),
      new Driver({ store: world.store, host: world.hostOf(next) }, 'next'),
    ]
    const crowds = drivers.map((driver) => new Crowd(driver, 8, seededRandom(1)))
    for (const crowd of crowds) crowd.allow(8)
    await Promise.all(crowds.map((crowd) => crowd.ended()))
    const records: Records = {
      asked: drivers.flatMap(({ asked }) => asked),
      opened: new Map(drivers.flatMap(({ opened }) => [...opened])),
    }
    const verdict = await judge(world, records)
    verdict.lost.push(...crowds.flatMap(({ failures }) => failures))
    return verdict
  } finally {
    await world.close()
  }
}

async function crashPoints(servers: Servers, backend: Backend): Promise<Found> {
  const progress = new Progress('crash points', CRASH_POINTS.length)
  const verdict = await crashEverywhere(servers, backend, CRASH_POINTS, (point, index) =>
    progress.update(index, point),
  )
  progress.stop()
  return { verdict, figures: `${CRASH_POINTS.length} points` }
}

async function herdFound(
  servers: Servers,
  backend: Backend,
  deadlines: number,
  afterOutage: boolean,
): Promise<Found> {
  const { served, twice, early, p50, p99, max } = await herd(servers, backend, deadlines, afterOutage)
  const figures = `${served} of ${deadlines} served, ${twice} twice, ${early} early, late p50 ${p50} p99 ${p99} max ${max} ms`
  if (served === deadlines && twice + early === 0) return { verdict: null, figures }
  throw new Error(`a herd was not served as promised: ${figures}`)
}

const judged = async (verdict: Promise<Verdict>): Promise<Found> => ({ verdict: await verdict, figures: '' })

/** Everything that can be tried by name, beside the soak. */
export const SCENARIOS: readonly Scenario[] = [
  { name: 'crash-points', run: crashPoints },
  ...[...FAULTS, ...STRANGE].map((fault): Scenario => ({
    name: fault.name,
    ...(fault.on === undefined ? {} : { on: fault.on }),
    run: (servers, backend) => judged(underFault(servers, backend, fault)),
  })),
  { name: 'two-versions', run: (servers, backend) => judged(twoVersions(servers, backend)) },
  { name: 'restored-copy', run: (servers, backend) => judged(restoredCopy(servers, backend)) },
  { name: 'herd-10k', run: (servers, backend) => herdFound(servers, backend, 10_000, false) },
  { name: 'herd-10k-after-outage', run: (servers, backend) => herdFound(servers, backend, 10_000, true) },
  { name: 'herd-100k', run: (servers, backend) => herdFound(servers, backend, 100_000, false) },
  { name: 'herd-100k-after-outage', run: (servers, backend) => herdFound(servers, backend, 100_000, true) },
]
