import type { ActorState, StepEnv, StepInput } from '@esa/actor'
import type { JsonObject, Scope } from '@esa/protocol'
import type { ActorWrite, ClaimedActivity, LockedActor, MessageRow, StoredEvent } from './store.ts'

/** A row of esa.actors as the driver gives it. */
export interface ActorRow {
  id: string
  type: string
  version: number
  status: string
  live: boolean
  key: string | null
  seq: number
  at: number
  epoch: number
  due_at: number | null
  timer_kind: string | null
  timer_event: string | null
  snapshot: ActorState['snapshot']
  head: string
  trace: string | null
  owner: string | null
}

/** The actor of a row. */
export function actorOf(row: ActorRow): LockedActor {
  const { id, type, version, status, live, seq, at, epoch, snapshot, key, head } = row
  const timer =
    row.due_at === null ? null : { kind: row.timer_kind!, dueAt: row.due_at, event: row.timer_event! }
  const state = { id, type, version, status, live, seq, at, epoch, timer, snapshot }
  return { state, key, head, ...ownedBy(row), ...tracedBy(row) }
}

/** The row an actor is written as; `before_seq` null says that it is new. */
export function actorRowOf(write: ActorWrite, head: string): ActorRow & { before_seq: number | null } {
  const { timer, ...state } = write.state
  return {
    ...state,
    key: write.key,
    due_at: timer?.dueAt ?? null,
    timer_kind: timer?.kind ?? null,
    timer_event: timer?.event ?? null,
    head,
    trace: write.trace ?? null,
    owner: write.owner ?? null,
    before_seq: write.locked?.state.seq ?? null,
  }
}

/** A row of esa.events as the driver gives it. */
export interface EventRow {
  stream: string
  seq: number
  at: number
  type: string
  epoch: number
  level: string | null
  actor: string | null
  late_ms: number | null
  data: JsonObject
  input_id: string | null
  input: StepInput | null
  env: StepEnv | null
  hash: string
}

/** The event of a row. */
export function eventOf(row: EventRow): StoredEvent {
  const { stream, seq, at, type, epoch, data, input, env, hash } = row
  return {
    stream,
    seq,
    at,
    type,
    epoch,
    ...(row.level === null ? {} : { level: row.level }),
    ...(row.actor === null ? {} : { actor: row.actor }),
    ...(row.late_ms === null ? {} : { lateMs: row.late_ms }),
    data,
    inputId: row.input_id,
    input,
    env,
    hash,
  }
}

/** The row an event is written as. */
export function eventRowOf(event: StoredEvent): EventRow {
  const { lateMs, inputId, level, actor, ...rest } = event
  return { ...rest, level: level ?? null, actor: actor ?? null, late_ms: lateMs ?? null, input_id: inputId }
}

/** A row of esa.messages as the driver gives it. */
export interface MessageDbRow {
  id: string
  queue: string
  to_actor: string | null
  to_type: string | null
  to_key: string | null
  from_actor: string
  type: string
  body: JsonObject
  correlation_id: string
  causation_id: string | null
  hops: number
  at: number
  attempt: number
  done_at: number | null
  dead_code: string | null
  trace: string | null
  scopes: Scope[] | null
}

/** The message of a row. */
export function messageOf(row: MessageDbRow): MessageRow {
  return {
    id: row.id,
    queue: row.queue,
    toActor: row.to_actor,
    toType: row.to_type,
    toKey: row.to_key,
    from: row.from_actor,
    type: row.type,
    body: row.body,
    correlationId: row.correlation_id,
    causationId: row.causation_id,
    hops: row.hops,
    at: row.at,
    attempt: row.attempt,
    doneAt: row.done_at,
    deadCode: row.dead_code,
    ...tracedBy(row),
    ...scopedBy(row),
  }
}

/** A claimed row of esa.activities as the driver gives it. */
export type ActivityRow = Omit<ClaimedActivity, 'actorId' | 'timeoutMs' | 'attempt' | 'trace' | 'scopes'> & {
  actor_id: string
  timeout_ms: number
  trace: string | null
  scopes: Scope[] | null
}

/** The claim of a row; its fence counts its attempts. */
export function claimedOf(row: ActivityRow): ClaimedActivity {
  const { actor_id: actorId, timeout_ms: timeoutMs, trace, scopes, ...rest } = row
  return { ...rest, actorId, timeoutMs, attempt: row.fence, ...tracedBy({ trace }), ...scopedBy({ scopes }) }
}

/** The trace that a row carries, where it carries one. */
function tracedBy({ trace }: { trace: string | null }): { trace?: string } {
  return trace === null ? {} : { trace }
}

/** The agent that a row's actor works for, where it works for one. */
function ownedBy({ owner }: { owner: string | null }): { owner?: string } {
  return owner === null ? {} : { owner }
}

/** The scopes that a row is limited to, where it is. */
function scopedBy({ scopes }: { scopes: Scope[] | null }): { scopes?: Scope[] } {
  return scopes === null ? {} : { scopes }
}
