import { setTimeout as wait } from 'node:timers/promises'
import type { JsonObject } from '@esa/protocol'
import type { FeedEvent } from './store.ts'

/** Asks the database. */
type Ask = <Row>(text: string, values: unknown[]) => Promise<Row[]>

/** A step takes milliseconds. A longer transaction holds up the feed behind a gap, and is checked again, ms. */
const SETTLES_WITHIN_MS = 100
const LOOK_EVERY_MS = 5

const AFTER = `select pos, stream, seq, at, type, epoch, level, actor, late_ms, data from esa.events
  where pos > $1 order by pos limit $2`

/**
 * Transactions that may still write the log. A position is taken under this lock, so that one that is missing below a
 * visible one belongs to a process in this list, or to none. Source: pg_locks, "RowExclusiveLock" of an INSERT.
 */
const WRITERS = `select virtualtransaction as id from pg_locks
  where relation = 'esa.events'::regclass and mode = 'RowExclusiveLock' and pid <> pg_backend_pid()`

const TAIL = `select coalesce(max(pos), 0)::bigint as pos from esa.events`

/**
 * Events after a position, in order. Positions are given out before the commit, so that a lower one may become visible after
 * a higher one: what lies behind a gap is held back until every transaction that could fill it has ended.
 */
export async function feedAfter(ask: Ask, after: number, limit: number): Promise<FeedEvent[]> {
  const seen = await ask<FeedRow>(AFTER, [after, limit])
  const whole = unbroken(seen, after)
  if (whole === seen.length) return seen.map(feedEventOf)
  const writers = new Set((await ask<{ id: string }>(WRITERS, [])).map(({ id }) => id))
  for (let waited = 0; writers.size > 0; waited += LOOK_EVERY_MS) {
    if (waited >= SETTLES_WITHIN_MS) return seen.slice(0, whole).map(feedEventOf)
    await wait(LOOK_EVERY_MS)
    const still = new Set((await ask<{ id: string }>(WRITERS, [])).map(({ id }) => id))
    for (const id of writers) if (!still.has(id)) writers.delete(id)
  }
  // Everything up to the last position of the first look is visible now or will never be.
  const last = seen.at(-1)!.pos
  return (await ask<FeedRow>(AFTER, [after, limit])).filter(({ pos }) => pos <= last).map(feedEventOf)
}

/** A removed stream leaves its head, with the time of that. Position 0 is before the first event. */
const HOLDS = `select case when $1 = 0 then not exists (select 1 from esa.retired)
  else exists (select 1 from esa.events e where pos = $1 and not exists (select 1 from esa.retired r where r.at >= e.at))
  end as holds`

/** Whether everything after a position is still there. */
export async function feedHolds(ask: Ask, position: number): Promise<boolean> {
  return (await ask<{ holds: boolean }>(HOLDS, [position]))[0]!.holds
}

/** The highest position that is visible, 0 in an empty log: lower ones may still come. */
export async function feedTail(ask: Ask): Promise<number> {
  return (await ask<{ pos: number }>(TAIL, []))[0]!.pos
}

type FeedRow = Omit<FeedEvent, 'level' | 'actor' | 'lateMs'> & {
  level: string | null
  actor: string | null
  late_ms: number | null
  data: JsonObject
}

/** How many rows follow each other without a gap. */
function unbroken(rows: FeedRow[], after: number): number {
  const gap = rows.findIndex(({ pos }, index) => pos !== after + index + 1)
  return gap === -1 ? rows.length : gap
}

function feedEventOf({ level, actor, late_ms: lateMs, ...event }: FeedRow): FeedEvent {
  return {
    ...event,
    ...(level === null ? {} : { level }),
    ...(actor === null ? {} : { actor }),
    ...(lateMs === null ? {} : { lateMs }),
  }
}
