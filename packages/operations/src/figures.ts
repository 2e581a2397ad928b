import { figureSources, INCIDENT_TYPE, operatorFigures, type OperatorFigures } from '@esa/escalation'
import type { Store, WorkerBeat } from '@esa/store'

const { DAY_MS, DAY_TYPES, FACTS_MAX, MONTH_MS, MONTH_TYPES, OPENED_FIELDS, OUTLINE_FIELDS } = figureSources

/** A worker that has not been heard of for this long is taken for gone, ms: its beat comes every 2 s. */
const BEAT_STALE_MS = 10_000

/** The figures, and the workers that live. */
export interface ReadFigures {
  figures: OperatorFigures
  workers: WorkerBeat[]
}

/**
 * Reads what operators must see, from any store: live incidents in brief, and the facts of bounded windows, at most
 * `FACTS_MAX` of each. Nothing else computes these figures.
 */
export async function readFigures(store: Store, nowMs: number): Promise<ReadFigures> {
  const since = (windowMs: number) => ({ sinceMs: nowMs - windowMs, limit: FACTS_MAX })
  const [outlines, day, month, workers] = await Promise.all([
    store.outlines(INCIDENT_TYPE, OUTLINE_FIELDS),
    store.facts({ types: DAY_TYPES, ...since(DAY_MS) }),
    store.facts({ types: MONTH_TYPES, ...since(MONTH_MS), fields: OPENED_FIELDS }),
    livingWorkers(store, nowMs),
  ])
  const signs = workers.map(({ beatAt, skewMs, info }) => ({
    beatAgeMs: nowMs - beatAt,
    skewMs,
    sweepAgeMs: typeof info['sweepAgeMs'] === 'number' ? info['sweepAgeMs'] : null,
  }))
  return { figures: operatorFigures({ nowMs, outlines, day, month, workers: signs }), workers }
}

/** The workers that were heard of lately. */
export async function livingWorkers(store: Store, nowMs: number): Promise<WorkerBeat[]> {
  return (await store.workers()).filter(({ beatAt }) => nowMs - beatAt <= BEAT_STALE_MS)
}

/** True when a worker lives that would deliver what waits. */
export async function isServed(store: Store): Promise<boolean> {
  const { nowMs } = await store.runtime()
  return (await livingWorkers(store, nowMs)).length > 0
}
