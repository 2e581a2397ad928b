import { isoTime } from '@esa/protocol'
import { QUEUES } from '@esa/runtime'
import type { QueueBacklog, Store } from '@esa/store'
import { livingWorkers } from './figures.ts'
import type { WorkerDocument } from './runtime-status.ts'

/** Messages that were given up and are shown, the newest. */
const DEAD_SHOWN = 100

/** What waits on the queue of a tier: `oldestMs` is how long the oldest has waited, null where nothing does. */
interface QueueDocument {
  queue: string
  messages: number
  activities: number
  oldestMs: number | null
}

/** A message that was given up, and why. */
interface DeadMessage {
  id: string
  at: string
  queue: string
  from: string
  to: string | null
  type: string
  code: string
  thread: string
}

/** What waits, by tier; what was given up; who works it off. */
export interface QueueStatus {
  nowAt: string
  queues: QueueDocument[]
  messages: number
  activities: number
  dead: number
  oldestMs: number | null
  deadMessages: DeadMessage[]
  workers: WorkerDocument[]
}

/** Reads the queues: every tier is listed, also an empty one. */
export async function queueStatus(store: Store): Promise<QueueStatus> {
  const { nowMs } = await store.runtime()
  const [waiting, backlog, given, workers] = await Promise.all([
    store.queues(),
    store.backlog(),
    store.listMessages({ dead: true, limit: DEAD_SHOWN }),
    livingWorkers(store, nowMs),
  ])
  const named = [...new Set([...QUEUES, ...waiting.map(({ queue }) => queue)])]
  return {
    nowAt: isoTime(nowMs),
    queues: named.map((queue) => queueDocument(queue, waiting)),
    ...backlog,
    deadMessages: given.map(({ id, at, queue, from, toActor, type, deadCode, correlationId }) => ({
      id,
      at: isoTime(at),
      queue,
      from,
      to: toActor,
      type,
      code: deadCode ?? '',
      thread: correlationId,
    })),
    workers: workers.map(({ id, pid, host, startedAt, beatAt, skewMs }) => ({
      id,
      pid,
      host,
      startedAt: isoTime(startedAt),
      beatAgeMs: nowMs - beatAt,
      skewMs,
    })),
  }
}

function queueDocument(queue: string, waiting: QueueBacklog[]): QueueDocument {
  const own = waiting.filter((one) => one.queue === queue)
  const of = (kind: QueueBacklog['kind']): number => own.find((one) => one.kind === kind)?.waiting ?? 0
  const oldestMs = own.reduce<number | null>((most, one) => Math.max(most ?? 0, one.oldestMs), null)
  return { queue, messages: of('message'), activities: of('activity'), oldestMs }
}
