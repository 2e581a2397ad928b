import { type Decision, evidenceOf, type Mind, type Notice } from '../../generic/mind.ts'

/** Connections of a server that stay free for people and maintenance, whatever the pools want. */
const RESERVED = 10

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

/** Layer 3, Server Framework. */
export const layer3: Mind = { playbook }
