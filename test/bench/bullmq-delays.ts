import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'

/** Jobs of one command while a herd is loaded. */
const CHUNK = 1_000

const JOB_OPTIONS = { removeOnComplete: true, removeOnFail: true }

/** How late BullMQ alone runs delayed jobs that are all due `inMs` from now, ms each. */
export async function bullmqLateness(redisUrl: string, count: number, inMs: number): Promise<number[]> {
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null })
  const queue = new Queue(`delayed-${count}`, { connection })
  const dueAt = Date.now() + inMs
  for (let from = 0; from < count; from += CHUNK) {
    const size = Math.min(CHUNK, count - from)
    const opts = { ...JOB_OPTIONS, delay: dueAt - Date.now() }
    await queue.addBulk(
      Array.from({ length: size }, (_, n) => ({ name: 'due', data: { n: from + n }, opts })),
    )
  }
  if (Date.now() > dueAt) throw new Error('the jobs were not loaded when they fell due')
  const late: number[] = []
  const { promise: allRun, resolve } = Promise.withResolvers<void>()
  const run = async (): Promise<void> => {
    late.push(Date.now() - dueAt)
    if (late.length === count) resolve()
  }
  const worker = new Worker(queue.name, run, { connection, concurrency: 50 })
  await allRun
  await worker.close()
  await queue.obliterate({ force: true })
  await queue.close()
  connection.disconnect()
  return late
}
