import type { ActivityHandler } from '@esa/actor'
import type { Incident } from '@esa/escalation'
import type { Directory } from '@esa/org'
import type { Store, StoredEvent } from '@esa/store'
import type { Command } from 'commander'
import type { PluginTools } from './databases.ts'
import type { World } from './world.ts'

/**
 * What joins a runtime by `plugins` of esa.config.ts. Nothing of the runtime names one: a plugin is imported by its name, and
 * what it does not have the runtime goes without. What is heavy it loads when it is called.
 */
export interface Plugin {
  /** By this a behavior names the plugin that it needs. */
  name: string
  /** Handlers of activities, for a worker. */
  activities?(ports: ActivityPorts): Promise<ActivityHandler[]>
  /** Adds commands to the command line. */
  cli?(program: Command, context: CliContext): void
  /** What the HTTP API and MCP may use. */
  tools?(ports: ToolPorts): Promise<PluginTools>
  /** What `esa doctor` looks at. */
  checks?(config: CliConfig, environment: NodeJS.ProcessEnv): Promise<Check[]>
  /** What `esa demo` shows. */
  demo?(config: CliConfig, environment: NodeJS.ProcessEnv, keep: boolean): Promise<void>
}

/** What a plugin's activities are composed of. */
export interface ActivityPorts {
  config: CliConfig
  environment: NodeJS.ProcessEnv
  store: Store
}

/** What a plugin's tools are composed of. */
export interface ToolPorts {
  config: CliConfig
  environment: NodeJS.ProcessEnv
  world: Pick<World, 'directory'>
}

/** What a plugin's commands are composed of. */
export interface CliContext {
  /** The configuration that this command's flags and the environment give. */
  config(command: Command): CliConfig
  environment: NodeJS.ProcessEnv
}

/** The configuration as far as plugins see it, and the runtime that it leads to. */
export interface CliConfig {
  home: string
  /** Null: the embedded server under `home`. */
  databaseUrl: string | null
  redisUrl: string | null
  /** A server that serves rehearsals and nothing else. Null: the sandbox of `home`. */
  rehearsalUrl: string | null
  /** The user id of the sandbox where this process is root. */
  sandboxUid: number
  timeScale: number
  json: boolean
  yes: boolean
  /** The file that says what this runtime is composed of, for processes that it starts. */
  configFile: string | null
  runtime: RuntimeDoor
}

/** The runtime of a configuration, opened on demand. All throw EsaError of the database, the store or the cards. */
export interface RuntimeDoor {
  /** Runs a command's work in a world, and closes that whatever happens; with `looks` a database without our schema stays so. */
  inWorld<T>(config: CliConfig, work: (world: World) => Promise<T>, looks?: boolean): Promise<T>
  /** The same for what only looks, without the cards. */
  lookInStore<T>(config: CliConfig, work: (store: Store) => Promise<T>): Promise<T>
  /** The same, with null where the database has no schema of ours. */
  inStoreIfThere<T>(config: CliConfig, work: (store: Store | null) => Promise<T>): Promise<T>
  openWorld(config: CliConfig): Promise<World & { close(): Promise<void> }>
  /** The organization, refused when a card has an error. */
  organization(config: CliConfig): Promise<Directory>
  /** The database by the role that owns its schema. */
  ownerUrl(config: CliConfig): Promise<string>
  /** The executable of the command line. */
  launcher: string
  /** An incident for people. */
  incidentText(incident: Incident): Promise<string>
  /** An incident's timeline for people; `cardFile` is its agent's. */
  timelineText(incident: Incident, events: StoredEvent[], cardFile: string | null): Promise<string>
}

/** What one look at the environment found. `fix` says how to go on. */
export interface Check {
  name: string
  status: 'ok' | 'warning' | 'error' | 'skipped'
  message: string
  fix?: string
}

export {
  type Databases,
  type PluginTools,
  TARGET_WORKS,
  type TargetDocument,
  type TargetWork,
} from './databases.ts'
