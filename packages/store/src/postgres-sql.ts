import type { NewToken } from './store.ts'

/** Store clock: integer ms of the database's own clock, read when the statement runs and not when the transaction began. */
/** The store clock, ms. */
export const NOW = `floor(extract(epoch from clock_timestamp()) * 1000)::bigint`

/** The channel that wakes relays and timer services. */
export const WAKE_CHANNEL = 'esa_wake'

export const ACTOR_COLUMNS = `id, type, version, status, live, key, seq, at, epoch, due_at, timer_kind, timer_event, snapshot, head, trace, owner`

export const LOCK_ACTORS = `select ${ACTOR_COLUMNS} from esa.actors where id = any($1) order by id for update`

export const LOCK_RECIPIENTS = `select ${ACTOR_COLUMNS} from esa.actors where id in (
    select to_actor from esa.messages where id = any($1) and done_at is null and dead_code is null)
  order by id for update skip locked`

export const LOCK_KEY = `select ${ACTOR_COLUMNS} from esa.actors where type = $1 and key = $2 and live for update`

export const LIVE_ACTORS = `select ${ACTOR_COLUMNS} from esa.actors where type = $1 and live order by id`

export const READ_ACTORS = `select ${ACTOR_COLUMNS} from esa.actors
  where ($1::text is null or type = $1) and ($2::boolean is null or live = $2) and ($3::text[] is null or id = any($3))
    and ($4::text is null or owner = $4)
  order by id`

export const ENV = `select ${NOW} as at,
  array(select id from esa.actors where status = 'stopped' order by id) as unreachable`

const MESSAGE_COLUMNS = `id, queue, to_actor, to_type, to_key, from_actor, type, body, correlation_id, causation_id, hops,
  at, attempt, done_at, dead_code, trace, scopes`

export const MESSAGES = `select ${MESSAGE_COLUMNS} from esa.messages where id = any($1)`

export const LOCK_MESSAGE = `select ${MESSAGE_COLUMNS} from esa.messages where id = $1 for update`

export const READ_MESSAGES = `select ${MESSAGE_COLUMNS} from esa.messages
  where ($1::text[] is null or id = any($1)) and ($2::text is null or correlation_id = $2)
    and ($3::text is null or to_actor = $3 or from_actor = $3) and ($4::text[] is null or type = any($4))
    and (not $6::boolean or (done_at is null and dead_code is not null))
    and ($7::bigint is null or (at, id collate "C") < ($7, $8::text collate "C"))
  order by at desc, id collate "C" desc limit $5`

/**
 * A whole commit in one statement and one round trip. New actors fail on a taken key; known ones are compared on `seq`,
 * so the count that comes back tells a lost race.
 */
export const WRITE = `with
  a as (select * from jsonb_to_recordset($2::jsonb) as a(id text, type text, version int, status text, live boolean, key text,
    seq int, at bigint, epoch int, due_at bigint, timer_kind text, timer_event text, snapshot jsonb, head text, trace text,
    owner text, before_seq int)),
  created as (insert into esa.actors (${ACTOR_COLUMNS})
    select ${ACTOR_COLUMNS} from a where before_seq is null returning id),
  moved as (update esa.actors set version = a.version, status = a.status, live = a.live, seq = a.seq, at = a.at,
    epoch = a.epoch, due_at = a.due_at, timer_kind = a.timer_kind, timer_event = a.timer_event, snapshot = a.snapshot,
    head = a.head from a where actors.id = a.id and actors.seq = a.before_seq returning actors.id),
  logged as (insert into esa.events (stream, seq, at, type, epoch, level, actor, late_ms, data, input_id, input, env, hash)
    select stream, seq, at, type, epoch, level, actor, late_ms, data, input_id, input, env, hash
    from jsonb_to_recordset($3::jsonb) as e(stream text, seq int, at bigint, type text, epoch int, level text, actor text,
      late_ms bigint, data jsonb, input_id text, input jsonb, env jsonb, hash text)),
  posted as (insert into esa.messages (id, queue, to_actor, to_type, to_key, from_actor, type, body, correlation_id, causation_id, hops,
      trace, scopes, at, rung_at)
    select id, queue, to_actor, to_type, to_key, from_actor, type, body, correlation_id, causation_id, hops, trace, scopes, $1::bigint,
      case when $7::boolean then $1::bigint end
    from jsonb_to_recordset($4::jsonb) as m(id text, queue text, to_actor text, to_type text, to_key text, from_actor text,
      type text, body jsonb, correlation_id text, causation_id text, hops int, trace text, scopes jsonb)
    on conflict (id) do nothing returning 1),
  asked as (insert into esa.activities (id, actor_id, queue, activity, input, timeout_ms, trace, scopes, at, rung_at)
    select id, actor_id, queue, activity, input, timeout_ms, trace, scopes, $1::bigint, case when $7::boolean then $1::bigint end
    from jsonb_to_recordset($5::jsonb) as x(id text, actor_id text, queue text, activity text, input jsonb, timeout_ms int,
      trace text, scopes jsonb)
    on conflict (id) do nothing returning 1),
  done as (update esa.messages set done_at = $1::bigint where id = any($6::text[]) and done_at is null)
select (select count(*) from created) + (select count(*) from moved) as written,
  case when not $7::boolean then pg_notify('${WAKE_CHANNEL}', '')::text end as woken`

export const COUNT_OPENING = `insert into esa.openings as o (opener, since, count) select $1, n.ms, 1 from (select ${NOW} as ms) n
  on conflict (opener) do update set
    since = case when o.since + $2::bigint > excluded.since then o.since else excluded.since end,
    count = case when o.since + $2::bigint > excluded.since then o.count + 1 else 1 end
  returning count`

export const END_ACTIVITY = `update esa.activities set done_at = ${NOW}, outcome = $3, claimed_until = null
  where id = $1 and fence = $2 and done_at is null`

export const CLAIM_ACTIVITY = `update esa.activities set claimed_until = ${NOW} + timeout_ms + $2::bigint, fence = fence + 1
  where id = $1 and done_at is null and (claimed_until is null or claimed_until < ${NOW})
  returning id, actor_id, queue, activity, input, timeout_ms, fence, trace, scopes`

export const ACTIVITY_OWNER = `select coalesce(actors.owner, activities.actor_id) as owner
  from esa.activities left join esa.actors on actors.id = activities.actor_id where activities.id = $1`

export const RELEASE_ACTIVITY = `update esa.activities set claimed_until = ${NOW} + $3::bigint, rung_at = ${NOW}
  where id = $1 and fence = $2 and done_at is null`

export const BURY_MESSAGE = `update esa.messages set dead_code = $2 where id = $1 and done_at is null`

/** Not by id as well: of 100,000 deadlines at one ms each batch would sort all that are left. */
export const DUE = `select n.ms as now_ms,
  array(select id from esa.actors where due_at < n.ms order by due_at limit $1) as ids,
  (select min(due_at) from esa.actors where due_at >= n.ms) as next_due_at
  from (select ${NOW} as ms) n`

/** Unheard rings double their pause with every attempt, up to 32 times `$2`. */
const OVERDUE = `(rung_at is null or rung_at <= ${NOW} - $2::bigint * least(32, 2 ^ least(attempt, 5))::bigint)`

/** Messages and activities in one statement: an idle worker asks twice a second. */
export const TAKE_OVERDUE = `with
  messages as (update esa.messages set rung_at = ${NOW}, attempt = attempt + 1 where id in (
    select id from esa.messages where done_at is null and dead_code is null and ${OVERDUE}
    order by rung_at nulls first, at limit $1 for update skip locked) returning id, queue, attempt, at),
  activities as (update esa.activities set rung_at = ${NOW}, attempt = attempt + 1 where id in (
    select id from esa.activities where done_at is null and (claimed_until is null or claimed_until < ${NOW}) and ${OVERDUE}
    order by rung_at nulls first, at limit $1 for update skip locked) returning id, queue, attempt, at)
select 'message' as kind, * from messages union all select 'activity', * from activities`

export const READ_STREAM = `select stream, seq, at, type, epoch, level, actor, late_ms, data, input_id, input, env, hash
  from esa.events where stream = $1 and seq > $2 order by seq`

/** Live actors in brief: a snapshot is large, and only the fields named by paths from `$2` on are taken out of it. */
export function outlines(fields: number): string {
  return `select id, status, seq, at, due_at, timer_kind, ${picked('snapshot', fields, 2)} as fields
    from esa.actors where type = $1 and live order by id`
}

/** Events that name a level: the index `events_leveled` holds no others, so that the chatter of agents costs nothing here. */
export function facts(fields: number): string {
  return `select stream, seq, at, type, level, late_ms, ${picked('data', fields, 4)} as fields
    from esa.events where level is not null and at >= $2 and type = any($1) order by at desc, stream collate "C" desc, seq desc limit $3`
}

/** Fields of a document, by paths in the parameters from `$first` on. */
function picked(column: string, fields: number, first: number): string {
  const paths = Array.from({ length: fields }, (_, n) => `${column} #> $${first + n}::text[]`)
  return `jsonb_build_array(${paths.join(', ')})`
}

/** A bucket's bound belongs to it, and `width_bucket` counts the bounds that are at or below: of whole ms, one more is above. */
export const TALLY = `select type, level, count(*) as count, coalesce(sum(late_ms), 0)::bigint as "lateSumMs",
    width_bucket(late_ms, array(select b + 1 from unnest($3::bigint[]) b order by b)) as bucket
  from esa.events where level is not null and at >= $1 and at < $2 group by type, level, bucket`

export const LATENESS = `select late_ms from esa.events where late_ms is not null and at >= $1`

export const BACKLOG = `select
  (select count(*) from esa.messages where done_at is null and dead_code is null) as messages,
  (select count(*) from esa.activities where done_at is null) as activities,
  (select count(*) from esa.messages where done_at is null and dead_code is not null) as dead,
  (select ${NOW} - min(at) from esa.messages where done_at is null and dead_code is null) as oldest_ms`

export const QUEUES = `select queue, kind, count(*) as waiting, ${NOW} - min(at) as "oldestMs" from (
    select queue, 'message' as kind, at from esa.messages where done_at is null and dead_code is null
    union all select queue, 'activity', at from esa.activities where done_at is null) as open
  group by queue, kind order by queue collate "C", kind collate "C"`

export const KEEP_READINGS = `insert into esa.metrics (target, key, at, reading)
  select target, key, at, reading from jsonb_to_recordset($1::jsonb) as r(target text, key text, at bigint, reading jsonb)
  on conflict do nothing`

export const READINGS = `select target, key, at, reading from esa.metrics where target = $1 and key = $2 and at >= $3 order by at`

/** From series to series by the primary key: the history of each may be long. */
export const LATEST_READINGS = `with recursive series as (
    (select target, key from esa.metrics order by target, key limit 1)
    union all
    select n.* from series s, lateral (select target, key from esa.metrics
      where (target, key) > (s.target, s.key) order by target, key limit 1) n)
  select m.* from series s, lateral (select target, key, at, reading from esa.metrics
    where target = s.target and key = s.key order by at desc limit 1) m order by m.target collate "C", m.key collate "C"`

export const BEAT = `insert into esa.workers (id, pid, host, started_at, beat_at, skew_ms, info)
  select $1, $2, $3, $4, clock.now_ms, $5::bigint - clock.now_ms, $6 from (select ${NOW} as now_ms) clock
  on conflict (id) do update set beat_at = excluded.beat_at, skew_ms = excluded.skew_ms, info = excluded.info`

export const SIGN_OFF = `delete from esa.workers where id = $1`

export const WORKERS = `select id, pid, host, started_at, beat_at, skew_ms, info from esa.workers order by started_at`

const TOKEN_COLUMNS = `id, holder, person, scopes, account, minted_by as "mintedBy", created_at as "createdAt", created_by as "createdBy",
  expires_at as "expiresAt", revoked_at as "revokedAt"`

export const ADD_TOKEN = `insert into esa.tokens
    (id, hash, holder, person, scopes, created_at, created_by, expires_at, account, minted_by)
  select $1, $2, $3, $4, $5, n.ms, $6, n.ms + $7::bigint, $8, $9 from (select ${NOW} as ms) n returning ${TOKEN_COLUMNS}`

/** The values of `ADD_TOKEN`. */
export function tokenValues(token: NewToken): unknown[] {
  const { id, hash, holder, person, scopes, createdBy, lifeMs, account, mintedBy } = token
  return [id, hash, holder, person, JSON.stringify(scopes), createdBy, lifeMs, account, mintedBy]
}

export const FIND_TOKEN = `select ${TOKEN_COLUMNS} from esa.tokens
  where hash = $1 or id = (select token from esa.sessions where hash = $1 and expires_at > ${NOW})`

export const LIST_TOKENS = `select ${TOKEN_COLUMNS} from esa.tokens order by created_at, id`

export const REVOKE_TOKEN = `update esa.tokens set revoked_at = coalesce(revoked_at, ${NOW}) where id = $1 returning id`

export const RUNTIME = `select id, ${NOW} as now_ms from esa.runtime`
