import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'

/** Everything of ours lives in one schema, so that a database can be shared. Instants are integer ms, store clock. */
export const esa = pgSchema('esa')

const ms = (name: string) => bigint(name, { mode: 'number' })

/** One row: who this world is, and the places it is at home at. The id keeps its queues apart from those of other worlds. */
export const runtime = esa.table('runtime', {
  one: boolean().primaryKey().default(true),
  id: text().notNull(),
  createdAt: ms('created_at').notNull(),
  places: jsonb()
    .notNull()
    .default(sql`'[]'`),
  /** The account of a person who has switched on to be alone. */
  singleOperator: text('single_operator'),
})

/** An actor at rest. Its timer is part of the row: `due_at` null means none is armed. */
export const actors = esa.table(
  'actors',
  {
    id: text().primaryKey(),
    type: text().notNull(),
    version: integer().notNull(),
    status: text().notNull(),
    live: boolean().notNull(),
    key: text(),
    seq: integer().notNull(),
    at: ms('at').notNull(),
    epoch: integer().notNull(),
    dueAt: ms('due_at'),
    timerKind: text('timer_kind'),
    timerEvent: text('timer_event'),
    snapshot: jsonb().notNull(),
    head: text().notNull(),
    /** The trace that opened it, as a W3C traceparent; null where traces are off. */
    trace: text(),
    /** The agent that it works for; null: none. */
    owner: text(),
  },
  (t) => [
    index('actors_owner')
      .on(t.owner)
      .where(sql`${t.live} and ${t.owner} is not null`),
    uniqueIndex('actors_open_key')
      .on(t.type, t.key)
      .where(sql`${t.live} and ${t.key} is not null`),
    index('actors_due')
      .on(t.dueAt)
      .where(sql`${t.dueAt} is not null`),
    index('actors_live')
      .on(t.type, t.id)
      .where(sql`${t.live}`),
    index('actors_stopped')
      .on(t.id)
      .where(sql`${t.status} = 'stopped'`),
  ],
)

/** Numbers events in about the order of their commits; a number that was given to a step which failed stays unused. */
export const eventsPos = esa.sequence('events_pos')

/** The log. The first event of a step carries the step's input and env; `hash` chains a stream. Append-only. */
export const events = esa.table(
  'events',
  {
    stream: text().notNull(),
    seq: integer().notNull(),
    at: ms('at').notNull(),
    type: text().notNull(),
    epoch: integer().notNull(),
    level: text(),
    actor: text(),
    lateMs: ms('late_ms'),
    data: jsonb().notNull(),
    inputId: text('input_id'),
    input: jsonb(),
    env: jsonb(),
    hash: text().notNull(),
    /** Its place in the feed of all streams; null in a log from before there was one. */
    pos: ms('pos').default(sql`nextval('esa.events_pos')`),
  },
  (t) => [
    primaryKey({ columns: [t.stream, t.seq] }),
    index('events_feed').on(t.pos).concurrently(),
    uniqueIndex('events_input_once')
      .on(t.stream, t.inputId)
      .where(sql`${t.inputId} is not null`),
    // What is counted for operators names a level; the chatter of agents does not, and costs nothing here.
    index('events_leveled')
      .on(t.at)
      .where(sql`${t.level} is not null`)
      .concurrently(),
    index('events_late')
      .on(t.at)
      .where(sql`${t.lateMs} is not null`),
  ],
)

/** Inbox and outbox in one: a row is durable when inserted, rung on its queue, and done in its recipient's step. */
export const messages = esa.table(
  'messages',
  {
    id: text().primaryKey(),
    queue: text().notNull(),
    toActor: text('to_actor'),
    toType: text('to_type'),
    toKey: text('to_key'),
    from: text('from_actor').notNull(),
    type: text().notNull(),
    body: jsonb().notNull(),
    correlationId: text('correlation_id').notNull(),
    causationId: text('causation_id'),
    at: ms('at').notNull(),
    rungAt: ms('rung_at'),
    attempt: integer().notNull().default(0),
    doneAt: ms('done_at'),
    deadCode: text('dead_code'),
    /** Messages before it in its chain of causes. */
    hops: integer().notNull().default(0),
    /** The span that sent it, as a W3C traceparent; null where traces are off. */
    trace: text(),
    /** The scopes that it acts with; null: every scope. */
    scopes: jsonb(),
  },
  (t) => [
    index('messages_open')
      .on(t.rungAt)
      .where(sql`${t.doneAt} is null`),
    index('messages_correlation').on(t.correlationId),
  ],
)

/** Work that touches the world. Claimed under a lease; `fence` counts the claims, and an older one's result is refused. */
export const activities = esa.table(
  'activities',
  {
    id: text().primaryKey(),
    actorId: text('actor_id').notNull(),
    queue: text().notNull(),
    activity: text().notNull(),
    input: jsonb().notNull(),
    timeoutMs: integer('timeout_ms').notNull(),
    at: ms('at').notNull(),
    rungAt: ms('rung_at'),
    attempt: integer().notNull().default(0),
    fence: integer().notNull().default(0),
    claimedUntil: ms('claimed_until'),
    doneAt: ms('done_at'),
    outcome: text(),
    /** The span that requested it, as a W3C traceparent; null where traces are off. */
    trace: text(),
    /** The scopes that it acts with; null: every scope. */
    scopes: jsonb(),
  },
  (t) => [
    index('activities_open')
      .on(t.rungAt)
      .where(sql`${t.doneAt} is null`),
  ],
)

/** A worker that lives renews `beat_at`; operators read it, nothing is decided by it. */
export const workers = esa.table('workers', {
  id: text().primaryKey(),
  pid: integer().notNull(),
  host: text().notNull(),
  startedAt: ms('started_at').notNull(),
  beatAt: ms('beat_at').notNull(),
  skewMs: ms('skew_ms').notNull(),
  info: jsonb().notNull(),
})

/** History of measured metrics, one row a reading. */
export const metrics = esa.table(
  'metrics',
  {
    target: text().notNull(),
    key: text().notNull(),
    at: ms('at').notNull(),
    reading: jsonb().notNull(),
  },
  (t) => [primaryKey({ columns: [t.target, t.key, t.at] })],
)

/** What is left of a stream that was exported and removed: the head that it ended with. */
export const retired = esa.table('retired', {
  stream: text().primaryKey(),
  type: text().notNull(),
  seq: integer().notNull(),
  hash: text().notNull(),
  at: ms('at').notNull(),
})

/** Incidents that each opener has opened since an instant: what its limit counts. */
export const openings = esa.table('openings', {
  opener: text().primaryKey(),
  since: ms('since').notNull(),
  count: integer().notNull(),
})

/**
 * Homes that seal the log, and how far each has come. It proves nothing by itself: the seals are in the home, and this row shows
 * when they were cut, removed or replaced there, as they show when the database was.
 */
export const sealers = esa.table('sealers', {
  home: text().primaryKey(),
  key: text().notNull(),
  n: integer().notNull(),
  hash: text().notNull(),
  at: ms('at').notNull(),
})

/** Who may act from afar. The token itself is nowhere: `hash` is its SHA-256. */
export const tokens = esa.table(
  'tokens',
  {
    id: text().primaryKey(),
    hash: text().notNull(),
    holder: text().notNull(),
    person: text().notNull(),
    scopes: jsonb().notNull(),
    createdAt: ms('created_at').notNull(),
    createdBy: text('created_by').notNull(),
    expiresAt: ms('expires_at').notNull(),
    revokedAt: ms('revoked_at'),
    /** Null: made before there were accounts. */
    account: text(),
    mintedBy: text('minted_by'),
  },
  (t) => [uniqueIndex('tokens_hash').on(t.hash)],
)

/** Who acts. `label` is the name as it is compared. */
export const accounts = esa.table(
  'accounts',
  {
    id: text().primaryKey(),
    kind: text().notNull(),
    issuer: text().notNull(),
    subject: text().notNull(),
    display: text().notNull(),
    label: text().notNull(),
    createdAt: ms('created_at').notNull(),
    createdBy: text('created_by'),
  },
  (t) => [uniqueIndex('accounts_subject').on(t.issuer, t.subject), uniqueIndex('accounts_label').on(t.label)],
)

/** Links that sign an account in once; a used one is gone. The link itself is nowhere: `hash` is its SHA-256. */
export const signInLinks = esa.table('sign_in_links', {
  hash: text().primaryKey(),
  account: text().notNull(),
  holder: text().notNull(),
  createdBy: text('created_by'),
  createdAt: ms('created_at').notNull(),
  expiresAt: ms('expires_at').notNull(),
})

/** Who is on call: a person may hold the human seat of an agent, or none (''), and is reached by contacts. */
export const people = esa.table(
  'people',
  {
    person: text().notNull(),
    agent: text().notNull(),
    contacts: jsonb().notNull(),
    createdAt: ms('created_at').notNull(),
    createdBy: text('created_by').notNull(),
  },
  (t) => [primaryKey({ columns: [t.person, t.agent] })],
)

/** Who replaces all people on call at a level, from one instant until another. */
export const standIns = esa.table('stand_ins', {
  level: text().primaryKey(),
  person: text().notNull(),
  fromAt: ms('from_at').notNull(),
  untilAt: ms('until_at').notNull(),
  createdBy: text('created_by').notNull(),
})

/** Ways out of the bus. `spec` names secrets by where they are, and holds none. */
export const channels = esa.table('channels', {
  name: text().primaryKey(),
  kind: text().notNull(),
  spec: jsonb().notNull(),
  createdAt: ms('created_at').notNull(),
  createdBy: text('created_by').notNull(),
})

/** Every try to deliver something by a channel. Bounded: the oldest of a channel go. */
export const deliveries = esa.table(
  'deliveries',
  {
    id: text().notNull(),
    at: ms('at').notNull(),
    attempt: integer().notNull(),
    channel: text().notNull(),
    incidentId: text('incident_id').notNull(),
    agent: text().notNull(),
    person: text(),
    notice: text().notNull(),
    status: text().notNull(),
    code: integer(),
    latencyMs: ms('latency_ms').notNull(),
    why: text(),
    notificationId: text('notification_id').notNull().default(''),
  },
  (t) => [
    primaryKey({ columns: [t.id, t.at, t.attempt] }),
    index('deliveries_channel').on(t.channel, t.at),
    index('deliveries_incident').on(t.incidentId),
  ],
)

/** Links that acknowledge one incident in a person's name, once. The link itself is nowhere: `hash` is its SHA-256. */
export const ackLinks = esa.table(
  'ack_links',
  {
    hash: text().primaryKey(),
    id: text().notNull(),
    incidentId: text('incident_id').notNull(),
    epoch: integer().notNull(),
    agent: text().notNull(),
    person: text(),
    createdAt: ms('created_at').notNull(),
    expiresAt: ms('expires_at').notNull(),
    usedAt: ms('used_at'),
  },
  (t) => [index('ack_links_expires').on(t.expiresAt)],
)

/** Browsers that are logged in: each refers to a token, which is read again at every request. The secret is nowhere. */
export const sessions = esa.table('sessions', {
  hash: text().primaryKey(),
  token: text().notNull(),
  createdAt: ms('created_at').notNull(),
  expiresAt: ms('expires_at').notNull(),
})

/** Requests with an idempotency key. `answer` null: it is not known yet. */
export const requests = esa.table(
  'requests',
  {
    caller: text().notNull(),
    key: text().notNull(),
    digest: text().notNull(),
    at: ms('at').notNull(),
    expiresAt: ms('expires_at').notNull(),
    answer: jsonb(),
  },
  (t) => [primaryKey({ columns: [t.caller, t.key] }), index('requests_expiring').on(t.expiresAt)],
)
