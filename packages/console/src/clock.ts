import { useCallback, useSyncExternalStore } from 'react'

/** A sample that is behind by more than this says that the server's clock was set back, ms; less is the way it took to get here. */
const SET_BACK_MS = 2_000

let offset: number | null = null

/**
 * Learns the server's time from an answer (ISO 8601). The sample that is farthest ahead took the shortest way here, so it holds:
 * the clock of this machine may be wrong by hours and changes nothing.
 */
export function learnServerTime(nowAt: string): void {
  const sample = offsetAt(nowAt)
  if (Number.isNaN(sample)) return
  if (offset === null || sample > offset || sample < offset - SET_BACK_MS) offset = sample
}

/** Learns from an event (ISO 8601) that the server's time is not earlier. It may have been delayed, so it is not later either. */
export function learnServerPast(at: string): void {
  const sample = offsetAt(at)
  if (offset !== null && sample > offset) offset = sample
}

function offsetAt(time: string): number {
  return Date.parse(time) - performance.now()
}

/** The server's time now, ms since the Unix epoch. Before any answer it is this machine's. */
export function serverNow(): number {
  return offset === null ? Date.now() : performance.now() + offset
}

/** The server's time, rounded down to `stepMs`, and a new rendering whenever that changes. */
export function useServerNow(stepMs = 1_000): number {
  const subscribe = useCallback(
    (changed: () => void) => {
      // Twice a step: a countdown must not skip a second.
      const timer = setInterval(changed, stepMs / 2)
      return () => clearInterval(timer)
    },
    [stepMs],
  )
  return useSyncExternalStore(subscribe, () => Math.floor(serverNow() / stepMs) * stepMs)
}
