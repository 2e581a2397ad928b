import type { ActorState, StepEnv } from '@esa/actor'
import { EsaError, unstorableUnit } from '@esa/protocol'
import { chainSteps, GENESIS_HEAD } from './hash-chain.ts'
import { lockOwner, type MemoryLocks } from './memory-locks.ts'
import {
  copyJson,
  type Draft,
  emptyDraft,
  inputName,
  keyName,
  type MemoryTables,
  type MessageRecord,
} from './memory-tables.ts'
import type { ActorWrite, Commit, LockedActor, MessageRow, StoreTx } from './store.ts'

const actorLock = (id: string): string => `actor ${id}`
const keyLock = (name: string): string => `key ${name}`

/** The name of the lock on a message's row. */
export const messageLock = (id: string): string => `message ${id}`

/** The name of the lock on an activity's row. */
export const activityLock = (id: string): string => `activity ${id}`

/**
 * One transaction in memory, as PostgreSQL gives it at READ COMMITTED: it sees its own writes and what others have
 * committed, waits for rows that others have written or locked, and takes no more statements after one has failed.
 */
export class MemoryTx implements StoreTx {
  readonly #tables: MemoryTables
  readonly #locks: MemoryLocks
  readonly #now: () => number
  readonly #owner = lockOwner()
  readonly #draft: Draft = emptyDraft()
  #state: 'open' | 'failed' | 'ended' = 'open'
  /** True when it writes rows that another process must announce. */
  wakes = false

  constructor(tables: MemoryTables, locks: MemoryLocks, now: () => number) {
    this.#tables = tables
    this.#locks = locks
    this.#now = now
  }

  lockActors(ids: string[], { skipLocked = false } = {}): Promise<LockedActor[]> {
    return this.#statement(async () => {
      const locked: LockedActor[] = []
      for (const id of [...new Set(ids)].sort()) {
        if (this.#actor(id) === undefined) continue
        if (!this.#locks.tryTake(this.#owner, actorLock(id))) {
          if (skipLocked) continue
          await this.#locks.take(this.#owner, actorLock(id))
        }
        locked.push(copyJson(this.#actor(id)!))
      }
      return locked
    })
  }

  lockKey(type: string, key: string): Promise<LockedActor | null> {
    return this.#statement(async () => {
      const name = keyName(type, key)
      const id = this.#holder(name)
      if (id === null) return null
      await this.#take(actorLock(id))
      // The previous holder of the lock may have closed the actor.
      return this.#holder(name) === id ? copyJson(this.#actor(id)!) : null
    })
  }

  liveActors(type: string): Promise<ActorState[]> {
    return this.#statement(() =>
      [...(this.#tables.liveOfType.get(type) ?? [])]
        .sort()
        .map((id) => copyJson(this.#tables.actors.get(id)!.state)),
    )
  }

  env(): Promise<StepEnv> {
    return this.#statement(() => ({ at: this.#now(), unreachable: this.#tables.stopped() }))
  }

  async lockRecipients(messageIds: string[]): Promise<LockedActor[]> {
    const open = (await this.messages(messageIds)).filter(
      ({ doneAt, deadCode }) => doneAt === null && deadCode === null,
    )
    const recipients = open.flatMap(({ toActor }) => (toActor === null ? [] : [toActor]))
    return this.lockActors(recipients, { skipLocked: true })
  }

  messages(ids: string[]): Promise<MessageRow[]> {
    return this.#statement(() => [...new Set(ids)].flatMap((id) => this.#message(id)))
  }

  lockMessage(id: string): Promise<MessageRow | null> {
    return this.#statement(async () => {
      if (this.#message(id).length === 0) return null
      await this.#take(messageLock(id))
      return this.#message(id)[0] ?? null
    })
  }

  write(commit: Commit): Promise<void> {
    return this.#statement(async () => {
      assertStorable(commit)
      await this.#takeWritten(commit)
      // PostgreSQL inserts before it updates: a key that the same commit frees is still taken.
      for (const write of commit.actors) if (write.locked === null) this.#putActor(write)
      for (const write of commit.actors) if (write.locked !== null) this.#putActor(write)
      this.#post(commit)
      if (!commit.rung) this.wakes = true
    })
  }

  countOpening(opener: string, windowMs: number): Promise<number> {
    return this.#statement(async () => {
      await this.#take(`opener ${opener}`)
      const now = this.#now()
      const before = this.#draft.openings.get(opener) ?? this.#tables.openings.get(opener)
      const { since, count } =
        before !== undefined && before.since + windowMs > now ? before : { since: now, count: 0 }
      this.#draft.openings.set(opener, { since, count: count + 1 })
      return count + 1
    })
  }

  endActivity(id: string, fence: number, outcome: string): Promise<boolean> {
    return this.#statement(async () => {
      await this.#take(activityLock(id))
      const activity = this.#tables.activities.get(id)
      if (activity === undefined || activity.fence !== fence || activity.doneAt !== null) return false
      if (this.#draft.endedActivities.has(id)) return false
      this.#draft.endedActivities.set(id, { at: this.#now(), outcome })
      return true
    })
  }

  /** Refuses what cannot be committed. @throws EsaError `store.aborted` (transient) after a failed statement. */
  assertSound(): void {
    if (this.#state === 'failed') {
      throw new EsaError('store.aborted', 'transient', 'the transaction failed and takes nothing any more')
    }
    if (this.#state === 'ended') throw new EsaError('store.ended', 'bug', 'the transaction is over')
  }

  /** Makes all its writes true. */
  commit(): void {
    this.#tables.apply(this.#draft)
  }

  /** Lets go of its locks. What was not committed is gone. */
  end(): void {
    this.#state = 'ended'
    this.#locks.releaseAll(this.#owner)
  }

  async #statement<T>(run: () => T | Promise<T>): Promise<T> {
    this.assertSound()
    try {
      return await run()
    } catch (error) {
      if (this.#state === 'open') this.#state = 'failed'
      throw error
    }
  }

  async #take(name: string): Promise<void> {
    if (!this.#locks.tryTake(this.#owner, name)) await this.#locks.take(this.#owner, name)
  }

  /** The locks that writing rows takes: who reads them with a lock, or writes the same, waits for this transaction. */
  async #takeWritten(commit: Commit): Promise<void> {
    for (const id of commit.actors.map(({ state }) => state.id).sort()) await this.#take(actorLock(id))
    for (const { state, key } of commit.actors) {
      if (key !== null) await this.#take(keyLock(keyName(state.type, key)))
    }
    for (const { id } of commit.messages) await this.#take(messageLock(id))
    for (const id of commit.doneMessages) await this.#take(messageLock(id))
    for (const { id } of commit.activities) await this.#take(activityLock(id))
  }

  #putActor(write: ActorWrite): void {
    const { locked, state } = write
    const before = this.#actor(state.id)
    if (before?.state.seq !== locked?.state.seq) {
      throw refused('store.conflict', `actor ${state.id} moved on since it was read`)
    }
    const key = before === undefined ? write.key : before.key
    if (key !== null) this.#putKey(keyName(state.type, key), state.id, state.live)
    const { rows, head } = chainSteps(state.id, locked?.head ?? GENESIS_HEAD, write.steps)
    for (const { inputId } of rows) if (inputId !== null) this.#putInput(state.id, inputId)
    for (const row of rows) this.#draft.events.push(copyJson(row))
    const { trace, owner } = before ?? write
    const actor = { state, key, head, ...(owner === undefined ? {} : { owner }), ...tracedBy(trace) }
    this.#draft.actors.set(state.id, copyJson(actor))
  }

  #putKey(name: string, id: string, live: boolean): void {
    const holder = this.#holder(name)
    if (live && holder !== null && holder !== id) {
      throw refused('store.key-taken', `actor ${holder} lives and holds the key of ${id}`)
    }
    if (live) this.#draft.keys.set(name, id)
    else if (holder === id) this.#draft.keys.set(name, null)
  }

  #putInput(stream: string, inputId: string): void {
    const name = inputName(stream, inputId)
    if (this.#tables.inputs.has(name) || this.#draft.inputs.has(name)) {
      throw refused('store.input-applied', `actor ${stream} has had input ${inputId}`)
    }
    this.#draft.inputs.add(name)
  }

  #post({ at, messages, activities, doneMessages, rung }: Commit): void {
    const { draft, tables } = { draft: this.#draft, tables: this.#tables }
    const rungAt = rung ? at : null
    for (const message of messages) {
      if (tables.messages.has(message.id) || draft.messages.has(message.id)) continue
      const fresh = { at, rungAt, attempt: 0, doneAt: null, deadCode: null }
      draft.messages.set(message.id, copyJson<MessageRecord>({ ...message, ...fresh }))
    }
    for (const activity of activities) {
      if (tables.activities.has(activity.id) || draft.activities.has(activity.id)) continue
      const fresh = { at, rungAt, attempt: 0, fence: 0, claimedUntil: null, doneAt: null, outcome: null }
      draft.activities.set(activity.id, copyJson({ ...activity, ...fresh }))
    }
    for (const id of doneMessages) if (!draft.doneMessages.has(id)) draft.doneMessages.set(id, at)
  }

  #message(id: string): MessageRow[] {
    const found = this.#draft.messages.get(id) ?? this.#tables.messages.get(id)
    if (found === undefined) return []
    const doneAt = found.doneAt ?? this.#draft.doneMessages.get(id) ?? null
    return [{ ...messageOf(found), doneAt }]
  }

  #actor(id: string): LockedActor | undefined {
    return this.#draft.actors.get(id) ?? this.#tables.actors.get(id)
  }

  #holder(name: string): string | null {
    const drafted = this.#draft.keys.get(name)
    return drafted === undefined ? (this.#tables.keys.get(name) ?? null) : drafted
  }
}

/** What others see of a message: all but its bell. */
function messageOf(record: MessageRecord): MessageRow {
  const { id, queue, toActor, toType, toKey, from, type, body } = copyJson(record)
  const { correlationId, causationId, hops, at, attempt, doneAt, deadCode, trace, scopes } = record
  const address = { id, queue, toActor, toType, toKey, from, type, body }
  const sent = { correlationId, causationId, hops, at, attempt, doneAt, deadCode }
  return { ...address, ...sent, ...tracedBy(trace), ...(scopes === undefined ? {} : { scopes }) }
}

function tracedBy(trace: string | undefined): { trace?: string } {
  return trace === undefined ? {} : { trace }
}

/** PostgreSQL's jsonb takes no NUL and no half of a surrogate pair, and neither does this store. */
function assertStorable({ actors, messages, activities }: Commit): void {
  const written = [actors.map(({ state, steps }) => [state, steps]), messages, activities]
  const unit = unstorableUnit(JSON.stringify(written))
  if (unit !== null) throw new EsaError('database.data', 'terminal', `jsonb cannot hold U+${unit}`)
}

function refused(code: string, message: string): EsaError {
  return new EsaError(code, 'transient', message)
}
