import { listTimers as list, type TimerDocument } from '@esa/operations'
import { formatDuration } from '@esa/protocol'
import type { Config } from '../config.ts'
import { answer, columns } from '../output.ts'
import { lookInStore } from '../store-access.ts'

/** Lists every armed deadline of an incident, the next first. */
export async function listTimers(config: Config): Promise<void> {
  await lookInStore(config, async (store) => {
    const { timers, nowMs } = await list(store)
    const row = (timer: TimerDocument): string[] => {
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
