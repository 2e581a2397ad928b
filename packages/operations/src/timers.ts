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

/** Every armed deadline of an incident, the next first, and the store's clock with which they were read. */
export async function listTimers(store: Store): Promise<{ timers: TimerDocument[]; nowMs: number }> {
  const { nowMs } = await store.runtime()
  const live = await store.listActors({ type: INCIDENT_TYPE, live: true })
  const armed = live.flatMap(({ state: { id, timer } }) =>
    timer === null ? [] : [{ incidentId: id, ...timer }],
  )
  const timers = armed
    .toSorted((a, b) => a.dueAt - b.dueAt)
    .map(({ incidentId, kind, dueAt }) => ({
      incidentId,
      kind,
      dueAt: isoTime(dueAt),
      overdueMs: Math.max(0, nowMs - dueAt),
    }))
  return { timers, nowMs }
}
