import type { ActorEvent, ActorState, StepEnv, StepInput } from '@esa/actor'
import type { Json, JsonObject, Scope } from '@esa/protocol'
import type { ActorPageQuery } from './actor-page.ts'
import type { AccountStore } from './account-store.ts'
import type { EdgeStore } from './edge-store.ts'
import type { NotificationStore } from './notification-store.ts'

/** An actor under its lock: its state, the key it holds while it lives, the agent it works for, and the head of its log's hash chain. */
export interface LockedActor {
  state: ActorState
  key: string | null
  head: string
  owner?: string
  /** The trace that opened it, as a W3C traceparent, where traces are on. */
  trace?: string
}

/** One step to be written: its input and env go onto its first event. */
export interface StepWrite {
  input: StepInput
  env: StepEnv
  events: ActorEvent[]
}

/** All steps that one transaction took on one actor. `locked` is null for a new actor; `owner` and `trace` are for one. */
export interface ActorWrite {
  locked: LockedActor | null
  key: string | null
  state: ActorState
  steps: StepWrite[]
  owner?: string
  trace?: string
}

/** A message to an actor (`toActor`), or to whichever live actor of `toType` holds `toKey`, started when there is none. */
export interface NewMessage {
  id: string
  queue: string
  toActor: string | null
  toType: string | null
  toKey: string | null
  from: string
  type: string
  body: JsonObject
  correlationId: string
  causationId: string | null
  /** Messages before it in its chain of causes: a message that answers nothing has 0. */
  hops: number
  /** The span that sent it, as a W3C traceparent, where traces are on. */
  trace?: string
  /** The scopes of its cause, where they are not all: no caller gains a right by asking through an agent. */
  scopes?: readonly Scope[]
}

/** A message row. `doneAt` is set by its recipient's step; `deadCode` when it was given up. */
export interface MessageRow extends NewMessage {
  at: number
  attempt: number
  doneAt: number | null
  deadCode: string | null
}

/** An activity that an actor requested. */
export interface NewActivity {
  id: string
  actorId: string
  queue: string
  activity: string
  input: JsonObject
  /** How long one run may take, ms. */
  timeoutMs: number
  /** The span that requested it, as a W3C traceparent, where traces are on. */
  trace?: string
  /** The scopes of its cause, where they are not all. */
  scopes?: readonly Scope[]
}

/** A claimed activity: `fence` must come back with the result, `attempt` counts from 1. */
export interface ClaimedActivity extends NewActivity {
  attempt: number
  fence: number
}

/** What one transaction writes. `rung`: the writer rings the new rows itself after the commit. */
export interface Commit {
  at: number
  actors: ActorWrite[]
  messages: NewMessage[]
  activities: NewActivity[]
  doneMessages: string[]
  rung: boolean
}

/** A row whose doorbell is to be rung: job id `<prefix><id>-<attempt>` on `queue`. */
export interface Ring {
  kind: 'message' | 'activity'
  id: string
  queue: string
  attempt: number
}

/** One event as the log holds it. */
export interface StoredEvent extends ActorEvent {
  stream: string
  inputId: string | null
  input: StepInput | null
  env: StepEnv | null
  hash: string
}

/** The store inside one transaction. Everything it reads under a lock stays true until the commit. */
export interface StoreTx {
  /** Locks actor rows in id order; with `skipLocked`, rows locked elsewhere are left out. Missing ids are left out. */
  lockActors(ids: string[], options?: { skipLocked?: boolean }): Promise<LockedActor[]>
  /** Locks the live actor of a type that holds a key. */
  lockKey(type: string, key: string): Promise<LockedActor | null>
  /** The live actors of a type as committed now, in id order, without a lock. */
  liveActors(type: string): Promise<ActorState[]>
  /** Store clock in ms and the stopped agents, both read now: ask after the lock. */
  env(): Promise<StepEnv>
  /**
   * Locks the actors that these messages are for, in id order. Left out are those locked elsewhere, and messages that
   * are over or are for no actor yet.
   */
  lockRecipients(messageIds: string[]): Promise<LockedActor[]>
  /** Messages by id, as committed. Missing ids are left out; the order is not that of the ids. */
  messages(ids: string[]): Promise<MessageRow[]>
  /** Locks a message's row, and reads it under the lock. Before any actor: its consumer marks it last. */
  lockMessage(id: string): Promise<MessageRow | null>
  /** Writes a commit. @throws EsaError `store.key-taken`, `store.conflict` or `store.input-applied` (transient). */
  write(commit: Commit): Promise<void>
  /**
   * Counts one more opening by `opener`, and tells how many that makes since its window began; a window is `windowMs`
   * long by the store's clock, and the next begins with the first opening after it. Uncounted when this transaction fails.
   */
  countOpening(opener: string, windowMs: number): Promise<number>
  /** Ends a claimed activity: false when `fence` is no longer its fence or it has ended, and nothing is changed. */
  endActivity(id: string, fence: number, outcome: string): Promise<boolean>
}

/** One metric reading as kept. */
export interface KeptReading {
  target: string
  key: string
  at: number
  reading: JsonObject
}

/** A worker's sign of life. */
export interface WorkerBeat {
  id: string
  pid: number
  host: string
  startedAt: number
  beatAt: number
  skewMs: number
  info: JsonObject
}

/** A token as kept: who may act with it, in whose name, until when. The secret itself is kept nowhere. */
export interface TokenRow {
  id: string
  /** The agent id, or `operator`, in whose name it acts. */
  holder: string
  /** Who has it in hand, for people to read. */
  person: string
  /** The account that acts with it; null: it was made before there were accounts, and counts as a service's. */
  account: string | null
  /** The account that made it; null: the holder of the home. */
  mintedBy: string | null
  scopes: string[]
  createdAt: number
  createdBy: string
  expiresAt: number
  revokedAt: number | null
}

/** A token to be kept, by the SHA-256 of its secret; it expires `lifeMs` after the store's now. */
export type NewToken = Omit<TokenRow, 'createdAt' | 'expiresAt' | 'revokedAt'> & {
  hash: string
  lifeMs: number
}

/** An event in the feed of all streams. `pos` grows, with gaps. */
export interface FeedEvent extends ActorEvent {
  pos: number
  stream: string
}

/** Which actors to list. */
export interface ActorFilter {
  type?: string
  live?: boolean
  ids?: string[]
  owner?: string
}

/** A live actor in brief, without its snapshot: `fields` holds the requested members of its context, null where there is none. */
export interface ActorOutline {
  id: string
  status: string
  seq: number
  at: number
  dueAt: number | null
  timerKind: string | null
  fields: Json[]
}

/** An event that names a level, in brief; `fields` are the requested members of its data. */
export interface LevelFact {
  stream: string
  seq: number
  at: number
  type: string
  level: string
  lateMs: number | null
  fields: Json[]
}

/** Which facts to read: of these types, since an instant, the newest, at most `limit`. A field is a path into the data. */
export interface FactFilter {
  types: string[]
  sinceMs: number
  limit: number
  fields?: string[][]
}

/** How many events that name a level there are of a type and a level, with a lateness in one bucket; `bucket` null: with none. */
export interface LevelTally {
  type: string
  level: string
  /** The index of the first bound that is not below the lateness; as many as there are bounds when all are. */
  bucket: number | null
  count: number
  lateSumMs: number
}

/** Which events to tally: those at or after one instant and before another one, by ascending bounds of lateness. Ms. */
export interface TallyFilter {
  fromMs: number
  untilMs: number
  boundsMs: number[]
}

/** What waits on one queue; `oldestMs` is how long the oldest has waited. */
export interface QueueBacklog {
  queue: string
  kind: 'message' | 'activity'
  waiting: number
  oldestMs: number
}

/** Which messages to list: by id, by thread (their correlation), by who sent or got them, by type; `dead`: given up. */
export interface MessageFilter {
  /** Those that stand after this one in the list: the place where a page ended. */
  before?: { at: number; id: string }
  dead?: boolean
  ids?: string[]
  thread?: string
  agent?: string
  types?: string[]
  limit: number
}

/** Which connections a transaction takes: those of deadlines are their own, so that no other work can hold them up. */
export type Lane = 'work' | 'deadlines'

/**
 * Where the truth lives. Two adapters keep this contract, PostgreSQL and in-memory, and one conformance suite
 * (`storeContract`) says what it promises.
 */
export interface Store {
  /** Runs `work` in one transaction: its writes all happen, or none. @throws EsaError `store.commit-unknown` (transient) when the answer of a commit is lost. */
  transact<T>(work: (tx: StoreTx) => Promise<T>, lane?: Lane): Promise<T>
  /** Ids of actors whose deadline lies behind the store clock, longest overdue first, and the next deadline after that. */
  due(limit: number): Promise<{ ids: string[]; nowMs: number; nextDueAt: number | null }>
  /** Takes rows that were not announced, or not taken within `afterMs` of that, as their next attempt. */
  takeOverdue(options: { limit: number; afterMs: number }): Promise<Ring[]>
  /** The agent that an activity's actor works for, or the actor itself; null when there is no such activity. */
  activityOwner(id: string): Promise<string | null>
  /** Claims an activity for its time-out and `marginMs` more; null when it has ended or is held. */
  claimActivity(id: string, marginMs: number): Promise<ClaimedActivity | null>
  /** Lets go of a claim, to be rung again after `retryInMs`. */
  releaseActivity(id: string, fence: number, retryInMs: number): Promise<void>
  /** Gives a message up. */
  buryMessage(id: string, deadCode: string): Promise<void>

  /** Calls back after commits with rows to announce; best effort, so poll too. Returns what stops it. */
  listen(onWake: () => void): Promise<() => Promise<void>>

  readActor(id: string): Promise<LockedActor | null>
  listActors(filter: ActorFilter): Promise<LockedActor[]>
  /** A page of the actors of a type, the newest id first. */
  actorPage(query: ActorPageQuery): Promise<LockedActor[]>
  /** The live actors of a type in brief, in id order; a field is a path into the context. */
  outlines(type: string, fields: string[][]): Promise<ActorOutline[]>
  /** Events that name a level, the newest first: what is counted for operators. */
  facts(filter: FactFilter): Promise<LevelFact[]>
  /** Counts all events of a span that name a level, however many, where they are kept. In no order. */
  tally(filter: TallyFilter): Promise<LevelTally[]>
  /** The newest messages that fit, newest first. */
  listMessages(filter: MessageFilter): Promise<MessageRow[]>
  /** Events of one stream in order. */
  readStream(stream: string, afterSeq?: number): Promise<StoredEvent[]>
  /**
   * Events of all streams after a position, in the order of their positions. A reader that continues from the last `pos` that it got
   * misses none; an event of a log from before there were positions is in no feed.
   */
  feed(after: number, limit: number): Promise<FeedEvent[]>
  /** The highest position that can be seen, 0 in an empty log. Lower ones may still come. */
  feedTail(): Promise<number>
  /**
   * Whether a reader with everything up to a position of the feed gets the rest of it: false when the log never had that
   * position, and when something was removed from it since.
   */
  feedHolds(position: number): Promise<boolean>
  /** Lateness (ms) of every timer served since an instant. */
  lateness(sinceMs: number): Promise<number[]>
  /** Messages and activities not done, and messages given up. */
  backlog(): Promise<{ messages: number; activities: number; dead: number; oldestMs: number | null }>

  /** What waits, by queue and kind, in that order; a queue on which nothing waits is left out. */
  queues(): Promise<QueueBacklog[]>

  keepReadings(readings: KeptReading[]): Promise<void>
  readings(target: string, key: string, sinceMs: number): Promise<KeptReading[]>
  /** The newest reading of each series, by target and key. */
  latestReadings(): Promise<KeptReading[]>
  beat(beat: Omit<WorkerBeat, 'beatAt' | 'skewMs'> & { workerNowMs: number }): Promise<void>
  /** A worker that ends in order is no longer listed. */
  signOff(workerId: string): Promise<void>
  workers(): Promise<WorkerBeat[]>
  addToken(token: NewToken): Promise<TokenRow>
  /** The token whose secret has this hash, or of the session with this hash; expired and revoked ones too. */
  findToken(hash: string): Promise<TokenRow | null>
  /** Every token, the oldest first. */
  listTokens(): Promise<TokenRow[]>
  /** Revokes a token permanently; false when there is none. A second time changes nothing. */
  revokeToken(id: string): Promise<boolean>
  /** Who acts. */
  readonly accounts: AccountStore
  /** Sessions of browsers, and requests that come with a key. */
  readonly edge: EdgeStore
  /** People, channels, tries to deliver, links to answer by. */
  readonly notifications: NotificationStore
  /** This world's id and the store clock. */
  runtime(): Promise<{ id: string; nowMs: number }>
  close(): Promise<void>
}
