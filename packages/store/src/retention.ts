import type { Pool, PoolClient } from 'pg'
import { type EventRow, eventOf } from './postgres-rows.ts'
import { withPool } from './with-pool.ts'

/** Rows removed in one transaction: a moment's work, so that no worker waits for it. */
const ROWS_AT_ONCE = 1_000

/** Streams removed in one transaction; each may have hundreds of events. */
const STREAMS_AT_ONCE = 50

/** What can be removed, or was. Events are those of the streams. */
export interface RetiredCounts {
  messages: number
  activities: number
  streams: number
  events: number
}

/** The head that a removed stream ended with. */
export interface RetiredHead {
  seq: number
  hash: string
}

/** A stream that is about to be removed, and the head that it ends with. */
export interface StreamHead {
  id: string
  seq: number
  head: string
}

/**
 * A stream is closed when its actor lives no more, nothing is on its way to it or from it, and the incident that it belongs
 * to, as notes and notifications do, is over as well.
 */
const CLOSED = `not a.live and a.at < $1
  and not exists (select from esa.actors i where i.id = a.snapshot #>> '{context,incidentId}' and i.live)
  and not exists (select from esa.messages m where m.to_actor = a.id and m.done_at is null and m.dead_code is null)
  and not exists (select from esa.activities x where x.actor_id = a.id and x.done_at is null)`

/** What can be removed of a kind: a message that waits in its recipient's inbox is still to be answered. */
const ENDED = {
  messages: `r.done_at < $1 and not exists (
    select from esa.actors h where h.id = r.to_actor and h.snapshot #> '{context,inbox}' ? r.id)`,
  activities: 'r.done_at < $1',
} as const

/** Counts what ended before an instant of the store's clock, ms. */
export async function countRetirable(url: string, beforeMs: number): Promise<RetiredCounts> {
  return await withPool(url, 'retain', async (pool) => {
    const { rows } = await pool.query<RetiredCounts>(
      `select (select count(*) from esa.messages r where ${ENDED.messages}) as messages,
        (select count(*) from esa.activities r where ${ENDED.activities}) as activities,
        (select count(*) from esa.actors a where ${CLOSED}) as streams,
        (select coalesce(sum(a.seq), 0)::bigint from esa.actors a where ${CLOSED}) as events`,
      [beforeMs],
    )
    return rows[0]!
  })
}

/**
 * Removes what ended before an instant: messages that are done with, ended activities, closed streams. Each batch is handed to `keep`
 * as lines of JSON, with the heads of the streams among them, and removed when that has returned, in one transaction: a failure in between leaves the rows. The head
 * of a removed stream stays. `onRemoved` gets how many rows and streams are gone so far.
 */
export async function retire(
  url: string,
  beforeMs: number,
  keep: (lines: string[], streams: StreamHead[]) => Promise<void>,
  onRemoved: (done: number) => void = () => {},
): Promise<RetiredCounts> {
  const counts: RetiredCounts = { messages: 0, activities: 0, streams: 0, events: 0 }
  const told = (): void => onRemoved(counts.messages + counts.activities + counts.streams)
  return await withPool(url, 'retain', async (pool) => {
    for (const kind of ['messages', 'activities'] as const) {
      await inBatches(
        pool,
        async (client, after) => {
          const batch = await retireRows(client, kind, beforeMs, after, keep)
          counts[kind] += batch.length
          return batch
        },
        told,
      )
    }
    await inBatches(
      pool,
      async (client, after) => {
        const { streams, events } = await retireStreams(client, beforeMs, after, keep)
        counts.streams += streams.length
        counts.events += events
        return streams
      },
      told,
    )
    return counts
  })
}

/** The heads of all removed streams. */
export async function retiredHeads(url: string): Promise<Map<string, RetiredHead>> {
  return await withPool(url, 'retain', async (pool) => {
    const { rows } = await pool.query<RetiredHead & { stream: string }>(
      'select stream, seq, hash from esa.retired order by stream',
    )
    return new Map(rows.map(({ stream, ...head }) => [stream, head]))
  })
}

/** The head of one removed stream and when it was removed, ms, or null. */
export async function retiredHead(
  url: string,
  stream: string,
): Promise<(RetiredHead & { at: number }) | null> {
  return await withPool(url, 'retain', async (pool) => {
    const { rows } = await pool.query<RetiredHead & { at: number }>(
      'select seq, hash, at from esa.retired where stream = $1',
      [stream],
    )
    return rows[0] ?? null
  })
}

/** A transaction a batch, each from where the one before ended, until one is empty. */
async function inBatches(
  pool: Pool,
  work: (client: PoolClient, after: string) => Promise<string[]>,
  onBatch: () => void,
): Promise<void> {
  for (let after: string | undefined = ''; after !== undefined;) {
    const client = await pool.connect()
    let sound = false
    try {
      await client.query('begin')
      const ids: string[] = await work(client, after)
      await client.query('commit')
      sound = true
      after = ids.at(-1)
    } finally {
      // A connection that is thrown away takes its open transaction with it.
      client.release(!sound)
    }
    onBatch()
  }
}

async function retireRows(
  client: PoolClient,
  table: 'messages' | 'activities',
  beforeMs: number,
  after: string,
  keep: (lines: string[], streams: StreamHead[]) => Promise<void>,
): Promise<string[]> {
  const { rows } = await client.query<{ id: string; row: object }>(
    `select r.id, to_jsonb(r) as row from esa.${table} r where ${ENDED[table]} and r.id > $2
     order by r.id limit ${ROWS_AT_ONCE} for update skip locked`,
    [beforeMs, after],
  )
  const ids = rows.map(({ id }) => id)
  const kind = table === 'messages' ? 'message' : 'activity'
  if (ids.length > 0)
    await keep(
      rows.map(({ row }) => JSON.stringify({ kind, ...row })),
      [],
    )
  await client.query(`delete from esa.${table} where id = any($1)`, [ids])
  return ids
}

async function retireStreams(
  client: PoolClient,
  beforeMs: number,
  after: string,
  keep: (lines: string[], streams: StreamHead[]) => Promise<void>,
): Promise<{ streams: string[]; events: number }> {
  const { rows: actors } = await client.query<StreamHead & { row: object }>(
    `select a.id, a.seq, a.head, to_jsonb(a) as row from esa.actors a where ${CLOSED} and a.id > $2
     order by a.id limit ${STREAMS_AT_ONCE} for update skip locked`,
    [beforeMs, after],
  )
  const streams = actors.map(({ id }) => id)
  const { rows } = await client.query<EventRow & { stream: string }>(
    'select * from esa.events where stream = any($1) order by stream, seq',
    [streams],
  )
  const eventsOf = Map.groupBy(rows.map(eventOf), ({ stream }) => stream)
  const lines = actors.flatMap(({ id, row }) => [
    JSON.stringify({ kind: 'actor', ...row }),
    ...(eventsOf.get(id) ?? []).map((event) => JSON.stringify({ kind: 'event', ...event })),
  ])
  const heads = actors.map(({ id, seq, head }) => ({ id, seq, head }))
  if (lines.length > 0) await keep(lines, heads)
  // The heads first: only what left its head behind may leave the log.
  await client.query(
    `insert into esa.retired (stream, type, seq, hash, at)
     select id, type, seq, head, floor(extract(epoch from clock_timestamp()) * 1000) from esa.actors where id = any($1)`,
    [streams],
  )
  await client.query('delete from esa.events where stream = any($1)', [streams])
  await client.query('delete from esa.actors where id = any($1)', [streams])
  return { streams, events: rows.length }
}
