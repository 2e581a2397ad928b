import { stopEmbeddedServer } from '@esa/pg-server'
import type { Config } from '../config.ts'
import { answer } from '../output.ts'
import { rehearsalHome } from '../rehearsal-ground.ts'

/** Stops the embedded database of the home and its server for rehearsals; a database by URL is not ours to stop. */
export async function down(config: Config): Promise<void> {
  // What is on the server for rehearsals is lost anyway: it need not be written down first.
  await stopEmbeddedServer({ home: rehearsalHome(config.home), mode: 'immediate' })
  const stopped = await stopEmbeddedServer({ home: config.home })
  answer(config, { stopped }, () =>
    stopped ? 'the embedded database is stopped' : 'the embedded database was not running',
  )
}
