import { EsaError, isoTime, type JsonObject } from '@esa/protocol'
import type { KeptReading } from '@esa/store'
import { approvalTarget } from './approvals.ts'
import { contextOf } from './mailboxes.ts'
import { storeNow, type World } from './world.ts'

/** Who watches databases, and whose card promises the metrics. */
const WATCHER = 'layer-1'

/** How far back the history of a metric goes when nothing was said, and at most, ms. */
const HISTORY_MS = 24 * 3_600_000
const HISTORY_MAX_MS = 31 * 24 * 3_600_000

/** Points of one history, evenly chosen: more than a picture has room for says nothing. */
const POINTS_MAX = 500

/** One metric of a target: what is promised, the last reading, and those before it, the oldest first. */
interface MetricTile {
  key: string
  text: string
  unit: string
  comparator: string
  threshold: number
  /** The card's line that promises it. */
  cardLine: number
  value: number | null
  ok: boolean | null
  /** When it was read; null: never within the history. */
  at: string | null
  /** Why nothing could be measured. */
  why: string | null
  method: string | null
  samples: number | null
  windowMs: number | null
  history: { at: string; value: number | null; ok: boolean | null }[]
}

/** What is known of a target's metrics. */
export interface TargetBoard {
  target: string
  nowAt: string
  sinceAt: string
  /** When Layer 1 measures next; null: not watched. */
  nextLookAt: string | null
  everyMs: number | null
  /** Why nothing is applied there until an operator or the CEO thaws it; null: it is not frozen. */
  frozen: string | null
  tiles: MetricTile[]
}

/** Reads the metrics of a target as the card of Layer 1 promises them. Reads what was kept, and measures nothing. */
export async function targetBoard(
  { store, directory }: Pick<World, 'store' | 'directory'>,
  target: string,
  { sinceMs }: { sinceMs?: number } = {},
): Promise<TargetBoard> {
  const nowMs = await storeNow(store)
  const since = sinceMs ?? nowMs - HISTORY_MS
  if (since < nowMs - HISTORY_MAX_MS) {
    throw new EsaError('usage.since', 'terminal', 'a history goes back for 31 days at most')
  }
  const metrics = directory.get(WATCHER)?.card?.metrics ?? []
  const [actor, ...kept] = await Promise.all([
    store.readActor(WATCHER),
    ...metrics.map(({ key }) => store.readings(target, key, since)),
  ])
  const { wakeMs = null, lookAt = null, memory = {} } = actor === null ? {} : contextOf(actor)
  const watches = wakeMs !== null && memory['target'] === target
  return {
    target,
    nowAt: isoTime(nowMs),
    sinceAt: isoTime(since),
    nextLookAt: watches && lookAt !== null ? isoTime(lookAt) : null,
    everyMs: watches ? wakeMs : null,
    frozen: frozenFor(memory, target),
    tiles: metrics.map(({ key, text, unit, comparator, value: threshold, line }, nth) => ({
      key,
      text,
      unit,
      comparator,
      threshold,
      cardLine: line,
      ...readingsOf(kept[nth]!),
    })),
  }
}

/** Layer 1 keeps in its log which targets are frozen, by the name that approvals know them by. */
function frozenFor({ frozen }: JsonObject, target: string): string | null {
  const reason = (frozen as JsonObject | undefined)?.[approvalTarget(target)]
  return typeof reason === 'string' ? reason : null
}

type Read = Omit<MetricTile, 'key' | 'text' | 'unit' | 'comparator' | 'threshold' | 'cardLine'>

function readingsOf(kept: KeptReading[]): Read {
  const sorted = kept.toSorted((a, b) => a.at - b.at)
  const last = sorted.at(-1)
  const { value, ok, why, method, samples, window } = fieldsOf(last?.reading ?? {})
  return {
    value,
    ok,
    at: last === undefined ? null : isoTime(last.at),
    why,
    method,
    samples,
    windowMs: window,
    history: thinned(sorted).map(({ at, reading }) => {
      const read = fieldsOf(reading)
      return { at: isoTime(at), value: read.value, ok: read.ok }
    }),
  }
}

/** At most so many, the last one always. */
function thinned(readings: KeptReading[]): KeptReading[] {
  const step = Math.max(1, readings.length / POINTS_MAX)
  if (step === 1) return readings
  return Array.from({ length: POINTS_MAX }, (_, nth) => readings[Math.floor((nth + 1) * step) - 1]!)
}

function fieldsOf(reading: JsonObject) {
  const number = (name: string): number | null => {
    const value = reading[name]
    return typeof value === 'number' ? value : null
  }
  const text = (name: string): string | null => {
    const value = reading[name]
    return typeof value === 'string' ? value : null
  }
  const { ok } = reading
  return {
    value: number('value'),
    ok: typeof ok === 'boolean' ? ok : null,
    why: text('why'),
    method: text('method'),
    samples: number('samples'),
    window: number('window'),
  }
}
