import { ensureEmbeddedServer, isLoopback } from '@esa/pg-server'
import { EsaError, isEsaError } from '@esa/protocol'
import {
  assertCurrent,
  migrate,
  openPostgresStore,
  type SchemaState,
  schemaState,
  type Store,
} from '@esa/store'
import type { Config } from './config.ts'

/** Connections of a command's store: one works, the other waits for notifications or reads beside it. */
const COMMAND_CONNECTIONS = 2

/** The database of this world as the runtime reaches it: the one given, or the home's own, started when it is not running. */
export async function resolveDatabase(
  config: Config,
  onProgress?: (message: string) => void,
): Promise<string> {
  if (config.databaseUrl === null) {
    const progress = onProgress === undefined ? {} : { onProgress }
    return (await ensureEmbeddedServer({ home: config.home, ...progress })).runtimeUrl
  }
  if (config.timeScale !== 1 && !config.yes && !isLoopback(config.databaseUrl)) {
    throw new EsaError(
      'confirm.time-scale',
      'terminal',
      'a time scale on a database that is not on this machine would cut real waits',
      {
        hint: 'leave --time-scale out, or confirm with --yes',
      },
    )
  }
  return config.databaseUrl
}

/**
 * The database of this world as the schema's owner: it migrates and retires, and the runtime's own role can do
 * neither. One URL alone is both.
 */
export async function resolveOwner(config: Config): Promise<string> {
  if (config.databaseUrl !== null) return config.ownerUrl ?? config.databaseUrl
  return (await ensureEmbeddedServer({ home: config.home })).url
}

/**
 * How a runtime's schema compares with this version. An embedded one that was only ever reached as its superuser has given the
 * runtime's role nothing yet: to that role it is absent.
 */
export async function worldState(config: Config, databaseUrl: string): Promise<SchemaState> {
  return await schemaState(databaseUrl).catch((error: unknown) => {
    if (config.databaseUrl === null && isEsaError(error, 'database.permission')) return 'absent'
    throw error
  })
}

/** Brings the schema up to date as its owner, and gives the runtime's role its rights. */
export async function migrateWorld(config: Config, databaseUrl: string): Promise<void> {
  await migrate(await resolveOwner(config), decodeURIComponent(new URL(databaseUrl).username))
}

/**
 * Opens the store of a database. One without our schema gets it, unless the command only looks at a database that was given:
 * the home's own is ours, and made for this.
 * @throws EsaError `store.schema-*`, `database.*`.
 */
export async function openStore(
  config: Config,
  databaseUrl: string,
  {
    max = COMMAND_CONNECTIONS,
    looks = false,
  }: { max?: number | undefined; looks?: boolean | undefined } = {},
): Promise<Store> {
  const state = await worldState(config, databaseUrl)
  const mayMake = !looks || config.databaseUrl === null
  if (state === 'absent' && mayMake) await migrateWorld(config, databaseUrl)
  else assertCurrent(state)
  return openPostgresStore({ url: databaseUrl, max })
}

/**
 * Runs `work` on the store of a database that has our schema, and on null where it has not: nothing is made there.
 */
export async function inStoreIfThere<T>(
  config: Config,
  work: (store: Store | null) => Promise<T>,
): Promise<T> {
  const databaseUrl = await resolveDatabase(config)
  if ((await worldState(config, databaseUrl)) === 'absent') return await work(null)
  return await lookInStore(config, work)
}

/**
 * Runs a command that only looks, and closes the store whatever happens: a database that was given without our schema stays
 * so. No card is read for it: what is open must be seen even while a card is broken. @throws EsaError `store.schema-*` (terminal).
 */
export async function lookInStore<T>(
  config: Config,
  work: (store: Store, databaseUrl: string) => Promise<T>,
): Promise<T> {
  return await inStore(config, work, true)
}

/** Runs a command that changes something, without the cards. A database without our schema gets it. */
export async function inStore<T>(
  config: Config,
  work: (store: Store, databaseUrl: string) => Promise<T>,
  looks = false,
): Promise<T> {
  const databaseUrl = await resolveDatabase(config)
  const store = await openStore(config, databaseUrl, { looks })
  try {
    return await work(store, databaseUrl)
  } finally {
    await store.close()
  }
}
