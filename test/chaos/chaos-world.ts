import { type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { behaviors } from '@esa/agents'
import { incidentDefinition } from '@esa/escalation'
import { newId } from '@esa/protocol'
import { ActorHost, Registry } from '@esa/runtime'
import { migrate, openPostgresStore, settle, type Store } from '@esa/store'
import { EsaHome, says } from '../e2e/run-esa.ts'
import { projectOrg } from '../incidents/project-org.ts'
import { type LineProxy, openLineProxy } from './line-proxy.ts'
import { Outages } from './outages.ts'
import type { Backend, Servers } from './servers.ts'

/** Connections of the driver's own store, which goes to the server directly. */
const DRIVER_CONNECTIONS = 8

/** What a world is made of. `slots` is how many workers it may have, each on lines of its own. */
export interface ChaosWorldOptions {
  servers: Servers
  backend: Backend
  timeScale: number
  slots?: number
}

/** How a worker is started: more of its environment, and modules that its command line loads first. */
export interface WorkerStart {
  environment?: NodeJS.ProcessEnv
  preload?: string
}

/** The lines of one slot. */
export interface Slot {
  postgres: LineProxy
  redis: LineProxy | null
  worker: ChildProcess | null
}

/** One database with real workers on it, each behind proxies of its own, and a driver that commands it as the CLI does. */
export class ChaosWorld {
  readonly home: EsaHome
  readonly servers: Servers
  readonly backend: Backend
  readonly timeScale: number
  readonly url: string
  readonly store: Store
  /** Commands as the command line gives them: a step in the caller's process, without a bell. */
  readonly host: ActorHost
  readonly slots: Slot[] = []
  readonly outages = new Outages()
  /** Faults as they struck, by the store's clock, ms: the store is on this machine. */
  readonly struck: { name: string; at: number }[] = []
  readonly directory = projectOrg()
  /** Workers that were ended by SIGKILL. */
  kills = 0

  private constructor(options: ChaosWorldOptions, home: EsaHome, url: string, store: Store) {
    this.servers = options.servers
    this.backend = options.backend
    this.timeScale = options.timeScale
    this.home = home
    this.url = url
    this.store = store
    this.host = this.hostOf(incidentDefinition({ timeScale: this.timeScale }))
  }

  /** A host that opens incidents on this definition. */
  hostOf(definition: ReturnType<typeof incidentDefinition>): ActorHost {
    const registry = new Registry({
      definitions: [definition, ...behaviors.definitions()],
      agentType: behaviors.agentType,
      activities: [],
      directory: () => this.directory,
    })
    return new ActorHost({ store: this.store, registry, random: Math.random, rings: false })
  }

  static async open(options: ChaosWorldOptions): Promise<ChaosWorld> {
    const { servers, slots = 2 } = options
    const url = await servers.postgres.database(`chaos_${newId(Date.now(), Math.random).toLowerCase()}`)
    await migrate(url)
    const store = await openPostgresStore({
      url,
      max: DRIVER_CONNECTIONS,
      applicationName: 'chaos driver',
      onError: () => {},
    })
    const world = new ChaosWorld(options, await EsaHome.create(), url, store)
    for (let n = 0; n < slots; n++) world.slots.push(await world.#openSlot())
    return world
  }

  /** Where the workers of this world raise alarms. */
  get alarmFile(): string {
    return join(this.home.home, 'alarms.jsonl')
  }

  /** Starts a worker on a slot; resolves when it says that it is ready. */
  async start(slot: Slot, start: WorkerStart = {}): Promise<ChildProcess> {
    const worker = this.launch(slot, start)
    await says(worker, 'ready in ')
    return worker
  }

  /** Starts a worker, and does not wait for anything. */
  launch(slot: Slot, { environment = {}, preload }: WorkerStart = {}): ChildProcess {
    const worker = this.home.start(['worker'], {
      ...this.environment(slot),
      ...(preload === undefined
        ? {}
        : { NODE_OPTIONS: `--import=${join(import.meta.dirname, `${preload}.ts`)}` }),
      ...environment,
    })
    slot.worker = worker
    worker.once('exit', () => {
      if (slot.worker === worker) slot.worker = null
    })
    return worker
  }

  /** Starts workers on every empty slot. Resolves when all are ready, and the outage is over then at the latest. */
  async startAll(start: WorkerStart = {}): Promise<void> {
    const empty = this.slots.filter(({ worker }) => worker === null)
    await Promise.all(empty.map((slot) => this.start(slot, start)))
  }

  /** kill -9 of a slot's worker; resolves when it is gone. */
  async kill({ worker }: Slot): Promise<void> {
    if (worker === null) return
    const gone = once(worker, 'exit')
    worker.kill('SIGKILL')
    await gone
    this.kills++
  }

  /** kill -9 of every worker at once: from here on nothing is served until one is back. */
  async killAll(): Promise<void> {
    this.outages.begin()
    await Promise.all(this.slots.map((slot) => this.kill(slot)))
  }

  /** How a command line of this world, or of a slot's worker, reaches its servers. */
  environment(slot?: Slot): NodeJS.ProcessEnv {
    const redis = this.backend === 'redis' ? this.servers.redis : null
    return {
      DATABASE_URL: slot === undefined ? this.url : onPort(this.url, slot.postgres.port),
      ESA_TIME_SCALE: String(this.timeScale),
      ...(redis === null ? {} : { REDIS_URL: onPort(redis.url, slot?.redis?.port ?? portOf(redis.url)) }),
    }
  }

  /** What a command line of this world answers. */
  async esa<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.home.run([...args, '--json'], this.environment())
    // Findings are an answer too.
    if (code !== 0 && code !== 1) throw new Error(`esa ${args.join(' ')} ended with ${code}: ${stderr}`)
    return JSON.parse(stdout) as T
  }

  async close(): Promise<void> {
    for (const slot of this.slots) slot.worker?.kill('SIGKILL')
    await this.store.close()
    for (const { postgres, redis } of this.slots) {
      await postgres.close()
      await redis?.close()
    }
    await this.home.remove()
  }

  async #openSlot(): Promise<Slot> {
    const to = (url: string): Promise<LineProxy> => openLineProxy({ host: '127.0.0.1', port: portOf(url) })
    const postgres = await to(this.url)
    // One more way to the same database: without this word a worker would take it for a copy, and be muted.
    await settle(this.url, `${hostname()}:${postgres.port}`, 'same')
    const redis =
      this.backend === 'redis' && this.servers.redis !== null ? await to(this.servers.redis.url) : null
    return { postgres, redis, worker: null }
  }
}

function portOf(url: string): number {
  return Number(new URL(url).port)
}

function onPort(url: string, port: number): string {
  const proxied = new URL(url)
  proxied.port = String(port)
  return proxied.href
}
