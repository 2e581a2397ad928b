import type { ActivityHandler } from '@esa/actor'
import { buildDirectory } from '@esa/org'
import { createDatabase } from '@esa/pg-server'
import { newId } from '@esa/protocol'
import {
  ActorHost,
  Registry,
  type RunningWorker,
  startWorker,
  type WorkerAlarm,
  type WorkerOptions,
} from '../src/index.ts'
import { migrate, openPostgresStore, type Store, type StoredEvent } from '@esa/store'
import { pino } from 'pino'
import { SCRIPTED, scriptedAgent } from './scripted-agent.ts'
import { until } from './until.ts'

/** A database of its own with scripted agents, any number of workers, and a sender without a bell. */
export interface SmallWorld {
  url: string
  store: Store
  /** Commits without ringing, as the command line does. */
  sender: ActorHost
  alarms: WorkerAlarm[]
  /** Log lines of the workers. */
  logged: { msg: string; level: number }[]
  startWorker(): Promise<RunningWorker>
  /** Events of one type in an agent's log. */
  events(agentId: string, type: string): Promise<StoredEvent[]>
  /** Waits until an agent's log holds so many events of a type. */
  untilEvents(agentId: string, type: string, count: number, withinMs?: number): Promise<StoredEvent[]>
  close(): Promise<void>
}

/** What a small world is made of. */
export interface SmallWorldOptions {
  serverUrl: string
  redisUrl: string | null
  activities?: ActivityHandler[]
  /** Sits between the workers and their store. */
  observe?: (store: Store) => Store
}

const random = (): number => Math.random()

/** Opens a new world. */
export async function openSmallWorld(options: SmallWorldOptions): Promise<SmallWorld> {
  const url = await createDatabase(options.serverUrl, `world_${newId(Date.now(), random).toLowerCase()}`)
  await migrate(url)
  const store = await openPostgresStore({ url, max: 4, applicationName: 'small world' })
  const directory = buildDirectory([])
  const registry = new Registry({
    definitions: [scriptedAgent],
    agentType: () => SCRIPTED,
    activities: options.activities ?? [],
    directory: () => directory,
  })
  const started: (() => Promise<void>)[] = []
  const alarms: WorkerAlarm[] = []
  const logged: SmallWorld['logged'] = []
  const log = pino({ level: 'info' }, { write: (line) => void logged.push(JSON.parse(line)) })
  const doorbell = { redisUrl: options.redisUrl, databaseUrl: url }
  const events: SmallWorld['events'] = async (agentId, type) =>
    (await store.readStream(agentId)).filter((event) => event.type === type)

  return {
    url,
    store,
    sender: new ActorHost({ store, registry, random, rings: false }),
    alarms,
    logged,
    events,
    untilEvents: (agentId, type, count, withinMs) =>
      until(
        `${count} ${type} of ${agentId}`,
        async () => {
          // The database may be away at the moment: that is what some tests are about.
          const seen = await events(agentId, type).catch(() => [])
          return seen.length >= count && seen
        },
        withinMs,
      ),
    startWorker: async () => {
      const own = await openPostgresStore({ url })
      const identity = identityOf(newId(Date.now(), random))
      const onAlarm = (alarm: WorkerAlarm): void => void alarms.push(alarm)
      const store = options.observe?.(own) ?? own
      const worker = await startWorker({ store, registry, random, log, doorbell, identity, onAlarm })
      let ended: Promise<void> | null = null
      const stop = (): Promise<void> => (ended ??= worker.stop().then(() => own.close()))
      started.push(stop)
      return { host: worker.host, stop }
    },
    close: async () => {
      await Promise.all(started.map((stop) => stop()))
      await store.close()
    },
  }
}

function identityOf(id: string): WorkerOptions['identity'] {
  return { id, pid: process.pid, host: 'test', startedAt: Date.now(), now: () => Date.now() }
}
