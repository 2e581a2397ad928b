import { INCIDENT_TYPE } from '@esa/escalation'
import { formatDuration, isoTime } from '@esa/protocol'
import type { Config } from '../config.ts'
import { answer, columns } from '../output.ts'
import { inStore } from '../store-access.ts'

/** Lists every armed deadline of an incident, the next first. */
export async function listTimers(config: Config): Promise<void> {
  await inStore(config, async (store) => {
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
    const row = (timer: (typeof timers)[number]): string[] => {
      const left = Date.parse(timer.dueAt) - nowMs
      return [
        timer.incidentId,
        timer.kind,
        timer.dueAt,
        left < 0 ? `${formatDuration(-left)} overdue` : `in ${formatDuration(left)}`,
      ]
    }
    answer(config, { timers }, () =>
      timers.length === 0
        ? 'no deadline is armed'
        : columns([['INCIDENT', 'KIND', 'DUE', ''], ...timers.map(row)]),
    )
  })
}
