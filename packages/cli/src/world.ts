import { join } from 'node:path'
import { behaviors } from '@esa/agents'
import type { ActivityHandler } from '@esa/actor'
import { escalationDefinitions, INCIDENT_LIMIT } from '@esa/escalation'
import { random, type World as Operated } from '@esa/operations'
import type { Directory } from '@esa/org'
import { EsaError } from '@esa/protocol'
import { ActorHost, Registry, type Tracing } from '@esa/runtime'
import type { Store } from '@esa/store'
import { commandCaller } from './caller.ts'
import type { Config } from './config.ts'
import { type LoadedOrg, loadOrg, orgErrors } from './load-org.ts'
import { note } from './output.ts'
import { openStore, resolveDatabase } from './store-access.ts'
import { openTracing } from './tracing.ts'

/** What operations work with, opened by a command and closed by it. */
export interface World extends Operated {
  config: Config
  /** Null where nothing is traced. */
  tracing: Tracing | null
  close(): Promise<void>
}

/** Options of `openWorld`. */
export interface WorldOptions {
  /** Connections of the store; a command needs one or two. */
  max?: number
  /** It only looks: a database without our schema stays so. */
  looks?: boolean
  /** Activities that this process runs. */
  activities?: (store: Store) => Promise<ActivityHandler[]>
  /** The organization, whose directory is read again for everything that begins; by default the cards as they are now. */
  org?: LoadedOrg
}

/** Opens the world; a database without our schema gets it, unless the command only looks. @throws EsaError of the database, the store or the cards. */
export async function openWorld(config: Config, options: WorldOptions = {}): Promise<World> {
  const [databaseUrl, org] = await Promise.all([resolveDatabase(config), options.org ?? readableOrg(config)])
  const store = await openStore(config, databaseUrl, options)
  const registry = registryOf(config, (await options.activities?.(store)) ?? [], () => org.directory)
  const traces = await openTracing(config)
  const tracing = traces?.tracing ?? null
  const host = new ActorHost({
    store,
    registry,
    random,
    rings: false,
    openingLimit: INCIDENT_LIMIT,
    ...(tracing === null ? {} : { tracing }),
  })
  return {
    config,
    databaseUrl,
    store,
    registry,
    behaviors,
    host,
    tracing,
    timeScale: config.timeScale,
    caller: commandCaller({ config, databaseUrl, store }),
    // Read again: a server outlives an edit of its cards.
    get directory() {
      return org.directory
    },
    get problems() {
      return org.problems
    },
    async close() {
      await Promise.all([store.close(), traces?.stop()])
    },
  }
}

/** Every machine of this version. */
function registryOf(
  { timeScale }: Config,
  activities: ActivityHandler[],
  directory: () => Directory,
): Registry {
  return new Registry({
    definitions: [...escalationDefinitions({ timeScale }), ...behaviors.definitions()],
    agentType: behaviors.agentType,
    activities,
    directory,
  })
}

/** The machines alone, for what was recorded: a replay has its inputs from the log and asks no organization. */
export function readingRegistry(config: Config): Registry {
  return registryOf(config, [], () => {
    throw new EsaError('stream.read-only', 'bug', 'what is only read opens nothing')
  })
}

/** Runs the work of a command that only looks in a world. @throws EsaError `store.schema-*` (terminal). */
export async function lookInWorld<T>(config: Config, work: (world: World) => Promise<T>): Promise<T> {
  return await inWorld(config, work, true)
}

/** Runs a command's work in a world, and closes it whatever happens. A database without our schema gets it. */
export async function inWorld<T>(
  config: Config,
  work: (world: World) => Promise<T>,
  looks = false,
): Promise<T> {
  const world = await openWorld(config, { looks })
  try {
    return await work(world)
  } finally {
    await world.close()
  }
}

/**
 * The organization as far as its cards can be read, with a warning about the rest: what is open climbs by its pinned
 * policy, and must be answered even while a card is broken.
 */
async function readableOrg({ agents }: Config): Promise<LoadedOrg> {
  const org = await loadOrg(agents)
  const problems = orgErrors(org)
  const [first] = problems
  if (first !== undefined) {
    const { file, line, column, message } = first
    note(`warning: ${problems.length} errors in cards, the first at ${file}:${line}:${column}: ${message}`)
  }
  return { ...org, problems }
}

/** The alarm file of a home. */
export function alarmFile(config: Config): string {
  return join(config.home, 'alarms.jsonl')
}
