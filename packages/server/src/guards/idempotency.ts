import { hash } from 'node:crypto'
import { EsaError } from '@esa/protocol'
import type { Context, Next } from 'hono'
import type { ServerPorts } from '../ports.ts'
import { REQUEST_TIMEOUT_MS } from './request-timeout.ts'

/** A client that lost an answer retries within a day, or not at all, ms. */
const KEPT_MS = 24 * 3_600_000

/** A UUID, and room for a prefix. */
const KEY = /^[\x21-\x7e]{1,200}$/

/** Requests of one caller that are remembered: a caller that sends more in a day loses the answers of its own oldest ones. */
const KEPT_MAX = 1_000

/** Longest answer that is kept, characters: a command's answer is a few thousand. */
const ANSWER_MAX = 512 * 1024

/** Refusals that come before anything happens: with another token, or later, the same request may succeed. */
const BEFORE = new Set([401, 403, 429])

/** An answer as it is kept. `body` null: it held a secret, or was too long, and is given once. */
type KeptAnswer = { status: number; type: string; etag: string | null; body: string | null }

/**
 * A POST with an `Idempotency-Key` happens once: the same request again gets the same answer, for 24 h and from every server
 * on this database; another request under the key is refused. When a server died before it answered, it is not known whether it
 * happened, and it is not tried again. `caller` was let in before: a token by its id, so that one that is revoked gets no answer
 * again, and who may not ask leaves no row. Source: draft-ietf-httpapi-idempotency-key-header-07.
 */
export async function onceForKey(
  ports: ServerPorts,
  context: Context,
  { caller, next }: { caller: string; next: Next },
): Promise<Response | void> {
  const { edge } = ports.world.store
  const key = context.req.header('idempotency-key')
  if (context.req.method !== 'POST' || key === undefined) return await next()
  if (!KEY.test(key))
    throw new EsaError(
      'request.invalid',
      'terminal',
      'a key has 1 to 200 characters of ASCII, without spaces',
    )
  const digest = digestOf(context, await context.req.text())
  const kept = await edge.claimRequest({ caller, key, digest, keepMs: KEPT_MS, most: KEPT_MAX })
  if (kept !== null) return replay(kept, digest)
  await next()
  const answer = context.res
  if (BEFORE.has(answer.status) || isUnbegun(context.error)) return await edge.releaseRequest(caller, key)
  // What failed in the middle stays claimed: whether it happened is not known.
  if (answer.status >= 500) return
  await edge.answerRequest(caller, key, await keptAnswer(answer))
}

function replay(kept: { digest: string; ageMs: number; answer: unknown }, digest: string): Response {
  if (kept.digest !== digest)
    throw new EsaError('request.key-reused', 'terminal', 'this key came with another request before', {
      hint: 'a new request takes a new Idempotency-Key',
    })
  if (kept.answer === null) {
    if (kept.ageMs <= REQUEST_TIMEOUT_MS)
      throw new EsaError('request.key-in-use', 'terminal', 'this request is being answered right now', {
        details: { retryAfterS: 1 },
      })
    throw new EsaError('request.outcome-unknown', 'terminal', 'this request came before, and failed midway', {
      hint: 'look whether it happened; if not, send it with a new Idempotency-Key',
    })
  }
  const { status, type, etag, body } = kept.answer as KeptAnswer
  if (body === null)
    throw new EsaError('request.answered-once', 'terminal', 'this happened, and its answer was given once')
  const headers = { 'content-type': type, 'idempotency-replayed': 'true', ...(etag === null ? {} : { etag }) }
  return new Response(body, { status, headers })
}

async function keptAnswer(answer: Response): Promise<KeptAnswer> {
  const body = await answer.clone().text()
  const secret = answer.headers.get('cache-control')?.includes('no-store') === true
  const type = answer.headers.get('content-type') ?? 'application/json'
  const etag = answer.headers.get('etag')
  return { status: answer.status, type, etag, body: secret || body.length > ANSWER_MAX ? null : body }
}

function digestOf(context: Context, body: string): string {
  const { pathname, search } = new URL(context.req.url)
  const match = context.req.header('if-match') ?? ''
  return hash('sha256', JSON.stringify([context.req.method, pathname + search, match, body]))
}

/** The database did not answer at all: a lost answer of a commit is another thing. */
function isUnbegun(error: unknown): boolean {
  return error instanceof EsaError && error.kind === 'transient' && error.code === 'database.unreachable'
}
