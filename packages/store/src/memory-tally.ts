import type { LevelTally, StoredEvent, TallyFilter } from './store.ts'

/** Counts events that name a level, as `tally` of a store promises it. */
export function tallyOf(
  leveled: readonly StoredEvent[],
  { fromMs, untilMs, boundsMs }: TallyFilter,
): LevelTally[] {
  const tallies = new Map<string, LevelTally>()
  for (const { type, level, at, lateMs } of leveled) {
    if (at < fromMs || at >= untilMs) continue
    const fitting = boundsMs.findIndex((bound) => lateMs !== undefined && lateMs <= bound)
    const bucket = lateMs === undefined ? null : fitting < 0 ? boundsMs.length : fitting
    const name = JSON.stringify([type, level, bucket])
    const before = tallies.get(name) ?? { type, level: level!, bucket, count: 0, lateSumMs: 0 }
    const { count, lateSumMs } = before
    tallies.set(name, { ...before, count: count + 1, lateSumMs: lateSumMs + (lateMs ?? 0) })
  }
  return [...tallies.values()]
}
