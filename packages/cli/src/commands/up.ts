import type { Config } from '../config.ts'
import { answer, note } from '../output.ts'
import { migrateWorld, resolveDatabase, worldState } from '../store-access.ts'
import { isPrivate, requireToken } from '../require-token.ts'
import { serve } from '../serve.ts'
import { ownLink } from './accounts.ts'
import { runWorker } from './run-worker.ts'

/** Starts the database, brings its schema up to date, and runs a worker and the server until they are stopped. */
export async function up(
  config: Config,
  environment: NodeJS.ProcessEnv,
  mayMigrate: boolean,
  began: number,
): Promise<void> {
  await requireToken(config)
  const url = await resolveDatabase(config, note)
  if (mayMigrate && (await worldState(config, url)) !== 'current') await migrateWorld(config, url)
  await runWorker(config, environment, began, async (_, world) => {
    const server = await serve(config, environment, world)
    // Beyond this machine the log may be read by others, and a person signs in there with a provider or on the host.
    if (!isPrivate(config)) return server
    const link = await ownLink(world.store, server.url)
    return {
      url: server.url,
      stop: () => server.stop(),
      ...(link === null ? {} : { welcome: `sign in once, within 15 minutes: ${link}` }),
    }
  })
}

/** Brings the schema of the runtime's database up to this version. */
export async function migrateOnly(config: Config): Promise<void> {
  const url = await resolveDatabase(config, note)
  const before = await worldState(config, url)
  await migrateWorld(config, url)
  answer(config, { before, after: 'current' }, () =>
    before === 'current' ? 'the schema is current' : `the schema was ${before} and is current now`,
  )
}
