import { formatDuration } from '@esa/protocol'
import { type Clock, type Queryable, OWN_MARK } from '@esa/database-catalog/sql'
import type { Finding } from './metric-reading.ts'

/** One question whether the database answers: epoch milliseconds and the answer. */
export interface Probe {
  at: number
  ok: boolean
}

/** Longest time between two probes that they may speak for; a longer gap was not observed and counts for nothing. */
const PROBE_GAP_MS = 5 * 60_000

async function answers(queryable: Queryable): Promise<boolean> {
  return queryable.query(`select ${OWN_MARK} 1`).then(
    () => true,
    () => false,
  )
}

/**
 * Asks the database `count` times, `everyMs` apart, whether it answers; an error is a failed probe and never thrown.
 * How long an answer may take is the connection's own time-out.
 */
export async function probeDatabase(
  queryable: Queryable,
  { count, everyMs, clock }: { count: number; everyMs: number; clock: Clock },
): Promise<Probe[]> {
  const probes: Probe[] = []
  while (probes.length < count) {
    if (probes.length > 0) await clock.pause(everyMs)
    probes.push({ at: Math.round(clock.now()), ok: await answers(queryable) })
  }
  return probes
}

/**
 * Uptime in percent of the time that probes observed: the time between two neighbors counts by its two ends, a gap
 * longer than `PROBE_GAP_MS` counts neither way. `startedAt` (epoch ms) is when the server process started.
 */
export function uptime(probes: readonly Probe[], startedAt: number | undefined): Finding {
  const sorted = probes.toSorted((a, b) => a.at - b.at)
  const method = 'probes (select 1), time-weighted'
  const [first, last] = [sorted[0], sorted.at(-1)]
  if (!first || !last || first.at === last.at) {
    return {
      value: null,
      why: 'not measured: fewer than two probes are recorded',
      method,
      samples: sorted.length,
    }
  }
  let [observed, up, unobserved] = [0, 0, 0]
  for (const [index, probe] of sorted.entries()) {
    const next = sorted[index + 1]
    const ms = next ? next.at - probe.at : 0
    if (!next || ms > PROBE_GAP_MS) unobserved += ms
    else {
      observed += ms
      up += (ms * (Number(probe.ok) + Number(next.ok))) / 2
    }
  }
  const window = last.at - first.at
  if (observed === 0) {
    const why = `not measured: no two probes lie within ${formatDuration(PROBE_GAP_MS)} of each other`
    return { value: null, why, method, samples: sorted.length, window }
  }
  const failed = sorted.filter((probe) => !probe.ok).length
  const restart =
    startedAt !== undefined && startedAt > first.at ? '; the server was started within the window' : ''
  const gaps = unobserved === 0 ? '' : `; ${formatDuration(unobserved)} of the window were not observed`
  const about = `${method}: ${failed} of ${sorted.length} failed${gaps}${restart}`
  return { value: (100 * up) / observed, samples: sorted.length, window, method: about }
}
