import type { ActivityRecord, MemoryTables, MessageRecord } from './memory-tables.ts'
import type { LockedActor, StoredEvent } from './store.ts'

/** Unheard rings double their pause with every attempt, up to 2^5 times: a dead letter must not keep a bell busy. */
const BACKOFF_DOUBLINGS_MAX = 5

/**
 * The committed rows as a simulation looks at them between two statements: at once, and without a copy. Nothing that it
 * hands out may be changed.
 */
export interface MemoryGlance {
  /** The earliest armed deadline, ms; null when none is armed. */
  nextDueAt(): number | null
  /** The first instant at which `takeOverdue` would take a row, ms; null when every row is done. */
  nextUnheardAt(afterMs: number): number | null
  actor(id: string): LockedActor | undefined
  actors(): Iterable<LockedActor>
  stream(id: string): StoredEvent[]
  messages(): Iterable<MessageRecord>
  activities(): Iterable<ActivityRecord>
}

/** A glance at these tables. */
export function glanceAt(tables: MemoryTables): MemoryGlance {
  return {
    nextDueAt: () => tables.due.next(),
    nextUnheardAt: (afterMs) => {
      let first: number | null = null
      const rows = [...tables.openMessages, ...tables.openActivities]
      for (const row of rows) {
        const heardUntil = 'fence' in row && row.claimedUntil !== null ? row.claimedUntil + 1 : 0
        const at = Math.max(unheardAt(row, afterMs), heardUntil)
        if (first === null || at < first) first = at
      }
      return first
    },
    actor: (id) => tables.actors.get(id),
    actors: () => tables.actors.values(),
    stream: (id) => tables.streams.get(id) ?? [],
    messages: () => tables.messages.values(),
    activities: () => tables.activities.values(),
  }
}

/** When a row counts as unheard, ms. */
export function unheardAt(
  { rungAt, attempt }: { rungAt: number | null; attempt: number },
  afterMs: number,
): number {
  return rungAt === null
    ? Number.NEGATIVE_INFINITY
    : rungAt + afterMs * 2 ** Math.min(attempt, BACKOFF_DOUBLINGS_MAX)
}
