import { type Store, verifyChain } from '@esa/store'
import { withSealedLog } from '@esa/store/sealed-log'
import { comparePositions, type SealedPlace } from './check-seals.ts'
import type { SealFault } from './seal-book.ts'

/** Parts into which a day divides the streams: one an hour, so that every event is read once a day. */
export const SLICES = 24

/**
 * Walks the hash chains and positions of all sealed streams of one slice, event by event: what was changed in the middle of a
 * stream shows neither in its head nor in its end. Null means every slice. Where it `isOver` before, it says what it found until then.
 */
export async function checkStreams(
  store: Store,
  at: SealedPlace,
  slice: number | null,
  isOver: () => boolean = () => false,
): Promise<SealFault[]> {
  const runtimeId = await withSealedLog(at.databaseUrl, (log) => log.runtimeId())
  const sealed = (await at.file.read()).of(runtimeId)?.streams
  if (sealed === undefined) return []
  const ids = [...sealed.keys()].filter((id) => slice === null || sliceOf(id) === slice)
  const broken = await comparePositions(at.databaseUrl, sealed, ids)
  for (const id of ids) {
    if (isOver()) break
    const { seq, head } = sealed.get(id)!
    const events = await store.readStream(id)
    // A stream that is gone altogether is found by its end.
    if (events.length === 0) continue
    const checked = verifyChain(events, { seq, hash: head })
    if (!checked.ok) broken.push({ id, seq: checked.seq, why: checked.why })
  }
  return broken
}

/** Which part of a day a stream belongs to. */
function sliceOf(id: string): number {
  let sum = 0
  for (const character of id) sum += character.codePointAt(0)!
  return sum % SLICES
}
