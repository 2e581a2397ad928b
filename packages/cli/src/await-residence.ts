import { setTimeout as wait } from 'node:timers/promises'
import { colours } from './colours.ts'
import type { Config } from './config.ts'
import { note } from './output.ts'
import { describePlace, residenceOf } from './residence.ts'

/** How soon a muted worker learns of `esa adopt`, ms. */
const ASK_EVERY_MS = 2_000

/**
 * Resolves to true as soon as this runtime is at home in its database: at once, unless it finds itself in a copy. Then it is
 * muted, says so, and waits for `esa adopt`. False when it was stopped before.
 */
export async function awaitResidence(
  config: Config,
  databaseUrl: string,
  stopped: Promise<void>,
): Promise<boolean> {
  const first = await residenceOf(config, databaseUrl, { claim: true })
  if (first.atHome) return true
  note(
    `${colours.yellow('MUTED')}: this database is ${describePlace(first.here)}, its runtime is at home in ${first.places.map(describePlace).join(', ')}. ` +
      'Nothing is sent and no deadline is served, because the original may be alive. To let it act here: esa adopt',
  )
  const end = new AbortController()
  const told = stopped.then(() => end.abort())
  while (!end.signal.aborted) {
    await Promise.race([wait(ASK_EVERY_MS, undefined, { signal: end.signal }).catch(() => {}), told])
    if (!end.signal.aborted && (await residenceOf(config, databaseUrl)).atHome) return true
  }
  return false
}
