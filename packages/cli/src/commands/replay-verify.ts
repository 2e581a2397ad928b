import { type Fault, type Head, verifyFile, verifyStream } from '@esa/operations/views'
import { writeFile } from 'node:fs/promises'
import { EsaError, isoTime } from '@esa/protocol'
import { type RetiredHead, retiredHead, retiredHeads } from '@esa/store'
import { type ChainHeads, parseHeads } from '../chain-heads.ts'
import { colours } from '../colours.ts'
import type { Config } from '../config.ts'
import { Progress } from '../progress.ts'
import { EXIT } from '../exit-codes.ts'
import { findStream, type FoundStream, requireActor } from '../find-stream.ts'
import { answer } from '../output.ts'
import { type SealVerdict, verifySeals } from '../seals/verify-seals.ts'
import { lookInStore } from '../store-access.ts'
import { readText } from '../read-text.ts'
import { lookInWorld, type World } from '../world.ts'

/** What `esa replay verify` says. Source: docs/cli.md, "Timelines and replay". */
interface Verdict {
  checked: number
  identical: number
  unchecked: number
  /** Streams that were exported and removed: of those only the last hash is here. */
  retired: number
  diverged: (Fault & { id: string })[]
  chain: { checked: number; broken: (Fault & { id: string })[] }
  /** Null without seals in this home. */
  seals: SealVerdict | null
}

/** Replays streams and walks their hash chains; exit 1 when one diverges or is broken. */
export async function verifyStreams(
  config: Config,
  id: string | undefined,
  flags: { all?: boolean; heads?: string },
): Promise<void> {
  if ((id === undefined) !== (flags.all === true)) {
    throw new EsaError('usage.verify', 'terminal', 'name one stream, or say --all', {
      hint: 'esa replay verify --all',
    })
  }
  const kept = flags.heads === undefined ? null : await readText(flags.heads)
  await lookInWorld(config, async (world) => {
    const { id: runtimeId } = await world.store.runtime()
    const heads = kept === null ? null : parseHeads(kept, flags.heads ?? '', runtimeId)
    const seals = await verifySeals(config, world.databaseUrl, id)
    const verdict: Verdict = { ...(await verify(world, id, heads)), seals }
    const { diverged, chain } = verdict
    if (diverged.length + chain.broken.length + (seals?.broken.length ?? 0) > 0)
      process.exitCode = EXIT.findings
    answer(config, verdict, () => text(verdict))
  })
}

/** Writes the last hash of every stream to a file, or prints them. */
export async function exportHeads(config: Config, file: string | undefined): Promise<void> {
  await lookInStore(config, async (store, databaseUrl) => {
    const { id: runtimeId, nowMs } = await store.runtime()
    const actors = await store.listActors({})
    const living = actors.map(({ state, head }) => [state.id, { seq: state.seq, hash: head }] as const)
    const heads = Object.fromEntries([...(await retiredHeads(databaseUrl)), ...living])
    const document: ChainHeads = { runtimeId, takenAt: isoTime(nowMs), heads }
    if (file === undefined) answer(config, document, () => JSON.stringify(document, null, 2))
    else {
      await writeText(file, `${JSON.stringify(document, null, 2)}\n`)
      answer(
        config,
        { file, streams: Object.keys(heads).length },
        () =>
          `${Object.keys(heads).length} heads in ${file}; keep it where the database's owner cannot write`,
      )
    }
  })
}

/** Writes a file. @throws EsaError `file.unwritable` (terminal). */
export async function writeText(file: string, content: string): Promise<void> {
  try {
    await writeFile(file, content)
  } catch (cause) {
    throw new EsaError('file.unwritable', 'terminal', `cannot write ${file}`, {
      cause,
      hint: 'check that its folder exists and may be written',
    })
  }
}

async function verify(
  world: World,
  id: string | undefined,
  heads: ChainHeads | null,
): Promise<Omit<Verdict, 'seals'>> {
  const { store, registry } = world
  const found = id === undefined ? null : await findStream(world.config, store, world.databaseUrl, id)
  if (found?.imported === true) return await verifyImported(world, found, heads)
  // Actors first: a stream that grows meanwhile only has more than its actor says.
  const actors = found === null ? await store.listActors({}) : [requireActor(found)]
  const known = new Set(actors.map(({ state }) => state.id))
  const lost = id === undefined ? Object.keys(heads?.heads ?? {}).filter((stream) => !known.has(stream)) : []
  const retired = id === undefined ? await retiredHeads(world.databaseUrl) : new Map<string, RetiredHead>()
  const gone = lost.flatMap((stream) => faultOfLost(stream, heads!.heads[stream]!, retired.get(stream)))
  const verdict: Omit<Verdict, 'seals'> = {
    checked: actors.length,
    identical: 0,
    unchecked: 0,
    retired: retired.size,
    diverged: [],
    chain: { checked: actors.length + gone.length, broken: gone },
  }
  const bar = new Progress().bar('streams', actors.length)
  try {
    for (const [index, actor] of actors.entries()) {
      const stream = actor.state.id
      const found = verifyStream(registry, actor, await store.readStream(stream), heads?.heads[stream])
      if (found.replay === 'identical') verdict.identical++
      else if (found.replay === 'unchecked') verdict.unchecked++
      else verdict.diverged.push({ id: stream, ...found.replay })
      if (found.chain !== 'unbroken') verdict.chain.broken.push({ id: stream, ...found.chain })
      bar.update(index + 1)
    }
  } finally {
    bar.stop()
  }
  return verdict
}

/** An imported stream, against the head that stayed here when it was retired. */
async function verifyImported(
  { registry, databaseUrl }: World,
  { file }: FoundStream,
  heads: ChainHeads | null,
): Promise<Omit<Verdict, 'seals'>> {
  const retired = await retiredHead(databaseUrl, file.id)
  const { replay, chain } = verifyFile(registry, file, heads?.heads[file.id] ?? retired ?? undefined)
  const { id } = file
  return {
    checked: 1,
    identical: replay === 'identical' ? 1 : 0,
    unchecked: replay === 'unchecked' ? 1 : 0,
    retired: 0,
    diverged: typeof replay === 'string' ? [] : [{ id, ...replay }],
    chain: { checked: 1, broken: typeof chain === 'string' ? [] : [{ id, ...chain }] },
  }
}

/** What is wrong with a stream that is not there: nothing, when it was retired at the head that was kept or further on. */
function faultOfLost(id: string, kept: Head, retired: RetiredHead | undefined): (Fault & { id: string })[] {
  if (retired === undefined) return [{ id, seq: 1, why: 'the stream is gone, its head was kept' }]
  if (retired.seq > kept.seq || (retired.seq === kept.seq && retired.hash === kept.hash)) return []
  return [
    { id, seq: retired.seq, why: 'the stream was retired with another head than the one that was kept' },
  ]
}

function text({ checked, identical, unchecked, retired, diverged, chain, seals }: Verdict): string {
  const line = (what: string, { id, seq, why }: Fault & { id: string }): string =>
    `${colours.red(what)} ${id} at event ${seq}: ${why}`
  const unknown =
    unchecked === 0 ? '' : colours.yellow(`, ${unchecked} unchecked (a machine version unknown here)`)
  return [
    ...diverged.map((fault) => line('diverged', fault)),
    ...chain.broken.map((fault) => line('broken chain', fault)),
    ...(seals?.broken ?? []).map((fault) => line('broken seal', fault)),
    `${checked} streams replayed: ${identical} identical, ${diverged.length} diverged${unknown}`,
    `${chain.checked} hash chains walked: ${chain.broken.length} broken`,
    ...(seals === null
      ? []
      : [
          `${seals.checked} streams, tokens and accounts compared with the seals of this home: ${seals.broken.length} broken`,
        ]),
    ...(retired === 0
      ? []
      : [`${retired} streams were retired: their events are in the files of esa retain`]),
  ].join('\n')
}
