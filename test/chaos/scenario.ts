import { setTimeout as pause } from 'node:timers/promises'
import { seededRandom } from '@esa/simulator'
import { ChaosWorld } from './chaos-world.ts'
import { Driver } from './driver.ts'
import type { Fault } from './faults.ts'
import { Crowd } from './crowd.ts'
import type { Backend, Servers } from './servers.ts'
import { judge, type Verdict } from './verdict.ts'

/** The peers' 30 minutes become 1 s, the chief's hour 2 s. */
export const TIME_SCALE = 1_800

/** Incidents under one fault: every kind of life twice. */
const INCIDENTS = 16

/** The first deadlines come 1 s after opening: the fault is there before, at, or after them, ms. */
const BEFORE_DEADLINE_MS = 800

/** Lets one fault strike when deadlines are near, and judges what became of incidents of every kind. */
export async function underFault(
  servers: Servers,
  backend: Backend,
  fault: Fault,
  seed = 1,
): Promise<Verdict> {
  const world = await ChaosWorld.open({ servers, backend, timeScale: TIME_SCALE, slots: 2 })
  try {
    const random = seededRandom(seed)
    const driver = new Driver(world)
    await world.startAll()
    const crowd = new Crowd(driver, INCIDENTS, random)
    crowd.allow(INCIDENTS)
    await pause(BEFORE_DEADLINE_MS)
    await fault.strike(world, random)
    await crowd.ended()
    const verdict = await judge(world, driver)
    verdict.lost.push(...crowd.failures)
    return verdict
  } finally {
    await world.close()
  }
}
