import { readFile, writeFile } from 'node:fs/promises'
import { isTaken, postJson } from '@esa/notify'
import { EsaError } from '@esa/protocol'
import { readSeal } from './seal.ts'
import { type SealFault, SEALS } from './seal-book.ts'
import { sealPaths } from './seal-file.ts'

/** Seals that are posted in one turn, so that a receiver that was away for a day is caught up with in minutes. */
const AT_ONCE_MAX = 200

/** The answer of a receiver that has another seal of this number, or a later one. */
const CONFLICT = 409

/**
 * Posts the seals that the receiver does not have yet, in order. With none to post, the last one again: a receiver that knows
 * a later one says so (409), which is a fault. @throws EsaError `seal.not-posted` (transient).
 */
export async function postSeals(home: string, url: string): Promise<SealFault[]> {
  const { seals, posted } = sealPaths(home)
  const known = Number(await textOf(posted)) || 0
  const lines = (await textOf(seals)).split('\n').filter((line) => line !== '')
  const numbered = lines.flatMap((line) => {
    const n = readSeal(line)?.seal.n
    return n === undefined ? [] : [{ n, line }]
  })
  const fresh = numbered.filter(({ n }) => n > known)
  for (const { n, line } of fresh.length > 0 ? fresh.slice(0, AT_ONCE_MAX) : numbered.slice(-1)) {
    if (!(await accepts(url, line))) {
      return [{ id: SEALS, seq: n, why: `the receiver of seals has another seal ${n}, or a later one` }]
    }
    if (n > known) await writeFile(posted, String(n), { mode: 0o600 })
  }
  return []
}

async function accepts(url: string, body: string): Promise<boolean> {
  try {
    const status = await postJson(url, body)
    if (status === CONFLICT) return false
    if (!isTaken(status)) throw new Error(`HTTP ${status}`)
    return true
  } catch (cause) {
    throw new EsaError('seal.not-posted', 'transient', 'ESA_SEAL_URL did not take the seal', { cause })
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}
