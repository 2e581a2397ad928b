import { isEsaError } from '@esa/protocol'
import { withSealedLog } from '@esa/store/sealed-log'
import type { Config } from '../config.ts'
import { note } from '../output.ts'
import { checkSeals, comparePositions } from './check-seals.ts'
import { postSeals } from './post-seals.ts'
import { type SealFault, SEALS } from './seal-book.ts'
import { sealedPlaceOf } from './sealed-place.ts'

/** What `esa replay verify` says of the seals of this home. Source: docs/cli.md, "Timelines and replay". */
export interface SealVerdict {
  /** Streams, tokens and accounts that were compared. */
  checked: number
  broken: SealFault[]
  /** When the last seal was made. */
  lastAt: string | null
}

/** Compares the log with the seals of this home, event by event; `id` names one stream. Null when this home has none. */
export async function verifySeals(
  config: Config,
  databaseUrl: string,
  id: string | undefined,
): Promise<SealVerdict | null> {
  const at = await sealedPlaceOf(config, databaseUrl)
  const check = await checkSeals(at)
  if (check === null) return null
  const runtimeId = await withSealedLog(databaseUrl, (log) => log.runtimeId())
  const sealed = (await at.file.read()).of(runtimeId)?.streams ?? new Map()
  const positions = await comparePositions(databaseUrl, sealed, id === undefined ? [...sealed.keys()] : [id])
  const received = config.sealUrl === null ? [] : await askReceiver(config.home, config.sealUrl)
  const all = [...check.broken, ...positions, ...received]
  return {
    checked: id === undefined ? check.checked : Number(sealed.has(id)),
    broken: id === undefined ? all : all.filter((fault) => fault.id === id || fault.id === SEALS),
    lastAt: check.lastAt,
  }
}

async function askReceiver(home: string, url: string): Promise<SealFault[]> {
  try {
    return await postSeals(home, url)
  } catch (error) {
    if (!isEsaError(error, 'seal.not-posted')) throw error
    note(`warning: ${error.message}: the seals are compared with those of this home alone`)
    return []
  }
}
