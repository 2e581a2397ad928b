/** What a query gives back: the part of pg's result that this package reads. */
export interface QueryAnswer {
  rows: Record<string, unknown>[]
}

/**
 * One statement by the extended protocol, which carries exactly one: a stacked `; COMMIT` is refused by the server
 * itself. Source: the Parse message of PostgreSQL's protocol.
 */
interface ExtendedStatement {
  text: string
  values?: unknown[]
  queryMode: 'extended'
}

/** A message of the server beside its answers. */
export interface Notice {
  detail?: string | undefined
}

/** Anything that runs SQL like pg's Client, PoolClient or Pool; Neon's WebSocket driver has the same shape. */
export interface Queryable {
  query(statement: string | ExtendedStatement, values?: unknown[]): Promise<QueryAnswer>
}

/** What pg's Client has besides, and Neon's: messages of the server. A pool has `on` for other things. */
export interface Hearing {
  on(event: 'notice', listener: (notice: Notice) => void): unknown
  removeListener(event: 'notice', listener: (notice: Notice) => void): unknown
}

interface PooledSession extends Queryable {
  release(destroy?: boolean): void
}

interface PoolLike extends Queryable {
  readonly totalCount: number
  connect(): Promise<PooledSession>
}

/** pg's Pool counts its clients and its Client does not; both have a `connect`. */
export function isPool(queryable: Queryable): queryable is PoolLike {
  return 'totalCount' in queryable && 'connect' in queryable
}

/**
 * Runs `work` on one server session: a pool lends a client for as long, anything else is taken to be one session.
 * A transaction on a bare pool would spread over several connections and protect nothing.
 */
export async function onOneSession<T>(
  queryable: Queryable,
  work: (session: Queryable) => Promise<T>,
): Promise<T> {
  if (!isPool(queryable)) return work(queryable)
  const session = await queryable.connect()
  let failed = true
  try {
    const result = await work(session)
    failed = false
    return result
  } finally {
    // After a failure the session's state is unknown: the pool must not lend it again.
    session.release(failed)
  }
}
