import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { Awaited, type ExchangeDriver } from './exchange-drivers.ts'

const JOB_OPTIONS = { removeOnComplete: true, removeOnFail: true }

/**
 * The same exchange on BullMQ alone: a job that one Worker takes and answers by a job that another Worker takes. Nothing
 * is kept of it, no actor is locked, and a Redis that forgets forgets it.
 */
export async function bullmqExchanges(redisUrl: string, atOnce: number): Promise<ExchangeDriver> {
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null })
  const answered = new Awaited()
  const [requests, answers] = ['requests', 'answers'].map((name) => new Queue(name, { connection }))
  const take = async ({ data }: { data: { n: number } }): Promise<void> => {
    await answers!.add('answer', data, JOB_OPTIONS)
  }
  const options = { connection, concurrency: atOnce }
  const workers = [
    new Worker('requests', take, options),
    new Worker('answers', async ({ data }: { data: { n: number } }) => answered.done(data.n), options),
  ]
  await Promise.all([...workers, requests!, answers!].map((each) => each.waitUntilReady()))
  let counted = 0
  return {
    exchange: async () => {
      const n = counted++
      const done = answered.wait(n)
      await requests!.add('request', { n }, JOB_OPTIONS)
      await done
    },
    close: async () => {
      await Promise.all([...workers, requests!, answers!].map((each) => each.close()))
      connection.disconnect()
    },
  }
}
