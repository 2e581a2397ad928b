import type { Config } from '../config.ts'
import { answer, note } from '../output.ts'
import { adoptHere, describePlace, residenceOf } from '../residence.ts'
import { sealedPlaceOf } from '../seals/sealed-place.ts'
import { Sealer } from '../seals/sealer.ts'
import { verifySeals } from '../seals/verify-seals.ts'
import { openStore, resolveDatabase } from '../store-access.ts'

/**
 * Lets a muted runtime act where its database is now: as a world of its own, or as the same one under another address. Where
 * the log is not as this home sealed it, this also seals it as it is now.
 */
export async function adopt(config: Config, flags: { same?: boolean }): Promise<void> {
  const url = await resolveDatabase(config, note)
  const store = await openStore(config, url)
  try {
    const before = await residenceOf(config, url)
    const after = before.atHome ? before : await adoptHere(config, url, flags.same === true ? 'same' : 'copy')
    const { id: runtimeId } = await store.runtime()
    const seals = await sealAnew(config, url)
    const document = { adopted: !before.atHome, runtimeId, here: after.here, places: after.places, seals }
    answer(config, document, () => {
      const said = before.atHome
        ? `nothing to adopt: this runtime is at home in ${describePlace(after.here)}`
        : `runtime ${runtimeId} is at home in ${describePlace(after.here)}; its workers go on within seconds`
      if (seals === null) return said
      const aside = seals.aside === null ? '' : `; the seals before are in ${seals.aside}`
      return `${said}\nseal ${seals.n} takes the log as it is now, with ${seals.accepted} differences from the seals before${aside}`
    })
  } finally {
    await store.close()
  }
}

/** Signs that the log counts as it is now, where it is not as this home sealed it before; null where there is nothing to sign. */
async function sealAnew(
  config: Config,
  databaseUrl: string,
): Promise<{ n: number; aside: string | null; accepted: number } | null> {
  const verdict = await verifySeals(config, databaseUrl, undefined)
  if (verdict === null || verdict.broken.length === 0) return null
  const sealed = await new Sealer(await sealedPlaceOf(config, databaseUrl)).reset()
  return { ...sealed, accepted: verdict.broken.length }
}
