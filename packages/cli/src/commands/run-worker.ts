import { mkdir, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { INCIDENT_LIMIT } from '@esa/escalation'
import { type AlarmChannels, raiseAlarm } from '@esa/notify'
import { bringCards, random } from '@esa/operations'
import { oneOperator } from '@esa/operations/accounts'
import { hasSessions } from '@esa/pg-server'
import { EsaError, newId } from '@esa/protocol'
import { startWorker } from '@esa/runtime'
import type { Store } from '@esa/store'
import { awaitResidence } from '../await-residence.ts'
import type { Config } from '../config.ts'
import { toRemember } from '../esa-config.ts'
import { OrgWatch } from '../org-watch.ts'
import { note } from '../output.ts'
import { SealKeeper } from '../seals/seal-keeper.ts'
import { sealedPlaceOf } from '../seals/sealed-place.ts'
import { alarmFile, openWorld, type World } from '../world.ts'
import { workerActivities } from '../worker-activities.ts'
import { workerLog } from '../worker-log.ts'

/** Connections of a worker's store: a Worker's concurrency is 8, and waiting for one is cheaper than many servers. */
const STORE_CONNECTIONS = 10

/** How long a worker may take to finish its steps once it is stopped, ms. */
const STOP_WITHIN_MS = 10_000

/** What runs beside a worker in its process, and where it is to be found. */
export interface Beside {
  url: string
  /** A line to be said once the worker is ready. */
  welcome?: string
  stop(): Promise<void>
}

/**
 * Runs a worker in this process until it is stopped, and `beside` it what is given. `began` is when the command began,
 * for the ready line.
 */
export async function runWorker(
  config: Config,
  environment: NodeJS.ProcessEnv,
  began: number,
  beside?: (config: Config, world: World) => Promise<Beside>,
): Promise<void> {
  // The reader of this worker's stderr may end; deadlines do not end with it.
  process.stderr.on('error', () => {})
  const channels = { file: alarmFile(config), webhook: config.alarmWebhook }
  if (config.databaseUrl !== null) refuseQueuesWithoutSession(config, config.databaseUrl)
  await remember(config)
  const org = await OrgWatch.open(config.agents, note)
  const world = await openWorld(config, {
    org,
    max: STORE_CONNECTIONS,
    activities: (store) =>
      workerActivities({
        config,
        environment,
        store,
        channels,
        announcing: { environment, publicUrl: config.publicUrl, now: () => new Date() },
      }),
  })
  const stopped = stopSignal()
  try {
    if (await awaitResidence(config, world.databaseUrl, stopped)) {
      const served = await beside?.(config, world)
      const worker = await start(config, world, channels)
      note(
        `ready in ${Math.round(performance.now() - began)} ms: worker ${worker.id} (pid ${process.pid}), queues on ${config.redisUrl === null ? 'PostgreSQL' : 'Redis'}${scaleNote(config)}${await operatorNote(world.store)}${served === undefined ? '' : `, ${served.url}`}`,
      )
      if (served?.welcome !== undefined) note(served.welcome)
      const keeper = new SealKeeper({
        world,
        at: await sealedPlaceOf(config, world.databaseUrl),
        channels,
        log: workerLog(config.logLevel, process.stderr, world.tracing),
        by: `worker ${worker.id}`,
      })
      keeper.start()
      org.start((directory) => bringCards(world, directory))
      await stopped
      org.stop()
      note('stopping: the steps in hand are finished first')
      // Sealed last: what was finished while the worker stopped is sealed as well.
      await bounded(Promise.all([worker.stop(), served?.stop()]).then(() => keeper.stop()))
    }
  } finally {
    // Its idle connections would keep a process alive that has nothing to do.
    await bounded(world.close())
  }
  // An open channel to the process that started this one would keep it alive.
  if (process.connected) process.disconnect()
}

/** The runtime of a home goes on with what it was composed of, wherever its later commands are called from. */
async function remember({ home, project }: Config): Promise<void> {
  const kept = toRemember(project)
  if (kept === null) return
  await mkdir(home, { recursive: true })
  await writeFile(join(home, kept.name), kept.text, { mode: 0o600 })
}

async function start(
  config: Config,
  world: World,
  channels: AlarmChannels,
): Promise<{ id: string; stop(): Promise<void> }> {
  const { tracing } = world
  const log = workerLog(config.logLevel, process.stderr, tracing)
  const startedAt = Date.now()
  const id = newId(startedAt, random)
  const { stop } = await startWorker({
    store: world.store,
    registry: world.registry,
    random,
    log,
    openingLimit: INCIDENT_LIMIT,
    ...(tracing === null ? {} : { tracing }),
    doorbell: { redisUrl: config.redisUrl, databaseUrl: world.databaseUrl },
    identity: { id, pid: process.pid, host: hostname(), startedAt, now: () => Date.now() },
    onAlarm: ({ code, message, details }) => {
      const alarm = {
        id: newId(Date.now(), random),
        at: new Date().toISOString(),
        subject: code,
        why: message,
        details,
      }
      raiseAlarm(channels, alarm).catch((error: unknown) => log.error({ err: error }, 'alarm not raised'))
    },
  })
  return { id, stop }
}

/** BullMQ's own PostgreSQL backend listens and keeps its search path, which takes a session. */
function refuseQueuesWithoutSession({ redisUrl }: Config, databaseUrl: string): void {
  if (redisUrl !== null || hasSessions(databaseUrl)) return
  throw new EsaError(
    'config.queues-without-session',
    'terminal',
    'queues on PostgreSQL need sessions, and a transaction-mode pooler or a WebSocket proxy gives none',
    { hint: 'set REDIS_URL, or let DATABASE_URL name the database itself instead of its pooler' },
  )
}

/** Where one person approves alone, everything says so. */
async function operatorNote(store: Store): Promise<string> {
  const operator = await oneOperator(store)
  return operator === null ? '' : `, one operator: ${operator.name}`
}

function scaleNote({ timeScale }: Config): string {
  return timeScale === 1 ? '' : `, waits divided by ${timeScale}`
}

/**
 * Resolves at the first Ctrl-C or SIGTERM; a second Ctrl-C ends the process at once. A worker that another process
 * started over a channel also stops when that process is gone, unless configured to live on.
 */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('disconnect', resolve)
    process.once('message', () => process.removeListener('disconnect', resolve))
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.once('SIGINT', () => process.exit(130))
        resolve()
      })
    }
  })
}

async function bounded(stopping: Promise<unknown>): Promise<void> {
  const timer = setTimeout(() => {
    note(`stopped hard: the steps in hand took longer than ${STOP_WITHIN_MS} ms`)
    process.exit(7)
  }, STOP_WITHIN_MS)
  await stopping
  clearTimeout(timer)
}
