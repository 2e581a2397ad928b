import type { Pool, QueryConfig } from 'pg'

/**
 * The statements of a step take milliseconds. One that is not answered in this time went out on a line that is dead
 * without notice (a host that vanished, a firewall that forgot): without a limit its worker would wait
 * for a quarter of an hour, until TCP gives up, ms.
 */
const ANSWER_WITHIN_MS = 5_000

/**
 * A whole log, or all incidents, may take seconds. Without a limit a read on a dead line would hold one of the worker's few
 * lines for a quarter of an hour, long after the caller has given up, ms.
 */
export const READ_WITHIN_MS = 60_000

/** A statement that fails with `database.timeout` (transient) when its answer does not come in time. */
export function answered(
  text: string,
  values: unknown[] = [],
  name?: string,
  withinMs = ANSWER_WITHIN_MS,
): QueryConfig {
  // node-postgres takes the limit with each query; its types know it of a client only.
  const query: QueryConfig & { query_timeout: number } = {
    text,
    values,
    query_timeout: withinMs,
    ...(name === undefined ? {} : { name }),
  }
  return query
}

/** The codes of a half-open connection that timed out. */
export const SILENT = new Set(['database.timeout', 'store.commit-unknown'])

/**
 * A line was found dead: those that lie idle are as old as it, and to find that out of each of them would take as long
 * again. None is trusted any more.
 */
export function dropIdle(pool: Pool): void {
  for (let idle = pool.idleCount; idle > 0; idle--)
    void pool.connect().then(
      (client) => client.release(true),
      () => {},
    )
}
