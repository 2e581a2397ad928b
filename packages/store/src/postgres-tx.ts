import type { ActorState, StepEnv } from '@esa/actor'
import { mapPgError } from '@esa/pg-server'
import { EsaError } from '@esa/protocol'
import type { PoolClient, QueryResult } from 'pg'
import { answered } from './answered.ts'
import { chainSteps, GENESIS_HEAD } from './hash-chain.ts'
import {
  type ActorRow,
  actorOf,
  actorRowOf,
  eventRowOf,
  type MessageDbRow,
  messageOf,
} from './postgres-rows.ts'
import * as sql from './postgres-sql.ts'
import type { Commit, LockedActor, MessageRow, StoreTx } from './store.ts'

/** What a violated constraint means here. */
const CONSTRAINT_CODES: Record<string, string> = {
  actors_open_key: 'store.key-taken',
  events_input_once: 'store.input-applied',
  actors_pkey: 'store.conflict',
  events_stream_seq_pk: 'store.conflict',
}

/** One transaction on one connection. Hot statements are prepared once a connection, where `named` allows it. */
export class PostgresTx implements StoreTx {
  readonly #client: PoolClient
  readonly #named: boolean
  #failed = false

  constructor(client: PoolClient, named: boolean) {
    this.#client = client
    this.#named = named
  }

  async lockActors(ids: string[], { skipLocked = false } = {}): Promise<LockedActor[]> {
    const [name, text] = skipLocked
      ? ['esa_lock_free', `${sql.LOCK_ACTORS} skip locked`]
      : ['esa_lock', sql.LOCK_ACTORS]
    return (await this.#query<ActorRow>(name, text, [ids])).rows.map(actorOf)
  }

  async lockKey(type: string, key: string): Promise<LockedActor | null> {
    const { rows } = await this.#query<ActorRow>('esa_lock_key', sql.LOCK_KEY, [type, key])
    return rows[0] === undefined ? null : actorOf(rows[0])
  }

  async liveActors(type: string): Promise<ActorState[]> {
    const { rows } = await this.#query<ActorRow>('esa_live', sql.LIVE_ACTORS, [type])
    return rows.map((row) => actorOf(row).state)
  }

  async env(): Promise<StepEnv> {
    const { rows } = await this.#query<StepEnv>('esa_env', sql.ENV, [])
    return rows[0]!
  }

  async lockRecipients(messageIds: string[]): Promise<LockedActor[]> {
    const { rows } = await this.#query<ActorRow>('esa_lock_recipients', sql.LOCK_RECIPIENTS, [messageIds])
    return rows.map(actorOf)
  }

  async messages(ids: string[]): Promise<MessageRow[]> {
    return (await this.#query<MessageDbRow>('esa_messages', sql.MESSAGES, [ids])).rows.map(messageOf)
  }

  async lockMessage(id: string): Promise<MessageRow | null> {
    const { rows } = await this.#query<MessageDbRow>('esa_lock_message', sql.LOCK_MESSAGE, [id])
    return rows[0] === undefined ? null : messageOf(rows[0])
  }

  async write(commit: Commit): Promise<void> {
    const chained = commit.actors.map((write) => ({
      write,
      ...chainSteps(write.state.id, write.locked?.head ?? GENESIS_HEAD, write.steps),
    }))
    const actors = chained.map(({ write, head }) => actorRowOf(write, head))
    const events = chained.flatMap(({ rows }) => rows.map(eventRowOf))
    const messages = commit.messages.map(
      ({ toActor, toType, toKey, from, correlationId, causationId, ...rest }) => ({
        ...rest,
        to_actor: toActor,
        to_type: toType,
        to_key: toKey,
        from_actor: from,
        correlation_id: correlationId,
        causation_id: causationId,
      }),
    )
    const activities = commit.activities.map(({ actorId, timeoutMs, ...rest }) => ({
      ...rest,
      actor_id: actorId,
      timeout_ms: timeoutMs,
    }))
    const lists = [actors, events, messages, activities].map((rows) => JSON.stringify(rows))
    const values = [commit.at, ...lists, commit.doneMessages, commit.rung]
    const { rows } = await this.#query<{ written: number }>('esa_write', sql.WRITE, values)
    if (rows[0]!.written !== actors.length) {
      this.#failed = true
      throw new EsaError('store.conflict', 'transient', 'an actor moved on since it was read')
    }
  }

  async countOpening(opener: string, windowMs: number): Promise<number> {
    const { rows } = await this.#query<{ count: number }>('esa_count_opening', sql.COUNT_OPENING, [
      opener,
      windowMs,
    ])
    return rows[0]!.count
  }

  async endActivity(id: string, fence: number, outcome: string): Promise<boolean> {
    const { rowCount } = await this.#query('esa_end_activity', sql.END_ACTIVITY, [id, fence, outcome])
    return rowCount === 1
  }

  /** Refuses what cannot be committed. @throws EsaError `store.aborted` (transient) after a failed statement. */
  assertSound(): void {
    if (!this.#failed) return
    throw new EsaError('store.aborted', 'transient', 'the transaction failed and takes nothing any more')
  }

  async #query<Row extends object>(name: string, text: string, values: unknown[]): Promise<QueryResult<Row>> {
    this.assertSound()
    try {
      return await this.#client.query<Row>(answered(text, values, this.#named ? name : undefined))
    } catch (error) {
      this.#failed = true
      throw storeError(error)
    }
  }
}

function storeError(cause: unknown): EsaError {
  const error = mapPgError(cause)
  const code = CONSTRAINT_CODES[String(error.details['constraint'])]
  return code === undefined
    ? error
    : new EsaError(code, 'transient', error.message, { cause, details: error.details })
}
