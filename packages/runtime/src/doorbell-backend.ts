import { EsaError, isEsaError } from '@esa/protocol'
import {
  createPostgresBackend,
  type Job,
  type PostgresConnectionOptions,
  Queue,
  runMigrations,
  withBackend,
  Worker,
} from 'bullmq'
import { Redis } from 'ioredis'
import pg from 'pg'
import { infoField, lastError, redisFailure } from './inspect-redis.ts'
import { ACTIVITIES_QUEUE } from './queues.ts'
import { within } from './within.ts'

/** BullMQ's schema in the runtime's database; fixed by BullMQ for a pool that it did not build. */
const BULLMQ_SCHEMA = 'bullmq'

/** Every Worker pins one connection to listen on; the rest serve them all. With 6 for six Workers the pool hangs. */
const POOL_MAX = 16

/** Queues and Workers share one pool and each adds its listeners. */
const LISTENERS_MAX = 100

/** BullMQ's classes on its PostgreSQL backend. */
const OnPostgres = withBackend(createPostgresBackend)

/** A server that takes the connection and then says nothing is as good as away, ms. */
const CONNECT_TIMEOUT_MS = 5_000

/** How a doorbell reaches its queues: Redis when a URL is given, else BullMQ's backend on the runtime's own database. */
export interface DoorbellOptions {
  redisUrl: string | null
  databaseUrl: string
  /** The runtime's id: two worlds on one Redis never meet. */
  runtimeId: string
}

/** A job: the ids of the rows that it rings for, and nothing else. */
export interface RingJob {
  name: string
  data: { ids: string[] }
  opts: object
}

/** What a doorbell uses of a BullMQ queue. */
export interface RingQueue {
  add(name: string, data: RingJob['data'], opts: object): Promise<unknown>
  addBulk(jobs: RingJob[]): Promise<unknown>
  waitUntilReady(): Promise<unknown>
  close(): Promise<void>
}

/** What a doorbell uses of a BullMQ worker. */
export interface RingWorker {
  waitUntilReady(): Promise<unknown>
  /** Takes jobs until it is closed. */
  run(): Promise<void>
  /** Waits for its jobs, and for its server when that is away; with `force` for neither. */
  close(force?: boolean): Promise<void>
}

/** One server behind the queues: what builds queues and Workers on its shared connection, and what ends that. */
export interface Backend {
  queue(name: string): RingQueue
  worker(name: string, answer: (job: Job) => Promise<void>): RingWorker
  /** True while its connection is lost. */
  isAway(): boolean
  close(): Promise<void>
}

/**
 * What a killed worker had in hand is rung again by the relay, after 2 s and as another job: BullMQ's own search for
 * stalled jobs only clears up, and need not cost a query a second for each Worker. Its count is out of the way because
 * a job whose worker died twice would otherwise be failed and never run.
 */
const WORKER_OPTIONS = {
  // One that is not ready must never run: see `readied`.
  autorun: false,
  lockDuration: 5_000,
  stalledInterval: 30_000,
  maxStalledCount: 1_000,
  runRetryDelay: 1_000,
}

/**
 * Seconds that a Worker waits to be called before it asks by itself: a call that was lost is our sweep's, after 2 s. On
 * PostgreSQL asking costs statements. On Redis a Worker that is closed while its server is away keeps a timer of this
 * length, and with it the process.
 */
const DRAIN_DELAY = { postgres: 30, redis: 3 }

/** Longer than a Worker waits: all of them poll at the same time, and would reconnect for it each time, ms. */
const IDLE_TIMEOUT_MS = 2_000 * DRAIN_DELAY.postgres

/** Jobs a Worker takes at once: steps are short, and a queue must not starve behind one slow actor. */
const STEPS_AT_ONCE = 8

/** Activities mostly wait for the world, and some hang until their time-out: the others must still find a place. */
const ACTIVITIES_AT_ONCE = 24

/**
 * Opens the backend only when its server answers: a Worker that is built while the database is away never starts and
 * says nothing. @throws EsaError `queue.unreachable` (transient) or `queue.evicting` (terminal).
 */
export function openBackend(options: DoorbellOptions, onError: (error: Error) => void): Promise<Backend> {
  return options.redisUrl === null
    ? openPostgres(options.databaseUrl, onError)
    : openRedis(options.redisUrl, options.runtimeId, onError)
}

async function openPostgres(url: string, onError: (error: Error) => void): Promise<Backend> {
  const pool = new pg.Pool({
    connectionString: url,
    max: POOL_MAX,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    // A ring that a crash of the server loses is rung again: it need not wait for the disk.
    options: `-c search_path=${BULLMQ_SCHEMA} -c synchronous_commit=off`,
    application_name: 'esa doorbell',
  })
  pool.setMaxListeners(LISTENERS_MAX)
  pool.on('error', onError)
  // A checked-out client is deaf without a listener of its own, and its error would end the process.
  pool.on('connect', (client) => {
    client.setMaxListeners(LISTENERS_MAX)
    client.on('error', onError)
  })
  try {
    const client = await pool.connect()
    try {
      await runMigrations(client, BULLMQ_SCHEMA)
    } finally {
      client.release()
    }
  } catch (cause) {
    await pool.end()
    throw unreachable('the database of the queues does not answer', cause)
  }
  // BullMQ declares its own, narrower type of a pool; at run time it takes any pg.Pool.
  const anyPool: unknown = pool
  const connection = anyPool as PostgresConnectionOptions
  return {
    queue: (name) => listening(new OnPostgres.Queue(name, { connection }), onError),
    worker: (name, answer) =>
      listening(
        new OnPostgres.Worker(name, answer, { connection, ...workerOptions(name, 'postgres') }),
        onError,
      ),
    // Each query gets a new connection: a lost one fails at once.
    isAway: () => false,
    close: () => pool.end(),
  }
}

async function openRedis(url: string, runtimeId: string, onError: (error: Error) => void): Promise<Backend> {
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
  })
  redis.on('error', onError)
  const why = lastError(redis)
  const connections = withDuplicates(redis)
  try {
    await within(
      redis.connect().then(() => refuseEviction(redis)),
      CONNECT_TIMEOUT_MS,
    )
  } catch (cause) {
    redis.disconnect()
    if (isEsaError(cause, 'queue.evicting')) throw cause
    throw redisFailure(why() ?? cause)
  }
  // The braces keep all keys of a runtime in one slot of a Redis Cluster.
  const shared = { connection: redis, prefix: `{esa-${runtimeId}}` }
  return {
    queue: (name) => listening(new Queue(name, shared), onError),
    worker: (name, answer) =>
      listening(new Worker(name, answer, { ...shared, ...workerOptions(name, 'redis') }), onError),
    isAway: () => redis.status !== 'ready',
    close: async () => {
      for (const connection of connections) connection.disconnect()
    },
  }
}

/**
 * This connection and those that BullMQ makes of it, one a Worker. A Worker that cannot close leaves its own behind: it
 * would come back with the server, and keep the process alive until then.
 */
function withDuplicates(redis: Redis): Redis[] {
  const connections = [redis]
  const duplicate = redis.duplicate.bind(redis)
  redis.duplicate = (override) => {
    const copy = duplicate(override)
    connections.push(copy)
    return copy
  }
  return connections
}

/** A Redis that evicts keys would drop doorbells at random. INFO tells it also where CONFIG is forbidden. */
async function refuseEviction(redis: Redis): Promise<void> {
  const policy = infoField(await redis.info('memory'), 'maxmemory_policy')
  if (policy === null || policy === 'noeviction') return
  throw new EsaError('queue.evicting', 'terminal', `Redis evicts keys (maxmemory-policy ${policy})`, {
    hint: 'run: redis-cli config set maxmemory-policy noeviction',
  })
}

function workerOptions(queue: string, backend: keyof typeof DRAIN_DELAY) {
  const concurrency = queue === ACTIVITIES_QUEUE ? ACTIVITIES_AT_ONCE : STEPS_AT_ONCE
  return { ...WORKER_OPTIONS, drainDelay: DRAIN_DELAY[backend], concurrency }
}

/**
 * Resolves when queues and Workers have seen their server, each by itself. BullMQ never forgets that one was refused
 * (tables gone, no connection left): its Worker would then ask again without a pause and without I/O, 600,000 times a
 * second, and nothing else in the process would run any more. @throws EsaError `queue.unreachable` (transient).
 */
export async function readied(built: { waitUntilReady(): Promise<unknown> }[]): Promise<void> {
  try {
    await within(Promise.all(built.map((each) => each.waitUntilReady())), CONNECT_TIMEOUT_MS)
  } catch (cause) {
    throw unreachable('the server of the queues does not serve them', cause)
  }
}

/** An unhandled 'error' would end the process. */
function listening<T extends { on(event: 'error', listener: (error: Error) => void): unknown }>(
  emitter: T,
  onError: (error: Error) => void,
): T {
  emitter.on('error', onError)
  return emitter
}

function unreachable(message: string, cause: unknown): EsaError {
  return new EsaError('queue.unreachable', 'transient', message, {
    cause,
    hint: 'check that the server runs and that its URL is right',
  })
}
