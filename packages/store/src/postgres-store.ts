import { connectPool, isPooler, mapPgError } from '@esa/pg-server'
import { EsaError } from '@esa/protocol'
import type { Pool, PoolClient, QueryConfig } from 'pg'
import { feedAfter, feedHolds, feedTail } from './postgres-feed.ts'
import { listenForWake } from './postgres-listen.ts'
import { type ActorPageQuery, pageSql } from './actor-page.ts'
import { postgresAccounts } from './postgres-accounts.ts'
import { postgresEdge } from './postgres-edge.ts'
import { postgresNotifications } from './postgres-notifications.ts'
import {
  type ActivityRow,
  type ActorRow,
  actorOf,
  claimedOf,
  type EventRow,
  eventOf,
  type MessageDbRow,
  messageOf,
} from './postgres-rows.ts'
import * as sql from './postgres-sql.ts'
import { answered, dropIdle, READ_WITHIN_MS, SILENT } from './answered.ts'
import { PostgresTx } from './postgres-tx.ts'
import type {
  ActorFilter,
  ActorOutline,
  ClaimedActivity,
  FactFilter,
  FeedEvent,
  KeptReading,
  Lane,
  LevelFact,
  LevelTally,
  LockedActor,
  MessageFilter,
  MessageRow,
  NewToken,
  QueueBacklog,
  Ring,
  Store,
  StoredEvent,
  StoreTx,
  TallyFilter,
  TokenRow,
  WorkerBeat,
} from './store.ts'

/** How a store reaches its database. `onError` hears of connections that broke while idle. */
export interface PostgresStoreOptions {
  url: string
  /** Most connections at once. */
  max?: number
  applicationName?: string
  onError?: (error: EsaError) => void
}

/**
 * A worker that is frozen in the middle of a step, or whose line is dead, keeps its actors locked for so long at most: less
 * than the promised second. A sound one is idle between two statements for milliseconds; one that is merely slow, on a cold
 * start, learns that it lost the step (`store.step-lost`) and takes it again. Ms.
 */
const IDLE_IN_STEP_MS = 600

/** In one round trip, and for this transaction alone: a pooler takes no settings that outlive it. */
const BEGIN = `begin; set local idle_in_transaction_session_timeout = ${IDLE_IN_STEP_MS}`

/** The store on PostgreSQL 14 or newer, embedded or by URL. Its schema must be current: see `migrate`. */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { url, max = 10, applicationName = 'esa', onError } = options
  const shared = { applicationName, ...(onError === undefined ? {} : { onError }) }
  const pool = await connectPool(url, { ...shared, max })
  const deadlines = await connectPool(url, { ...shared, max: DEADLINE_LINES })
  return new PostgresStore({ pool, deadlines, url })
}

/** One that looks what is due, and one for each batch of a herd; none is opened before the first check. */
const DEADLINE_LINES = 3

class PostgresStore implements Store {
  readonly #pool: Pool
  /** What serves deadlines never waits for a connection behind other work, whatever hangs there. */
  readonly #deadlines: Pool
  readonly #url: string
  /** Through a transaction-mode pooler a named statement may meet another server connection. */
  readonly #named: boolean

  readonly accounts = postgresAccounts((text, values) => this.#soon(text, values))
  readonly edge = postgresEdge((text, values) => this.#soon(text, values))
  readonly notifications = postgresNotifications((text, values) => this.#soon(text, values))

  constructor({ pool, deadlines, url }: { pool: Pool; deadlines: Pool; url: string }) {
    this.#pool = pool
    this.#deadlines = deadlines
    this.#url = url
    this.#named = !isPooler(url)
  }

  async transact<T>(work: (tx: StoreTx) => Promise<T>, lane: Lane = 'work'): Promise<T> {
    const pool = lane === 'work' ? this.#pool : this.#deadlines
    const client = await this.#connect(pool)
    let broken = true
    let lost = false
    const onError = (error: Error): void => void (lost ||= isStepLost(error))
    client.on('error', onError)
    try {
      await client.query(answered(BEGIN))
      const tx = new PostgresTx(client, this.#named)
      const result = await work(tx)
      tx.assertSound()
      await commit(client)
      broken = false
      return result
    } catch (cause) {
      const error = mapPgError(cause)
      // A connection that does not answer would not answer this either.
      broken = DEAD_LINE.has(error.code) || !(await rolledBack(client))
      if (SILENT.has(error.code)) dropIdle(pool)
      throw lost || isStepLost(error.cause) ? stepLost(cause) : error
    } finally {
      client.off('error', onError)
      client.release(broken)
    }
  }

  async due(limit: number): Promise<{ ids: string[]; nowMs: number; nextDueAt: number | null }> {
    type Row = { now_ms: number; ids: string[]; next_due_at: number | null }
    const query = answered(sql.DUE, [limit], this.#named ? 'esa_due' : undefined)
    const [row] = await this.#ask<Row>(query, this.#deadlines)
    return { ids: row!.ids, nowMs: row!.now_ms, nextDueAt: row!.next_due_at }
  }

  async takeOverdue({ limit, afterMs }: { limit: number; afterMs: number }): Promise<Ring[]> {
    const taken = await this.#soon<TakenRow>(sql.TAKE_OVERDUE, [limit, afterMs], 'esa_take_overdue')
    return taken.toSorted(inTurn).map(({ kind, id, queue, attempt }) => ({ kind, id, queue, attempt }))
  }

  async activityOwner(id: string): Promise<string | null> {
    const [row] = await this.#soon<{ owner: string }>(sql.ACTIVITY_OWNER, [id])
    return row?.owner ?? null
  }

  async claimActivity(id: string, marginMs: number): Promise<ClaimedActivity | null> {
    const [row] = await this.#soon<ActivityRow>(sql.CLAIM_ACTIVITY, [id, marginMs])
    return row === undefined ? null : claimedOf(row)
  }

  async releaseActivity(id: string, fence: number, retryInMs: number): Promise<void> {
    await this.#soon(sql.RELEASE_ACTIVITY, [id, fence, retryInMs])
  }

  async buryMessage(id: string, deadCode: string): Promise<void> {
    await this.#soon(sql.BURY_MESSAGE, [id, deadCode])
  }

  listen(onWake: () => void): Promise<() => Promise<void>> {
    return listenForWake(this.#url, onWake)
  }

  async readActor(id: string): Promise<LockedActor | null> {
    const [row] = await this.#soon<ActorRow>(sql.READ_ACTORS, [null, null, [id], null])
    return row === undefined ? null : actorOf(row)
  }

  async listActors({ type, live, ids, owner }: ActorFilter): Promise<LockedActor[]> {
    const values = [type ?? null, live ?? null, ids ?? null, owner ?? null]
    const rows = await this.#rows<ActorRow>(sql.READ_ACTORS, values)
    return rows.map(actorOf)
  }

  async actorPage(query: ActorPageQuery): Promise<LockedActor[]> {
    const { text, values } = pageSql(sql.ACTOR_COLUMNS, query)
    return (await this.#rows<ActorRow>(text, values)).map(actorOf)
  }

  async listMessages({
    ids,
    thread,
    agent,
    types,
    dead,
    before,
    limit,
  }: MessageFilter): Promise<MessageRow[]> {
    const values = [
      ids ?? null,
      thread ?? null,
      agent ?? null,
      types ?? null,
      limit,
      dead === true,
      before?.at ?? null,
      before?.id ?? null,
    ]
    return (await this.#rows<MessageDbRow>(sql.READ_MESSAGES, values)).map(messageOf)
  }

  async readStream(stream: string, afterSeq = 0): Promise<StoredEvent[]> {
    return (await this.#rows<EventRow>(sql.READ_STREAM, [stream, afterSeq])).map(eventOf)
  }

  feed(after: number, limit: number): Promise<FeedEvent[]> {
    return feedAfter((text, values) => this.#soon(text, values), after, limit)
  }

  feedHolds(position: number): Promise<boolean> {
    return feedHolds((text, values) => this.#soon(text, values), position)
  }

  feedTail(): Promise<number> {
    return feedTail((text, values) => this.#soon(text, values))
  }

  async outlines(type: string, fields: string[][]): Promise<ActorOutline[]> {
    const paths = fields.map((field) => ['context', ...field])
    const rows = await this.#rows<OutlineRow>(sql.outlines(fields.length), [type, ...paths])
    return rows.map(({ due_at: dueAt, timer_kind: timerKind, ...row }) => ({ ...row, dueAt, timerKind }))
  }

  async facts({ types, sinceMs, limit, fields = [] }: FactFilter): Promise<LevelFact[]> {
    const rows = await this.#rows<FactRow>(sql.facts(fields.length), [types, sinceMs, limit, ...fields])
    return rows.map(({ late_ms: lateMs, ...row }) => ({ ...row, lateMs }))
  }

  tally({ fromMs, untilMs, boundsMs }: TallyFilter): Promise<LevelTally[]> {
    return this.#rows<LevelTally>(sql.TALLY, [fromMs, untilMs, boundsMs])
  }

  async lateness(sinceMs: number): Promise<number[]> {
    return (await this.#rows<{ late_ms: number }>(sql.LATENESS, [sinceMs])).map((row) => row.late_ms)
  }

  async backlog(): Promise<{ messages: number; activities: number; dead: number; oldestMs: number | null }> {
    const [row] = await this.#soon<{
      messages: number
      activities: number
      dead: number
      oldest_ms: number | null
    }>(sql.BACKLOG, [])
    const { messages, activities, dead, oldest_ms: oldestMs } = row!
    return { messages, activities, dead, oldestMs }
  }

  queues(): Promise<QueueBacklog[]> {
    return this.#soon<QueueBacklog>(sql.QUEUES, [])
  }

  async keepReadings(readings: KeptReading[]): Promise<void> {
    await this.#soon(sql.KEEP_READINGS, [JSON.stringify(readings)])
  }

  readings(target: string, key: string, sinceMs: number): Promise<KeptReading[]> {
    return this.#soon<KeptReading>(sql.READINGS, [target, key, sinceMs])
  }

  latestReadings(): Promise<KeptReading[]> {
    return this.#soon<KeptReading>(sql.LATEST_READINGS, [])
  }

  async beat(beat: Omit<WorkerBeat, 'beatAt' | 'skewMs'> & { workerNowMs: number }): Promise<void> {
    const { id, pid, host, startedAt, workerNowMs, info } = beat
    await this.#soon(sql.BEAT, [id, pid, host, startedAt, workerNowMs, JSON.stringify(info)])
  }

  async signOff(workerId: string): Promise<void> {
    await this.#soon(sql.SIGN_OFF, [workerId])
  }

  async workers(): Promise<WorkerBeat[]> {
    const rows = await this.#soon<WorkerRow>(sql.WORKERS, [])
    return rows.map(({ started_at: startedAt, beat_at: beatAt, skew_ms: skewMs, ...row }) => ({
      ...row,
      startedAt,
      beatAt,
      skewMs,
    }))
  }

  async addToken(token: NewToken): Promise<TokenRow> {
    return (await this.#soon<TokenRow>(sql.ADD_TOKEN, sql.tokenValues(token)))[0]!
  }

  async findToken(hash: string): Promise<TokenRow | null> {
    return (await this.#soon<TokenRow>(sql.FIND_TOKEN, [hash]))[0] ?? null
  }

  listTokens(): Promise<TokenRow[]> {
    return this.#soon<TokenRow>(sql.LIST_TOKENS, [])
  }

  async revokeToken(id: string): Promise<boolean> {
    return (await this.#soon(sql.REVOKE_TOKEN, [id])).length > 0
  }

  async runtime(): Promise<{ id: string; nowMs: number }> {
    const [row] = await this.#soon<{ id: string; now_ms: number }>(sql.RUNTIME, [])
    if (row === undefined)
      throw new EsaError('store.no-runtime', 'terminal', 'the database names no runtime', {
        hint: 'run: esa migrate',
      })
    return { id: row.id, nowMs: row.now_ms }
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.end(), this.#deadlines.end()])
  }

  async #connect(pool: Pool): Promise<PoolClient> {
    try {
      return await pool.connect()
    } catch (error) {
      throw mapPgError(error)
    }
  }

  /**
   * What is answered at once on a line that is sound. What has a `name` is planned once a connection, where that is possible.
   */
  #soon<Row>(text: string, values: unknown[], name?: string): Promise<Row[]> {
    return this.#ask(answered(text, values, this.#named ? name : undefined))
  }

  /** What takes as long as there is to read. */
  #rows<Row>(text: string, values: unknown[]): Promise<Row[]> {
    return this.#ask(answered(text, values, undefined, READ_WITHIN_MS))
  }

  async #ask<Row>(query: QueryConfig, pool = this.#pool): Promise<Row[]> {
    try {
      return (await pool.query(query)).rows as Row[]
    } catch (cause) {
      const error = mapPgError(cause)
      if (SILENT.has(error.code)) dropIdle(pool)
      throw error
    }
  }
}

type OutlineRow = Omit<ActorOutline, 'dueAt' | 'timerKind'> & {
  due_at: number | null
  timer_kind: string | null
}
type FactRow = Omit<LevelFact, 'lateMs'> & { late_ms: number | null }
type TakenRow = Ring & { at: number }
type WorkerRow = Omit<WorkerBeat, 'startedAt' | 'beatAt' | 'skewMs'> & {
  started_at: number
  beat_at: number
  skew_ms: number
}

/** Messages before activities, the older first. */
function inTurn(a: TakenRow, b: TakenRow): number {
  if (a.kind !== b.kind) return a.kind === 'message' ? -1 : 1
  return a.at - b.at
}

/** A COMMIT that fails on the connection may have happened: only a retry that finds out is safe. */
async function commit(client: PoolClient): Promise<void> {
  try {
    await client.query(answered('commit'))
  } catch (cause) {
    if (!DEAD_LINE.has(mapPgError(cause).code)) throw cause
    throw new EsaError(
      'store.commit-unknown',
      'transient',
      'the connection broke before the commit was answered',
      { cause },
    )
  }
}

/** SQLSTATE `idle_in_transaction_session_timeout`: the server rolled back, whatever was sent to it since. */
function isStepLost(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '25P03'
}

function stepLost(cause: unknown): EsaError {
  const message = `the process stood still in a step for ${IDLE_IN_STEP_MS} ms, and the database took it back`
  return new EsaError('store.step-lost', 'transient', message, { cause })
}

/** The codes of a connection that is gone, or that says nothing any more. */
const DEAD_LINE = new Set(['database.unreachable', 'database.timeout', 'store.commit-unknown'])

/** True when the connection is clean again; a broken one is not worth keeping. */
async function rolledBack(client: PoolClient): Promise<boolean> {
  try {
    await client.query('rollback')
    return true
  } catch {
    return false
  }
}
