import type { Config } from '../config.ts'
import { answer, note } from '../output.ts'
import { adoptHere, describePlace, residenceOf } from '../residence.ts'
import { openStore, resolveDatabase } from '../store-access.ts'

/** Lets a muted runtime act where its database is now: as a world of its own, or as the same one under another address. */
export async function adopt(config: Config, flags: { same?: boolean }): Promise<void> {
  const url = await resolveDatabase(config, note)
  const store = await openStore(config, url)
  try {
    const before = await residenceOf(config, url)
    const after = before.atHome ? before : await adoptHere(config, url, flags.same === true ? 'same' : 'copy')
    const { id: runtimeId } = await store.runtime()
    const document = { adopted: !before.atHome, runtimeId, here: after.here, places: after.places }
    answer(config, document, () =>
      before.atHome
        ? `nothing to adopt: this runtime is at home in ${describePlace(after.here)}`
        : `runtime ${runtimeId} is at home in ${describePlace(after.here)}; its workers go on within seconds`,
    )
  } finally {
    await store.close()
  }
}
