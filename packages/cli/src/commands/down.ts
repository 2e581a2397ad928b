import { stopEmbeddedServer, stopSandbox } from '@esa/pg-server'
import type { Config } from '../config.ts'
import { answer } from '../output.ts'

/** Stops the embedded database of the home and its sandbox; a database by URL is not ours to stop. */
export async function down(config: Config): Promise<void> {
  // Nothing in it is worth keeping, and rows that were copied would lie there.
  await stopSandbox({ home: config.home, remove: true })
  const stopped = await stopEmbeddedServer({ home: config.home })
  answer(config, { stopped }, () =>
    stopped ? 'the embedded database is stopped' : 'the embedded database was not running',
  )
}
