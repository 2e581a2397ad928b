import { setTimeout as pause } from 'node:timers/promises'
import { seededRandom } from '@esa/simulator'
import { ChaosWorld } from './chaos-world.ts'
import { Crowd } from './crowd.ts'
import { Driver } from './driver.ts'
import { type Fault, faultNamed, faultsOn } from './faults.ts'
import { Progress } from './progress.ts'
import type { Backend, Servers } from './servers.ts'
import { judge, type Verdict } from './verdict.ts'

/** Workers of a soak: one is killed while others go on, and all at once. */
const WORKERS = 3

/** Between two faults, so that something happens between them, ms. */
const REST_MS = 400

/** What a soak is to do. */
export interface SoakPlan {
  backend: Backend
  incidents: number
  kills: number
  postgresKills: number
  flushes: number
  /** How often every fault strikes that is not counted above. */
  others: number
  seed: number
  timeScale: number
}

/** What a soak did, and what it found. */
export interface Soaked {
  verdict: Verdict
  kills: number
  postgresKills: number
  flushes: number
  faults: Map<string, number>
  seconds: number
}

/** Runs lives of every kind while faults of every kind strike, one after another, and judges what is left. */
export async function soak(servers: Servers, plan: SoakPlan): Promise<Soaked> {
  const began = performance.now()
  const { backend, timeScale, seed } = plan
  const world = await ChaosWorld.open({ servers, backend, timeScale, slots: WORKERS })
  try {
    const random = seededRandom(seed)
    const driver = new Driver(world)
    await world.startAll()
    const schedule = scheduleOf(plan, random)
    const faults = new Map<string, number>()
    const crowd = new Crowd(driver, plan.incidents, random)
    const progress = new Progress(`soak on ${backend}`, schedule.length)
    for (const [index, fault] of schedule.entries()) {
      crowd.allow(Math.ceil((plan.incidents * (index + 1)) / schedule.length))
      progress.update(index, `${crowd.opened} incidents, ${world.kills} kills, now ${fault.name}`)
      await pause(REST_MS)
      world.struck.push({ name: fault.name, at: Date.now() })
      await fault.strike(world, random)
      faults.set(fault.name, (faults.get(fault.name) ?? 0) + 1)
      // Kills go on against a herd that is there: its deadlines are what the faults are for.
      await crowd.caughtUp()
    }
    progress.update(schedule.length, 'healed; the last incidents end')
    await crowd.ended()
    const verdict = await judge(world, driver)
    progress.stop()
    verdict.lost.push(...crowd.failures)
    const count = (name: string): number => faults.get(name) ?? 0
    return {
      verdict,
      kills: world.kills,
      postgresKills: count('postgres-kill') + count('postgres-backend-killed'),
      flushes: count('redis-flush'),
      faults,
      seconds: Math.round((performance.now() - began) / 1_000),
    }
  } finally {
    await world.close()
  }
}

/** The faults of a soak in their order: what is counted as often as requested, every other a few times. */
function scheduleOf(plan: SoakPlan, random: () => number): Fault[] {
  const { backend, kills, postgresKills, flushes } = plan
  const all = Math.floor((kills * 2) / 3 / WORKERS)
  const counts: Record<string, number> = {
    'kill-all': all,
    'kill-one': kills - all * WORKERS,
    'postgres-kill': postgresKills,
    ...(backend === 'redis' ? { 'redis-flush': flushes } : {}),
  }
  const others = faultsOn(backend).filter(({ name }) => !Object.hasOwn(counts, name))
  const faults = [
    ...Object.entries(counts).flatMap(([name, count]) =>
      Array.from({ length: count }, () => faultNamed(name)),
    ),
    ...others.flatMap((fault) => Array.from({ length: plan.others }, () => fault)),
  ]
  return faults
    .map((fault) => ({ fault, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ fault }) => fault)
}
