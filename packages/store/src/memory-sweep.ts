import { unheardAt } from './memory-glance.ts'
import type { ActivityRecord, MessageRecord } from './memory-tables.ts'
import type { Ring } from './store.ts'

/** True when no worker holds the activity. */
export function isUnclaimed({ claimedUntil }: ActivityRecord, now: number): boolean {
  return claimedUntil === null || claimedUntil < now
}

/** True when no worker has answered the last wake-up of the row in time. */
export function isUnheard(
  { rungAt, attempt }: { rungAt: number | null; attempt: number },
  now: number,
  afterMs: number,
) {
  return unheardAt({ rungAt, attempt }, afterMs) <= now
}

/** Takes the `limit` rows that have waited longest, rings them at `now`, and names them oldest first. */
export function take(
  kind: Ring['kind'],
  rows: (MessageRecord | ActivityRecord)[],
  limit: number,
  now: number,
): Ring[] {
  const waitedSince = (row: { rungAt: number | null }): number => row.rungAt ?? Number.NEGATIVE_INFINITY
  const longest = (one: { rungAt: number | null; at: number }, other: typeof one): number =>
    waitedSince(one) < waitedSince(other) ? -1 : waitedSince(one) > waitedSince(other) ? 1 : one.at - other.at
  const taken = rows.sort(longest).slice(0, limit)
  for (const row of taken) {
    row.rungAt = now
    row.attempt += 1
  }
  return taken
    .sort((one, other) => one.at - other.at)
    .map(({ id, queue, attempt }) => ({ kind, id, queue, attempt }))
}
