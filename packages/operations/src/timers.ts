import { INCIDENT_TYPE } from '@esa/escalation'
import { isoTime } from '@esa/protocol'
import type { Store } from '@esa/store'

/** An armed deadline of an incident. */
export interface TimerDocument {
  incidentId: string
  kind: string
  dueAt: string
  overdueMs: number
}

/**
 * Every armed deadline of an incident, the next first, or the next `limit` of them; how many there are, and the store's clock with
 * which they were read.
 */
export async function listTimers(
  store: Store,
  { limit }: { limit?: number } = {},
): Promise<{ timers: TimerDocument[]; armed: number; nowMs: number }> {
  const { nowMs } = await store.runtime()
  const live = await store.outlines(INCIDENT_TYPE, [])
  const armed = live.flatMap(({ id, dueAt, timerKind }) =>
    dueAt === null ? [] : [{ incidentId: id, dueAt, kind: timerKind ?? '' }],
  )
  const timers = armed
    .toSorted((a, b) => a.dueAt - b.dueAt)
    .slice(0, limit)
    .map(({ incidentId, kind, dueAt }) => ({
      incidentId,
      kind,
      dueAt: isoTime(dueAt),
      overdueMs: Math.max(0, nowMs - dueAt),
    }))
  return { timers, armed: armed.length, nowMs }
}
