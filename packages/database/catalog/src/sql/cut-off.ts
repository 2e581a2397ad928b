import { EsaError } from '@esa/protocol'
import { isPool, type Queryable } from './queryable.ts'

/** A statement has so long after its own time-out before another session cancels it, ms: the server is a little late too. */
const CANCEL_GRACE_MS = 500

/** And so long after that before its session is ended: a function may catch the cancel and go on. */
const END_GRACE_MS = 1_000

/** The transaction and server process that may be stopped, and nothing that runs there later. */
export interface Transaction {
  pid: number
  /** `xact_start` as the server prints it. */
  startedAt: string
}

function stopSql(by: 'pg_cancel_backend' | 'pg_terminate_backend'): string {
  const is = 'operator(pg_catalog.=)'
  return `select pg_catalog.${by}(pid) from pg_catalog.pg_stat_activity
    where pid ${is} $1 and xact_start ${is} $2::pg_catalog.timestamptz and state ${is} 'active'`
}

/**
 * The session, with every statement stopped from a second session of the pool when it outlives `timeoutMs`: a role can
 * switch its own statement_timeout off, and a function can catch it. Where there is no pool there is no second session,
 * and statement_timeout alone holds.
 */
export function withCutOff(
  session: Queryable,
  queryable: Queryable,
  transaction: Transaction,
  timeoutMs: number,
): Pick<Queryable, 'query'> {
  if (!isPool(queryable)) return { query: (statement, values) => session.query(statement, values) }
  const { pid, startedAt } = transaction
  const stop = (by: 'pg_cancel_backend' | 'pg_terminate_backend') =>
    // When it cannot be stopped, the statement's own error is what is reported.
    void queryable.query(stopSql(by), [pid, startedAt]).catch(() => undefined)
  return {
    query: async (statement, values) => {
      const cancel = setTimeout(stop, timeoutMs + CANCEL_GRACE_MS, 'pg_cancel_backend')
      let ended = false
      const end = setTimeout(
        () => {
          ended = true
          stop('pg_terminate_backend')
        },
        timeoutMs + CANCEL_GRACE_MS + END_GRACE_MS,
      )
      try {
        return await session.query(statement, values)
      } catch (cause) {
        if (!ended) throw cause
        throw new EsaError(
          'database.timeout',
          'transient',
          `ended by a second session after ${timeoutMs} ms`,
          { cause },
        )
      } finally {
        clearTimeout(cancel)
        clearTimeout(end)
      }
    },
  }
}
