import { realpathSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Config } from '../config.ts'
import { residenceOf } from '../residence.ts'
import type { SealedPlace } from './check-seals.ts'
import { SealFile } from './seal-file.ts'

/** The seals of this home, and the database of this world. */
export async function sealedPlaceOf(config: Config, databaseUrl: string): Promise<SealedPlace> {
  const { here } = await residenceOf(config, databaseUrl)
  const place = `${here.database} at ${here.address}`
  return {
    file: new SealFile(config.home),
    databaseUrl,
    home: `${hostname()}:${realPath(config.home)}`,
    place,
  }
}

function realPath(home: string): string {
  try {
    return realpathSync(home)
  } catch {
    return home
  }
}
