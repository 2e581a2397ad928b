import { formatDuration } from '@esa/protocol'
import type { ConnectionNumbers } from './measure-connections.ts'

/** Connections that no pool takes, for people and maintenance: psql, a backup, one session that looks at the others. */
const FOR_PEOPLE = 3

/** How much larger than the seen concurrency the pools are together: a burst does not wait. */
const BURST = 2

/** The smallest pool: with one connection a transaction that needs a second one waits for itself. */
const POOL_MIN = 2

/** Where the server sets none. A statement of a request that takes longer has lost its client; nothing honest idles in a transaction for longer. */
const STATEMENT_TIMEOUT_MS = 30_000
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000

const BLIND =
  'not measurable: this role does not see what other sessions do; grant pg_read_all_stats to it (esa db grants), then ask again'

/** What pools and sessions are to be set to, and why. */
export interface PoolAdvice {
  /** Connections of each process's pool; null when nothing could be measured that tells it, and `because` says why. */
  poolSize: number | null
  processes: number
  /** Connections that all pools together may take. */
  usable: number
  pooled: boolean
  statementTimeoutMs: number
  idleInTransactionTimeoutMs: number
  because: string[]
}

/** Works out the pool of each of so many processes from what a server takes and what was seen. */
export function advisePool(numbers: ConnectionNumbers, processes = 1): PoolAdvice {
  const { maxConnections, reserved, roleLimit, databaseLimit, activeP95, pooled } = numbers
  const limits = [maxConnections - reserved, roleLimit, databaseLimit].filter((limit) => limit >= 0)
  const usable = Math.max(1, Math.min(...limits) - FOR_PEOPLE)
  const most = Math.max(1, Math.floor(usable / processes))
  const wanted = Math.max(POOL_MIN, Math.ceil((activeP95 * BURST) / processes))
  const measured = pooled ? wanted : Math.min(wanted, most)
  const poolSize = numbers.seesOthers ? measured : null
  return {
    poolSize,
    processes,
    usable,
    pooled,
    statementTimeoutMs: numbers.statementTimeoutMs || STATEMENT_TIMEOUT_MS,
    idleInTransactionTimeoutMs: numbers.idleInTransactionTimeoutMs || IDLE_IN_TRANSACTION_TIMEOUT_MS,
    because: numbers.seesOthers
      ? [...sizeReasons(numbers, { usable, most, wanted, processes }), ...habits(numbers)]
      : [BLIND, ...habits(numbers)],
  }
}

type Sizes = { usable: number; most: number; wanted: number; processes: number }

function sizeReasons(numbers: ConnectionNumbers, { usable, most, wanted, processes }: Sizes): string[] {
  const { maxConnections, reserved, activeP95, activeMax, samples, windowMs, pooled } = numbers
  const seen = `p95 of ${activeP95} and at most ${activeMax} statements at once were seen in ${samples} samples over ${formatDuration(windowMs)}`
  const reasons = [
    ...(activeMax === 0
      ? ['nothing ran while it was looked at, so this is the smallest pool there is: ask again under load']
      : []),
    `the server takes ${maxConnections} connections, ${reserved} reserved and ${FOR_PEOPLE} kept for people: ${usable} for pools`,
    `${seen}: ${BURST} times that over ${processes} processes is ${wanted} each`,
  ]
  if (pooled) {
    reasons.push(
      'the pooler shares the server’s connections between its clients: a pool here costs the server nothing',
    )
  } else if (wanted > most) {
    reasons.push(
      `that is more than ${most} each, which is all there is: put a pooler in between, or fewer processes`,
    )
  }
  return reasons
}

/** What the clients were seen to do that no pool size mends. */
function habits(numbers: ConnectionNumbers): string[] {
  const { idleInTransactionMax, idleInTransactionMs, longestTransactionMs, waitingForLocksMax, pooled } =
    numbers
  const found: string[] = []
  if (idleInTransactionMax > 0 && idleInTransactionMs !== null) {
    found.push(
      `up to ${idleInTransactionMax} sessions idled in a transaction, one for ${formatDuration(idleInTransactionMs)}: nothing else may be waited for between BEGIN and COMMIT`,
    )
  }
  if (longestTransactionMs !== null && longestTransactionMs > STATEMENT_TIMEOUT_MS)
    found.push(
      `one transaction was ${formatDuration(longestTransactionMs)} old: it holds back VACUUM and CREATE INDEX CONCURRENTLY`,
    )
  if (waitingForLocksMax > 0)
    found.push(`up to ${waitingForLocksMax} sessions waited for a lock: more connections would wait as well`)
  if (pooled)
    found.push(
      'behind a pooler in transaction mode: no prepared statements by name, no SET, no LISTEN, no session locks',
    )
  return found
}
