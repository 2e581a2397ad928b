import { EsaError } from '@esa/protocol'
import type { Ring } from '@esa/store'
import type { Job } from 'bullmq'
import type { Logger } from 'pino'
import {
  type Backend,
  type DoorbellOptions,
  openBackend,
  type RingQueue,
  type RingWorker,
} from './doorbell-backend.ts'
import { QUEUES } from './queues.ts'

/** Called for every ring. The row in the store says what is to be done, and whether it still is. */
export type OnRing = (ring: Pick<Ring, 'kind' | 'id'>) => Promise<void>

/** Kept out of the way of the next ring: the row, not the job, remembers. */
const JOB_OPTIONS = {
  attempts: 20,
  backoff: { type: 'fixed', delay: 500 },
  removeOnComplete: true,
  removeOnFail: true,
}

/** A queue that does not answer in this time is left to the sweep, ms. */
const RING_TIMEOUT_MS = 2_000

/** `worker.close()` can wait for ever on a lost connection, ms. */
const CLOSE_TIMEOUT_MS = 5_000

/** Errors of a queue's connection come in hundreds while a server recovers: one line a period, ms. */
const ERROR_LOG_EVERY_MS = 5_000

/**
 * BullMQ as a doorbell: jobs carry ids only, may be lost, doubled or late, and nothing depends on them but speed. What
 * makes that safe is the done mark on the row, the relay's sweep, the start gate and the watchdog.
 */
export class Doorbell {
  readonly #options: DoorbellOptions
  readonly #log: Logger
  #backend: Backend | null = null
  readonly #queues = new Map<string, RingQueue>()
  #workers: RingWorker[] = []
  #onRing: OnRing | null = null
  #lastLogAt = 0
  /** When a ring was last answered, on this process's monotonic clock, ms. */
  lastStartedAt = performance.now()

  constructor(options: DoorbellOptions, log: Logger) {
    this.#options = options
    this.#log = log
  }

  /** Connects and builds one Worker a queue. @throws EsaError `queue.unreachable` (transient) or `queue.evicting` (terminal). */
  async start(onRing: OnRing): Promise<void> {
    this.#onRing = onRing
    await this.#build()
  }

  /** Tears Workers and queues down and builds them again: for a Worker that was built while its server was away. */
  async rebuild(): Promise<void> {
    this.#log.warn({}, 'doorbell rebuilt')
    await this.#tearDown()
    await this.#build()
  }

  /** Rings; a ring that fails is the sweep's. */
  async ring(rings: Ring[]): Promise<void> {
    const byQueue = Map.groupBy(rings, ({ queue }) => queue)
    await Promise.all([...byQueue].map(([queue, group]) => this.#add(queue, group)))
  }

  async close(): Promise<void> {
    await this.#tearDown()
  }

  async #add(queueName: string, rings: Ring[]): Promise<void> {
    const queue = this.#queues.get(queueName)
    if (queue === undefined) return
    const jobs = rings.map(({ kind, id, attempt }) => ({
      name: kind,
      data: { id },
      opts: { ...JOB_OPTIONS, jobId: `${kind === 'message' ? 'm' : 'a'}${id}-${attempt}` },
    }))
    try {
      await within(queue.addBulk(jobs), RING_TIMEOUT_MS, 'queue.slow')
    } catch (error) {
      this.#logError(error)
    }
  }

  async #build(): Promise<void> {
    this.#backend = await openBackend(this.#options, (error) => this.#logError(error))
    for (const name of QUEUES) {
      this.#queues.set(name, this.#backend.queue(name))
      this.#workers.push(this.#backend.worker(name, (job) => this.#answer(job)))
    }
    this.lastStartedAt = performance.now()
  }

  async #answer(job: Job<{ id?: unknown }>): Promise<void> {
    this.lastStartedAt = performance.now()
    const { id } = job.data
    if (typeof id !== 'string' || this.#onRing === null) return
    await this.#onRing({ kind: job.name === 'activity' ? 'activity' : 'message', id })
  }

  async #tearDown(): Promise<void> {
    const open = [...this.#workers, ...this.#queues.values()]
    const backend = this.#backend
    this.#workers = []
    this.#queues.clear()
    this.#backend = null
    await Promise.all(open.map((each) => this.#closing(each)))
    if (backend !== null) await this.#closing(backend)
  }

  async #closing(open: { close(): Promise<void> }): Promise<void> {
    try {
      await within(open.close(), CLOSE_TIMEOUT_MS, 'queue.slow')
    } catch (error) {
      this.#logError(error)
    }
  }

  #logError(error: unknown): void {
    const now = performance.now()
    if (now - this.#lastLogAt < ERROR_LOG_EVERY_MS && this.#lastLogAt !== 0) return
    this.#lastLogAt = now
    this.#log.warn({ err: error }, 'queue trouble')
  }
}

/** Bounds a promise that may never settle. @throws EsaError with the given code (transient). */
async function within<T>(work: Promise<T>, ms: number, code: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new EsaError(code, 'transient', `no answer from the queue in ${ms} ms`)),
      ms,
    )
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}
