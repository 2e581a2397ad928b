import { type Clock, onOneSession, type Queryable, inReadOnly, OWN_MARK } from '@esa/database-catalog/sql'
import { isTraffic } from './statement-sampling.ts'

/** Time between two looks: statements of some milliseconds are met now and then, and an idle session shows its last one. */
const LOOK_MS = 50

/** Texts kept of one statement, with different values. */
const TEXTS_MAX = 5

const TIMEOUT_MS = 5_000

const ACTIVITY = `select ${OWN_MARK} query, state = 'active' as active from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend' and query <> ''`

/** A statement that others were seen running: `seen` looks met it running, `texts` are as they sent it. */
export interface SeenStatement {
  fingerprint: string
  seen: number
  texts: string[]
}

/** The parser's fingerprint: the same for a statement with any values, `$1` among them; undefined for what it cannot parse. */
export async function fingerprintOf(sql: string): Promise<string | undefined> {
  const { fingerprint } = await import('libpg-query')
  return fingerprint(sql).catch(() => undefined)
}

/**
 * What others run on this database during `windowMs`, from pg_stat_activity, by fingerprint, the most seen first. It
 * shows real values where the application sends them in the text, and nothing of how long a statement took.
 */
export async function sampleActivity(
  queryable: Queryable,
  windowMs: number,
  clock: Clock,
): Promise<SeenStatement[]> {
  const found = new Map<string, SeenStatement>()
  return onOneSession(queryable, async (session) => {
    for (const until = clock.now() + windowMs; clock.now() < until; await clock.pause(LOOK_MS)) {
      const { rows } = await inReadOnly(session, TIMEOUT_MS, (tx) => tx.query(ACTIVITY))
      for (const { query, active } of rows) {
        const sql = String(query)
        const key = isTraffic(sql) ? await fingerprintOf(sql) : undefined
        if (key === undefined) continue
        const known = found.get(key) ?? { fingerprint: key, seen: 0, texts: [] }
        found.set(key, known)
        if (active === true) known.seen += 1
        if (known.texts.length < TEXTS_MAX && !known.texts.includes(sql)) known.texts.push(sql)
      }
    }
    return [...found.values()].toSorted((a, b) => b.seen - a.seen)
  })
}
