import type { Probe } from '@esa/database-advice/measure'
import type { JsonObject } from '@esa/protocol'
import type { Store } from '@esa/store'
import type { MeasureHistory } from './measure.activity.ts'

/** How far back uptime looks, ms. */
const UPTIME_WINDOW_MS = 24 * 3_600_000

/** The key under which probes are kept beside the readings. */
const PROBES_KEY = 'probes'

/** Keeps readings and probes in the runtime's store. */
export function measureHistory(store: Store): MeasureHistory {
  return {
    keep: async (target, readings) => {
      const { nowMs } = await store.runtime()
      const plain = readings.map((reading) => JSON.parse(JSON.stringify(reading)) as JsonObject)
      await store.keepReadings(
        plain.map((reading) => ({ target, key: reading['key'] as string, at: nowMs, reading })),
      )
    },
    keepProbes: async (target, probes) => {
      const { nowMs } = await store.runtime()
      const reading = { probes: probes.map(({ at, ok }) => ({ at, ok })) }
      await store.keepReadings([{ target, key: PROBES_KEY, at: nowMs, reading }])
      const kept = await store.readings(target, PROBES_KEY, nowMs - UPTIME_WINDOW_MS)
      return kept.flatMap((one) => one.reading['probes'] as unknown as Probe[])
    },
  }
}
