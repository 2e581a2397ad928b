import { queueStatus, type QueueStatus } from '@esa/operations/views'
import { formatDuration } from '@esa/protocol'
import { colours } from '../colours.ts'
import type { Config } from '../config.ts'
import { answer, columns } from '../output.ts'
import { lookInStore } from '../store-access.ts'

/** What waits on the queue of each tier, what was given up, and who works it off. */
export async function showQueues(config: Config): Promise<void> {
  await lookInStore(config, async (store) => {
    const seen = await queueStatus(store)
    answer(config, seen, () => text(seen))
  })
}

function text({ queues, dead, deadMessages, workers }: QueueStatus): string {
  const rows = queues.map(({ queue, messages, activities, oldestMs }) => [
    queue,
    String(messages),
    String(activities),
    oldestMs === null ? '-' : formatDuration(oldestMs),
  ])
  const given = deadMessages.map(({ id, at, from, to, type, code }) => [id, at, from, to ?? '-', type, code])
  return [
    columns([['QUEUE', 'MESSAGES', 'ACTIVITIES', 'OLDEST'], ...rows]),
    workers.length === 0
      ? colours.yellow('no worker: start one with: esa up')
      : `${workers.length} workers: ${workers.map(({ id }) => id).join(', ')}`,
    ...(dead === 0
      ? []
      : [
          colours.yellow(`${dead} given up`),
          columns([['MESSAGE', 'SENT', 'FROM', 'TO', 'TYPE', 'WHY'], ...given]),
        ]),
  ].join('\n')
}
