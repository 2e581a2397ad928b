import { EsaError, type Json, type JsonObject, newId } from '@esa/protocol'
import { glanceAt, type MemoryGlance } from './memory-glance.ts'
import { lockOwner, MemoryLocks } from './memory-locks.ts'
import { isUnclaimed, isUnheard, take } from './memory-sweep.ts'
import { copyJson, keyName, MemoryTables } from './memory-tables.ts'
import { type ActorPageQuery, pageOf } from './actor-page.ts'
import { memoryAccounts } from './memory-accounts.ts'
import { memoryEdge } from './memory-edge.ts'
import { memoryNotifications } from './memory-notifications.ts'
import { tallyOf } from './memory-tally.ts'
import { activityLock, MemoryTx, messageLock } from './memory-tx.ts'
import type {
  ActorFilter,
  ActorOutline,
  ClaimedActivity,
  FactFilter,
  FeedEvent,
  KeptReading,
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

/**
 * Faults for simulations. `beforeCommit` throws: the transaction is aborted with that error. `afterCommit` throws: the
 * transaction has happened, and its caller gets `store.commit-unknown`.
 */
export interface MemoryFaults {
  beforeCommit?(): void
  afterCommit?(): void
}

/** What the store in memory lives on: `now` gives ms since the Unix epoch, `random` numbers in [0, 1). */
export interface MemoryStoreOptions {
  clock: { now(): number }
  random: () => number
  faults?: MemoryFaults
}

/**
 * The store in the memory of one process, for tests and simulations: it waits only for its own transactions, reads no
 * clock but the given one, and the same calls in the same order always give the same rows. `close` keeps its rows.
 */
export function createMemoryStore(options: MemoryStoreOptions): Store & { glance: MemoryGlance } {
  return new MemoryStore(options)
}

class MemoryStore implements Store {
  readonly #tables = new MemoryTables()
  readonly glance = glanceAt(this.#tables)
  readonly accounts = memoryAccounts(() => this.#now(), this.#tables.tokens)
  readonly edge = memoryEdge(() => this.#now(), this.#tables.tokens)
  readonly notifications = memoryNotifications(() => this.#now())
  readonly #locks = new MemoryLocks()
  readonly #listeners = new Set<() => void>()
  readonly #now: () => number
  readonly #faults: MemoryFaults
  readonly #id: string

  constructor({ clock, random, faults = {} }: MemoryStoreOptions) {
    this.#now = () => Math.floor(clock.now())
    this.#faults = faults
    this.#id = newId(this.#now(), random)
  }

  async transact<T>(work: (tx: StoreTx) => Promise<T>): Promise<T> {
    const tx = new MemoryTx(this.#tables, this.#locks, this.#now)
    let result: T
    try {
      result = await work(tx)
      tx.assertSound()
      this.#faults.beforeCommit?.()
      tx.commit()
    } finally {
      tx.end()
    }
    if (tx.wakes) for (const wake of this.#listeners) wake()
    try {
      this.#faults.afterCommit?.()
    } catch (cause) {
      throw new EsaError('store.commit-unknown', 'transient', 'the answer of the commit was lost', { cause })
    }
    return result
  }

  async due(limit: number): Promise<{ ids: string[]; nowMs: number; nextDueAt: number | null }> {
    const nowMs = this.#now()
    return { ...this.#tables.due.before(nowMs, limit), nowMs }
  }

  async takeOverdue({ limit, afterMs }: { limit: number; afterMs: number }): Promise<Ring[]> {
    const now = this.#now()
    const messages = [...this.#tables.openMessages].filter(
      (row) => isUnheard(row, now, afterMs) && !this.#locks.isTaken(messageLock(row.id)),
    )
    const activities = [...this.#tables.openActivities].filter(
      (row) =>
        isUnclaimed(row, now) && isUnheard(row, now, afterMs) && !this.#locks.isTaken(activityLock(row.id)),
    )
    return [...take('message', messages, limit, now), ...take('activity', activities, limit, now)]
  }

  async activityOwner(id: string): Promise<string | null> {
    const actorId = this.#tables.activities.get(id)?.actorId ?? null
    return actorId === null ? null : (this.#tables.actors.get(actorId)?.owner ?? actorId)
  }

  claimActivity(id: string, marginMs: number): Promise<ClaimedActivity | null> {
    return this.#alone(activityLock(id), () => {
      const row = this.#tables.activities.get(id)
      const now = this.#now()
      if (row === undefined || row.doneAt !== null || !isUnclaimed(row, now)) return null
      row.claimedUntil = now + row.timeoutMs + marginMs
      row.fence += 1
      const { actorId, queue, activity, input, timeoutMs, fence, trace, scopes } = copyJson(row)
      const asked = { ...(trace === undefined ? {} : { trace }), ...(scopes === undefined ? {} : { scopes }) }
      return { id, actorId, queue, activity, input, timeoutMs, fence, attempt: fence, ...asked }
    })
  }

  releaseActivity(id: string, fence: number, retryInMs: number): Promise<void> {
    return this.#alone(activityLock(id), () => {
      const row = this.#tables.activities.get(id)
      if (row === undefined || row.doneAt !== null || row.fence !== fence) return
      row.rungAt = this.#now()
      row.claimedUntil = row.rungAt + retryInMs
    })
  }

  buryMessage(id: string, deadCode: string): Promise<void> {
    return this.#alone(messageLock(id), () => {
      const row = this.#tables.messages.get(id)
      if (row === undefined || row.doneAt !== null) return
      row.deadCode = deadCode
      this.#tables.openMessages.delete(row)
      this.#tables.deadMessages.add(row)
    })
  }

  async listen(onWake: () => void): Promise<() => Promise<void>> {
    const listener = (): void => onWake()
    this.#listeners.add(listener)
    return async () => {
      this.#listeners.delete(listener)
    }
  }

  async readActor(id: string): Promise<LockedActor | null> {
    return copyJson(this.#tables.actors.get(id) ?? null)
  }

  async listActors({ type, live, ids, owner }: ActorFilter): Promise<LockedActor[]> {
    const { actors, liveActors } = this.#tables
    const candidates = ids === undefined ? (live === true ? liveActors : actors.keys()) : new Set(ids)
    return [...candidates]
      .sort()
      .flatMap((id) => actors.get(id) ?? [])
      .filter(({ state }) => type === undefined || state.type === type)
      .filter(({ state }) => live === undefined || state.live === live)
      .filter((actor) => owner === undefined || actor.owner === owner)
      .map(copyJson)
  }

  async actorPage(query: ActorPageQuery): Promise<LockedActor[]> {
    return pageOf(this.#tables.actors.values(), query).map(copyJson)
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
    return [...this.#tables.messages.values()]
      .filter((row) => ids === undefined || ids.includes(row.id))
      .filter((row) => thread === undefined || row.correlationId === thread)
      .filter((row) => agent === undefined || row.toActor === agent || row.from === agent)
      .filter((row) => types === undefined || types.includes(row.type))
      .filter(({ at, id }) => before === undefined || at < before.at || (at === before.at && id < before.id))
      .filter((row) => dead !== true || (row.doneAt === null && row.deadCode !== null))
      .toSorted((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1))
      .slice(0, limit)
      .map(({ rungAt: _rungAt, ...row }) => copyJson(row))
  }

  async readStream(stream: string, afterSeq = 0): Promise<StoredEvent[]> {
    const events = this.#tables.streams.get(stream) ?? []
    return events.slice(afterSeq).map(copyJson)
  }

  async feed(after: number, limit: number): Promise<FeedEvent[]> {
    return this.#tables.feed
      .slice(after, after + limit)
      .map(({ inputId: _id, input: _input, env: _env, hash: _hash, ...event }, index) =>
        copyJson({ ...event, pos: after + index + 1 }),
      )
  }

  async feedHolds(position: number): Promise<boolean> {
    return position >= 0 && position <= this.#tables.feed.length
  }

  async feedTail(): Promise<number> {
    return this.#tables.feed.length
  }

  async outlines(type: string, fields: string[][]): Promise<ActorOutline[]> {
    return [...(this.#tables.liveOfType.get(type) ?? [])].sort().map((id) => {
      const { status, seq, at, timer, snapshot } = this.#tables.actors.get(id)!.state
      const armed = { dueAt: timer?.dueAt ?? null, timerKind: timer?.kind ?? null }
      return { id, status, seq, at, ...armed, fields: pick(snapshot.context, fields) }
    })
  }

  async facts({ types, sinceMs, limit, fields = [] }: FactFilter): Promise<LevelFact[]> {
    const wanted = new Set(types)
    return this.#tables.leveled
      .filter(({ type, at }) => at >= sinceMs && wanted.has(type))
      .toSorted(byAgeAndPlace)
      .slice(0, limit)
      .map(({ stream, seq, at, type, level, lateMs = null, data }) => ({
        stream,
        seq,
        at,
        type,
        level: level!,
        lateMs,
        fields: pick(data, fields),
      }))
  }

  async tally(filter: TallyFilter): Promise<LevelTally[]> {
    return tallyOf(this.#tables.leveled, filter)
  }

  async lateness(sinceMs: number): Promise<number[]> {
    return this.#tables.late.filter(({ at }) => at >= sinceMs).map(({ lateMs }) => lateMs)
  }

  async backlog(): Promise<{ messages: number; activities: number; dead: number; oldestMs: number | null }> {
    const { openMessages, openActivities, deadMessages } = this.#tables
    let oldestAt: number | null = null
    for (const { at } of openMessages) if (oldestAt === null || at < oldestAt) oldestAt = at
    return {
      messages: openMessages.size,
      activities: openActivities.size,
      dead: deadMessages.size,
      oldestMs: oldestAt === null ? null : this.#now() - oldestAt,
    }
  }

  async queues(): Promise<QueueBacklog[]> {
    return this.#tables.queues(this.#now())
  }

  async keepReadings(readings: KeptReading[]): Promise<void> {
    for (const reading of readings) {
      const series = this.#series(reading.target, reading.key)
      if (!series.has(reading.at)) series.set(reading.at, copyJson(reading))
    }
  }

  async readings(target: string, key: string, sinceMs: number): Promise<KeptReading[]> {
    return [...this.#series(target, key).values()]
      .filter(({ at }) => at >= sinceMs)
      .sort((one, other) => one.at - other.at)
      .map(copyJson)
  }

  async latestReadings(): Promise<KeptReading[]> {
    return [...this.#tables.readings.values()]
      .flatMap((series) => [...series.values()].toSorted((one, other) => other.at - one.at).slice(0, 1))
      .toSorted((a, b) => (keyName(a.target, a.key) < keyName(b.target, b.key) ? -1 : 1))
      .map(copyJson)
  }

  async beat(beat: Omit<WorkerBeat, 'beatAt' | 'skewMs'> & { workerNowMs: number }): Promise<void> {
    const { workerNowMs, ...worker } = beat
    const now = this.#now()
    const { pid, host, startedAt } = this.#tables.workers.get(beat.id) ?? worker
    const renewed = { pid, host, startedAt, beatAt: now, skewMs: workerNowMs - now }
    this.#tables.workers.set(beat.id, copyJson({ ...worker, ...renewed }))
  }

  async signOff(workerId: string): Promise<void> {
    this.#tables.workers.delete(workerId)
  }

  async workers(): Promise<WorkerBeat[]> {
    return [...this.#tables.workers.values()]
      .sort((one, other) => one.startedAt - other.startedAt)
      .map(copyJson)
  }

  async addToken({ hash, lifeMs, ...token }: NewToken): Promise<TokenRow> {
    const createdAt = this.#now()
    const row: TokenRow = { ...token, createdAt, expiresAt: createdAt + lifeMs, revokedAt: null }
    this.#tables.tokens.set(hash, copyJson(row))
    return row
  }

  async findToken(hash: string): Promise<TokenRow | null> {
    const id = this.edge.tokenOfSession(hash)
    const row = [...this.#tables.tokens.values()].find((token) => token.id === id)
    return copyJson(this.#tables.tokens.get(hash) ?? row ?? null)
  }

  async listTokens(): Promise<TokenRow[]> {
    return [...this.#tables.tokens.values()].map(copyJson)
  }

  async revokeToken(id: string): Promise<boolean> {
    const row = [...this.#tables.tokens.values()].find((token) => token.id === id)
    if (row !== undefined) row.revokedAt ??= this.#now()
    return row !== undefined
  }

  async runtime(): Promise<{ id: string; nowMs: number }> {
    return { id: this.#id, nowMs: this.#now() }
  }

  async close(): Promise<void> {}

  #series(target: string, key: string): Map<number, KeptReading> {
    const name = keyName(target, key)
    const series = this.#tables.readings.get(name) ?? new Map<number, KeptReading>()
    this.#tables.readings.set(name, series)
    return series
  }

  /** One statement outside of a transaction: it waits for writers of the row. */
  async #alone<T>(lock: string, statement: () => T): Promise<T> {
    const owner = lockOwner()
    if (!this.#locks.tryTake(owner, lock)) await this.#locks.take(owner, lock)
    try {
      return statement()
    } finally {
      this.#locks.releaseAll(owner)
    }
  }
}

/** Members of a document by their paths, as jsonb gives them: null where there is none. */
function pick(document: JsonObject, paths: string[][]): Json[] {
  return paths.map((path) => {
    let found: Json | undefined = document
    for (const name of path)
      found =
        typeof found === 'object' && found !== null
          ? (found as Record<string, Json | undefined>)[name]
          : undefined
    return copyJson(found ?? null)
  })
}

/** The newest first; what is equally old in the order of its place. */
function byAgeAndPlace(a: StoredEvent, b: StoredEvent): number {
  return b.at - a.at || (a.stream < b.stream ? 1 : a.stream > b.stream ? -1 : b.seq - a.seq)
}
