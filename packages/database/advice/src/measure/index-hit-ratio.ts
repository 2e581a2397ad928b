import { type Queryable, inReadOnly, OWN_MARK } from '@esa/database-catalog/sql'
import type { Finding } from './metric-reading.ts'

/** Cut-off of a query on the statistics views. */
const TIMEOUT_MS = 5_000

const METHOD =
  'pg_statio_user_indexes: idx_blks_hit / (idx_blks_hit + idx_blks_read), the share of index blocks found in shared buffers'

/**
 * Share, in percent, of index block accesses that PostgreSQL's own cache served, over all user indexes since the
 * statistics were last reset. A read may still have come from the operating system's cache: the server cannot tell.
 */
export async function indexHitRatio(queryable: Queryable): Promise<Finding> {
  const { rows } = await inReadOnly(queryable, TIMEOUT_MS, (session) =>
    session.query(
      `select ${OWN_MARK} sum(idx_blks_hit)::float8 as hit, sum(idx_blks_read)::float8 as read, ` +
        `(select extract(epoch from clock_timestamp() - stats_reset) * 1000 from pg_stat_database ` +
        `where datname = current_database())::float8 as since_ms from pg_statio_user_indexes`,
    ),
  )
  const [hit, read] = [Number(rows[0]?.['hit'] ?? 0), Number(rows[0]?.['read'] ?? 0)]
  const since = rows[0]?.['since_ms']
  const window = typeof since === 'number' ? since : null
  const method = window === null ? `${METHOD}; since statistics began` : METHOD
  if (hit + read === 0) {
    return { value: null, why: 'not measurable: no index was used since statistics began', method, window }
  }
  return { value: (100 * hit) / (hit + read), samples: hit + read, window, method }
}
