import type { Ring } from '@esa/store'
import type { Job } from 'bullmq'
import type { Logger } from 'pino'
import type { Backend, DoorbellOptions, RingJob, RingQueue, RingWorker } from './doorbell-backend.ts'
import { QUEUES } from './queues.ts'
import { TroubleLog } from './trouble-log.ts'
import { within } from './within.ts'

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

/** A step rings one or two: on PostgreSQL the statement for many costs as much as ten for one (166 against 700 messages/s). */
const BULK_FROM = 10

/** What is in hand at the end may take this long, ms; then its row is left to the next worker. */
const FINISH_MS = 5_000

/** `close()` can wait for ever on a lost connection, ms. */
const CLOSE_TIMEOUT_MS = 1_000

/** A queue that was rung and starts nothing for this long, while its rows stay unheard, is deaf, ms. */
const DEAF_MS = 3_500

/** Messages of one job: what one commit sent is delivered together as well, and costs the queue one job. */
const IDS_MAX = 64

/** Ids of our rows. Anything else in a job was not put there by us. */
const ROW_ID = /^[\w.:-]{1,200}$/

/**
 * BullMQ as a doorbell: jobs carry ids only, may be lost, doubled or late, and nothing depends on them but speed. What
 * makes that safe is the done mark on the row, the relay's sweep, the start gate and the watchdog.
 */
export class Doorbell {
  readonly #options: DoorbellOptions
  readonly #log: Logger
  readonly #trouble: TroubleLog
  #backend: Backend | null = null
  readonly #queues = new Map<string, RingQueue>()
  #workers: RingWorker[] = []
  #onRing: OnRing | null = null
  readonly #inHand = new Set<Promise<void>>()
  /** Since when a queue has been rung without starting anything, on this process's monotonic clock, ms. */
  readonly #unansweredSince = new Map<string, number>()

  constructor(options: DoorbellOptions, log: Logger) {
    this.#options = options
    this.#log = log
    this.#trouble = new TroubleLog(log, 'queue trouble')
  }

  /** False after a rebuild that failed: its server is away, and a ring would go nowhere. */
  get isBuilt(): boolean {
    return this.#backend !== null
  }

  /** Connects and builds one Worker a queue. @throws EsaError `queue.unreachable` (transient) or `queue.evicting` (terminal). */
  async start(onRing: OnRing): Promise<void> {
    this.#onRing = onRing
    await this.#build()
  }

  /** True when a queue is rung and its Worker does not start anything: a Worker can die without saying so. */
  isDeaf(queue: string): boolean {
    const since = this.#unansweredSince.get(queue)
    return since !== undefined && performance.now() - since > DEAF_MS
  }

  /** Tears down Workers and queues and rebuilds them. @throws EsaError like `start`; then `isBuilt` is false. */
  async rebuild(): Promise<void> {
    if (this.isBuilt) this.#log.warn({}, 'doorbell rebuilt: its Workers did not answer')
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
    if (!this.#unansweredSince.has(queueName)) this.#unansweredSince.set(queueName, performance.now())
    const jobs = ringsOfJobs(rings).map(jobOf)
    try {
      const added =
        jobs.length < BULK_FROM
          ? jobs.map(({ name, data, opts }) => queue.add(name, data, opts))
          : [queue.addBulk(jobs)]
      await within(Promise.all(added), RING_TIMEOUT_MS)
    } catch (error) {
      this.#trouble.add(error)
    }
  }

  async #build(): Promise<void> {
    // Loaded when a bell is built: a command that only commits a step must not pay for BullMQ and ioredis.
    const { openBackend, readied } = await import('./doorbell-backend.ts')
    const backend = await openBackend(this.#options, (error) => this.#trouble.add(error))
    const queues = QUEUES.map((name) => [name, backend.queue(name)] as const)
    const workers = QUEUES.map((name) => backend.worker(name, (job) => this.#answer(name, job)))
    try {
      await readied([...queues.map(([, queue]) => queue), ...workers])
    } catch (error) {
      await this.#bounded(Promise.all(workers.map((each) => each.close(true))), CLOSE_TIMEOUT_MS)
      await this.#bounded(backend.close(), CLOSE_TIMEOUT_MS)
      throw error
    }
    this.#backend = backend
    this.#unansweredSince.clear()
    for (const [name, queue] of queues) this.#queues.set(name, queue)
    this.#workers = workers
    for (const worker of workers) worker.run().catch((error: unknown) => this.#trouble.add(error))
  }

  async #answer(queue: string, { name, data }: Job<unknown>): Promise<void> {
    this.#unansweredSince.delete(queue)
    const onRing = this.#onRing
    if (onRing === null) return
    const kind = name === 'activity' ? 'activity' : 'message'
    const work = allOf(idsIn(data).map((id) => onRing({ kind, id })))
    const settled = work.catch(() => {})
    this.#inHand.add(settled)
    await work.finally(() => this.#inHand.delete(settled))
  }

  async #tearDown(): Promise<void> {
    const [workers, queues, backend] = [this.#workers, [...this.#queues.values()], this.#backend]
    this.#workers = []
    this.#queues.clear()
    this.#backend = null
    if (backend === null) return
    // A graceful close waits for the server to come back, and cannot be repeated.
    const force = backend.isAway()
    if (force) await this.#bounded(Promise.all(this.#inHand), FINISH_MS)
    // On close, a Worker takes no more, and waits for what it has.
    const closed = Promise.all([
      ...workers.map((each) => each.close(force)),
      ...queues.map((each) => each.close()),
    ])
    closed.catch(() => {})
    await this.#bounded(Promise.race([closed, Promise.all(this.#inHand)]), FINISH_MS)
    await this.#bounded(closed, CLOSE_TIMEOUT_MS)
    await this.#bounded(backend.close(), CLOSE_TIMEOUT_MS)
  }

  async #bounded(work: Promise<unknown>, ms: number): Promise<void> {
    try {
      await within(work, ms)
    } catch (error) {
      this.#trouble.add(error)
    }
  }
}

/** Messages travel together; an activity takes its own time, and so its own job. */
function ringsOfJobs(rings: Ring[]): Ring[][] {
  const { message: messages = [], activity: activities = [] } = Object.groupBy(rings, ({ kind }) => kind)
  const jobs = activities.map((ring) => [ring])
  for (let from = 0; from < messages.length; from += IDS_MAX) jobs.push(messages.slice(from, from + IDS_MAX))
  return jobs
}

function jobOf(rings: Ring[]): RingJob {
  const { kind, id, attempt } = rings[0]!
  const jobId = `${kind === 'message' ? 'm' : 'a'}${id}-${attempt}`
  return { name: kind, data: { ids: rings.map((ring) => ring.id) }, opts: { ...JOB_OPTIONS, jobId } }
}

/** The ids that a job names, as far as they can be ours. */
function idsIn(data: unknown): string[] {
  const ids: unknown = (data as { ids?: unknown } | null)?.ids
  if (!Array.isArray(ids) || ids.length > IDS_MAX) return []
  return ids.filter((id): id is string => typeof id === 'string' && ROW_ID.test(id))
}

/** Waits for all, and then fails like the first that failed: its job is tried again, and finds the others done. */
async function allOf(work: Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((each) => each.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
