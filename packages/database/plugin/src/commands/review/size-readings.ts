import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SizeReading } from '@esa/database-advice/review'
import * as z from 'zod'
import type { Config } from '../../config.ts'
import { describeTarget } from '../../targets/targets.ts'

/** Looks that are kept of a target: at one a day, a quarter of a year. */
const READINGS_MAX = 90

/** Two looks that are nearer to each other say nothing about growth, ms. */
const APART_MS = 3_600_000

const readingSchema = z.object({
  atMs: z.number(),
  bytes: z.record(z.string(), z.number()),
  rows: z.record(z.string(), z.number()),
})
const fileSchema = z.record(z.string(), z.array(readingSchema))

/** The oldest sizes of a target that this home remembers. A damaged file is as good as none: it only makes growth unknown. */
export async function earlierSizes(
  config: Pick<Config, 'home'>,
  target: string,
): Promise<SizeReading | undefined> {
  return (await readAll(config))[describeTarget(target)]?.[0]
}

/** Keeps the sizes of a target for later looks, the oldest go first. */
export async function keepSizes(
  config: Pick<Config, 'home'>,
  target: string,
  sizes: SizeReading,
): Promise<void> {
  const all = await readAll(config)
  const key = describeTarget(target)
  const kept = all[key] ?? []
  const before = kept.at(-2)
  // Of close readings the last one counts.
  const apart = before !== undefined && sizes.atMs - before.atMs < APART_MS ? kept.slice(0, -1) : kept
  const readings = [...apart, sizes].slice(-READINGS_MAX)
  const file = fileOf(config)
  await mkdir(config.home, { recursive: true })
  await writeFile(`${file}.new`, JSON.stringify({ ...all, [key]: readings }), { mode: 0o600 })
  await rename(`${file}.new`, file)
}

async function readAll(config: Pick<Config, 'home'>): Promise<Record<string, SizeReading[]>> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(fileOf(config), 'utf8')))
  } catch {
    return {}
  }
}

function fileOf({ home }: Pick<Config, 'home'>): string {
  return join(home, 'sizes.json')
}
