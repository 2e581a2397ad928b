import { stopEmbeddedServer } from '@esa/pg-server'
import type { Config } from '../config.ts'
import { answer } from '../output.ts'

/** Stops the embedded database of the home; a database by URL is not ours to stop. */
export async function down(config: Config): Promise<void> {
  const stopped = await stopEmbeddedServer({ home: config.home })
  answer(config, { stopped }, () =>
    stopped ? 'the embedded database is stopped' : 'the embedded database was not running',
  )
}
