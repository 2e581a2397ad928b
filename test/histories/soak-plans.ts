import { drawPlan, type Plan } from '@esa/simulator'
import { projectOrg } from '../incidents/project-org.ts'

/** The organization that plans are drawn from. */
export const directory = projectOrg()

/** Half a day: short enough for many runs, long enough for ladders to end. */
const HALF_DAY = { lastsMs: 12 * 3_600_000, incidents: 60 }

/** The plan of a seed, half a day long: with all its faults, with none, or with workers that get in each other's way. */
export function planOf(seed: number, weather: 'swarm' | 'interleaved' | 'calm'): Plan {
  const plan = drawPlan(BigInt(seed), directory, HALF_DAY)
  if (weather === 'swarm') return plan
  const deeds = plan.moments.filter((moment) => ['open', 'command', 'ring'].includes(moment.do))
  if (weather === 'calm') return { ...plan, moments: deeds }
  const pauses = { do: 'interleaved' as const, atMs: 0, forMs: HALF_DAY.lastsMs, pause: 0.4 }
  return { ...plan, moments: [pauses, ...deeds] }
}
