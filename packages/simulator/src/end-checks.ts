import type { MemoryGlance } from '@esa/store'
import { brokenWorldInvariants, WORLD_INVARIANTS } from './invariants/invariants.ts'
import type { Span, WorldHistory } from './invariants/world-history.ts'
import type { Weather } from './weather.ts'
import { WORLD_BEGINS_AT } from './world-clock.ts'

/** Those that are about what goes over the bus: while it is bad, nothing is promised. */
const OVER_THE_BUS = new Set([27, 32])

/** The first fault of a world that has come to rest, in its logs or between them; null when there is none. */
export function faultAtTheEnd(glance: MemoryGlance, weather: Weather, nowMs: number): string | null {
  const outages = weather.outages.map(byStoreClock)
  const world: WorldHistory = {
    nowMs: WORLD_BEGINS_AT + nowMs,
    actors: [...glance.actors()].map((row) => ({ row, events: glance.stream(row.state.id) })),
    outages,
    redisLosses: weather.wipes.map((at) => WORLD_BEGINS_AT + at),
  }
  const rows = { messages: [...glance.messages()], activities: [...glance.activities()] }
  const withBus = { ...world, ...rows, outages: [...outages, ...weather.busTroubles.map(byStoreClock)] }
  const [ofLogs] = brokenWorldInvariants({ ...world, redisLosses: [] })
  if (ofLogs !== undefined) return ofLogs
  for (const { number, check, needs } of WORLD_INVARIANTS) {
    const isOfBus = OVER_THE_BUS.has(number)
    if (!isOfBus && !needs.includes('activities')) continue
    const [fault] = check(isOfBus ? withBus : { ...world, ...rows })
    if (fault !== undefined) return `${number} ${check.name}: ${fault}`
  }
  return null
}

function byStoreClock({ from, to }: Span): Span {
  return { from: WORLD_BEGINS_AT + from, to: WORLD_BEGINS_AT + to }
}
