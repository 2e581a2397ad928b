import type { World } from '@esa/operations'
import type { Directory } from '@esa/org'
import type { Store } from '@esa/store'
import type { Config } from './config.ts'

export type { World } from '@esa/operations'

/** Runs a command's work in the world of a configuration, and closes that whatever happens. */
export function inWorld<T>(config: Config, work: (world: World) => Promise<T>, looks?: boolean): Promise<T> {
  return config.runtime.inWorld(config, work, looks)
}

/** The same for what only looks, without the cards. */
export function lookInStore<T>(config: Config, work: (store: Store) => Promise<T>): Promise<T> {
  return config.runtime.lookInStore(config, work)
}

/** The same, with null where the database has no schema of ours. */
export function inStoreIfThere<T>(config: Config, work: (store: Store | null) => Promise<T>): Promise<T> {
  return config.runtime.inStoreIfThere(config, work)
}

/** The organization, refused when a card has an error. */
export function requireOrg(config: Config): Promise<Directory> {
  return config.runtime.organization(config)
}
