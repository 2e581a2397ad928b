import { type Queryable, OWN_MARK } from '@esa/database-catalog/sql'
import { oneLine } from '../plan/steps/step.ts'

/** Who keeps a statement waiting. `sinceMs` is how long its transaction has been open; `query` holds no values. */
export interface Blocker {
  pid: number
  user: string
  application: string
  state: string
  sinceMs: number
  /** When its last query began, ISO 8601. */
  queryStartAt: string
  query: string
}

/** What a look at a session shows: who it waits for, and how long others have waited for it. */
export interface Standing {
  blockers: Blocker[]
  /** Milliseconds the longest of those has waited that are kept waiting by the session. */
  keptWaitingMs: number
  waiting: number
}

/** Length of a foreign query in a message. */
const QUERY_CHARS = 120

/** One look costs the server a pass over its lock table: sessions that wait for nothing are not included. */
const LOOK = `select ${OWN_MARK}
  (select coalesce(json_agg(json_build_object('pid', a.pid, 'user', coalesce(a.usename::text, a.backend_type),
      'application', a.application_name, 'state', coalesce(a.state, a.backend_type),
      'sinceMs', round(extract(epoch from clock_timestamp() - coalesce(a.xact_start, a.query_start, a.backend_start)) * 1000),
      'queryStartAt', a.query_start, 'query', coalesce(a.query, ''))), '[]')
    from pg_stat_activity a where a.pid = any(pg_blocking_pids($1))) as blockers,
  w.count as waiting, w.ms as "keptWaitingMs"
  from (select count(*)::int as count, coalesce(max(extract(epoch from clock_timestamp() - l.waitstart)), 0)::float8 * 1000 as ms
    from pg_locks l where not l.granted and l.pid <> $1 and $1 = any(pg_blocking_pids(l.pid))) w`

/** PostgreSQL 13 does not say since when a lock is waited for: the query's own time is the bound that is known. */
const LOOK_13 = LOOK.replace(
  'l.waitstart',
  '(select s.query_start from pg_stat_activity s where s.pid = l.pid)',
)

/** How the session `pid` relates to others, seen from another session. */
export async function lookAt(watch: Queryable, pid: number, serverVersion: number): Promise<Standing> {
  const { rows } = await watch.query(serverVersion >= 140_000 ? LOOK : LOOK_13, [pid])
  const found = rows[0] as unknown as Standing
  const blockers = found.blockers.map((blocker) => ({ ...blocker, query: withoutValues(blocker.query) }))
  return { ...found, blockers }
}

/** A query of another session for a message: one line, cut, and every constant in it replaced. */
export function withoutValues(query: string): string {
  const bare = query
    .replace(/[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)/g, '?')
    .replace(/'(?:[^']|'')*(?:'|$)/g, '?')
    .replace(/\$(\w*)\$[\s\S]*?(?:\$\1\$|$)/g, '?')
    .replace(/(?:--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))/g, ' ')
    .replace(/(?<![\w$])\d[\d.]*/g, '?')
  return oneLine(bare, QUERY_CHARS)
}

/** A blocker in one line: whom to ask, or to end. */
export function blockerText({ pid, user, application, state, sinceMs, query }: Blocker): string {
  const by = application === '' ? user : `${user} (${application})`
  const said = query === '' ? '' : `: ${query}`
  return `pid ${pid} of ${by}, ${state}, its transaction open for ${(sinceMs / 1_000).toFixed(1)} s${said}`
}
