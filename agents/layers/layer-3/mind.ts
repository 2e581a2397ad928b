import { type JsonObject, textOf } from '@esa/protocol'
import {
  askBack,
  askFor,
  type Decision,
  decline,
  evidenceOf,
  handOn,
  isMeasured,
  type Mind,
  type Notice,
  objectOf,
  PEER_ANSWER_MS,
  pendingFor,
  receive,
  type Skill,
} from '@esa/behavior'

/** Connections of a server that stay free for people and maintenance, whatever the pools want. */
const RESERVED = 10

/** The task by which pools, transactions and the ORM are set to what a database was measured to take. */
const TUNE = 'tune-connections'

/** Takes a report of crowded connections, and answers with the pool size that the server's own numbers allow. */
function playbook(notice: Notice): Decision {
  const { kind, maxConnections, processes } = evidenceOf(notice)
  if (notice.category !== 'integration' || kind !== 'connections' || typeof maxConnections !== 'number') {
    return { kind: 'cannot-decide', because: 'the evidence gives no connection numbers' }
  }
  const shared = typeof processes === 'number' && processes > 0 ? processes : 1
  const pool = Math.max(1, Math.floor((maxConnections - RESERVED) / shared))
  const cause = `pools of at most ${pool} connections in each of ${shared} processes: the server takes ${maxConnections}`
  return {
    kind: 'resolve',
    because: 'the size of a pool follows from what the server takes',
    cause,
  }
}

/** A request to tune pools: Layer 1 gives the server's numbers, and none is guessed. */
const task: Skill = (context, event) => {
  if (event['task'] !== TUNE) return receive(context, event)
  const data = objectOf(event['data'])
  const target = textOf(data['target'])
  if (target === '')
    return askBack(context, event, 'which target are the pools for? data takes target, and processes')
  const { processes } = data
  if (processes !== undefined && (typeof processes !== 'number' || processes < 1))
    return decline(event, 'processes is not a number of processes')
  return askFor(context, event, {
    to: 'layer-1',
    type: 'task_request',
    subject: `what does ${target} take?`,
    body: { task: TUNE, data: { target, ...(processes === undefined ? {} : { processes }) } },
    withinMs: PEER_ANSWER_MS,
  })
}

/** Layer 1's numbers came: the requester gets the settings that follow from them, with the numbers. */
const completed: Skill = (context, event) => {
  const found = event['task'] === TUNE && isMeasured(event) ? pendingFor(context, event) : null
  if (found === null) return receive(context, event)
  const numbers = objectOf(event['result'])
  const { poolSize, because } = objectOf(numbers['advice'])
  if (numbers['ok'] === true && typeof poolSize !== 'number') {
    const why = Array.isArray(because) ? textOf(because[0]) : 'layer-1 could not measure a size'
    return handOn(context, event, found, { ok: false, why, numbers })
  }
  const ok = numbers['ok'] === true
  const result: JsonObject = ok
    ? { ok, settings: settingsOf(numbers), numbers }
    : { ok, why: numbers['why'] ?? 'layer-1 could not measure it' }
  return handOn(context, event, found, result)
}

/** What a Node.js server sets. Source: the options of pg's Pool, and of PostgreSQL's own time-outs. */
function settingsOf({ advice }: JsonObject): JsonObject {
  const { poolSize, statementTimeoutMs, idleInTransactionTimeoutMs, pooled } = objectOf(advice)
  return {
    pool: { max: poolSize, idleTimeoutMillis: 30_000, connectionTimeoutMillis: 5_000 },
    transactions: {
      statement_timeout: `${textOf(statementTimeoutMs)}ms`,
      idle_in_transaction_session_timeout: `${textOf(idleInTransactionTimeoutMs)}ms`,
      rule: 'no call to another service between BEGIN and COMMIT',
    },
    orm:
      pooled === true
        ? { prepare: false, because: 'a transaction-mode pooler keeps no prepared statements' }
        : { prepare: true },
  }
}

/** Layer 3, Server Framework: fits pools to what the database was measured to take. */
export const layer3: Mind = {
  playbook,
  skills: { task_request: task, task_complete: completed },
  tasks: {
    [TUNE]: {
      about:
        'pool size, transaction and ORM settings for a target, from what its server was measured to take',
      words: ['pool', 'pools', 'connection', 'connections', 'transaction', 'orm', 'timeout'],
      needs: ['target'],
    },
  },
}
