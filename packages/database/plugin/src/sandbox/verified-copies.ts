import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EFFECTS } from '@esa/database-migrations/plan'
import type { Verification } from '@esa/database-migrations/apply'
import { isoTime } from '@esa/protocol'
import * as z from 'zod'
import type { Config } from '../config.ts'

/** Verdicts that are kept: of older ones the file has been applied or forgotten. */
const KEPT_MAX = 200

/** A verdict is about the rows that there were. */
const AGE_MS_MAX = 24 * 3_600_000

const effectSchema = z.object({
  what: z.enum(EFFECTS),
  relation: z.string(),
  column: z.string().nullable(),
  atMost: z.number().nullable(),
  announced: z.literal(true).optional(),
})

const recordSchema = z.object({
  hash: z.string(),
  at: z.string(),
  target: z.string(),
  state: z.enum(['verified', 'lost', 'unverified']),
  why: z.string(),
  effects: z.record(z.string(), z.array(effectSchema)).optional(),
})

/** A verdict on a migration from a copy of a target. */
type Verified = z.infer<typeof recordSchema>

/** Keeps what a copy of a target showed of a migration, for its apply. */
export async function keepVerified(
  config: Pick<Config, 'home'>,
  url: string,
  hash: string,
  verification: Verification,
  nowMs: number,
): Promise<void> {
  const target = placeOf(url)
  const others = (await read(config)).filter((one) => one.hash !== hash || one.target !== target)
  const kept = [...others, { hash, target, at: isoTime(nowMs), ...verification }].slice(-KEPT_MAX)
  const file = fileOf(config)
  await mkdir(config.home, { recursive: true })
  await writeFile(`${file}.new`, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 })
  await rename(`${file}.new`, file)
}

/**
 * What a copy of this target showed of a migration last; undefined when it was never verified, is another one by now, or
 * when the rows have had a day to become others.
 */
export async function findVerified(
  config: Pick<Config, 'home'>,
  url: string,
  hash: string,
  nowMs: number,
): Promise<Verification | undefined> {
  const found = (await read(config)).findLast((one) => one.hash === hash && one.target === placeOf(url))
  if (found === undefined || nowMs - Date.parse(found.at) > AGE_MS_MAX) return undefined
  const { state, why, at, effects } = found
  return { state, why: `${why} (${at})`, ...(effects && { effects }) }
}

/** Who looks at a target may be another role than who changes it. */
function placeOf(url: string): string {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`
}

function fileOf({ home }: Pick<Config, 'home'>): string {
  return join(home, 'verified.json')
}

/** A file that is absent or damaged holds no verdict: then the migration counts as unverified. */
async function read(config: Pick<Config, 'home'>): Promise<Verified[]> {
  try {
    return z.array(recordSchema).parse(JSON.parse(await readFile(fileOf(config), 'utf8')))
  } catch {
    return []
  }
}
