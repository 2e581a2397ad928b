import { EsaError, isEsaError } from '@esa/protocol'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { routePath } from 'hono/route'
import type { Logger } from 'pino'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

/** The longest prefix that fits decides. An unexpected error is a bug of ours, and a 500. */
const STATUS_BY_PREFIX: [string, ContentfulStatusCode][] = [
  ['usage.', 400],
  ['message.', 400],
  ['message.too-large', 413],
  ['payload.', 413],
  ['auth.', 403],
  ['auth.token-', 401],
  ['agent.unknown', 404],
  ['agent.', 409],
  ['incident.unknown', 404],
  ['incident.invalid', 400],
  ['incident.not-allowed', 403],
  ['incident.', 409],
  ['note.invalid', 400],
  ['silence.unknown', 404],
  ['silence.invalid', 400],
  ['silence.', 409],
  ['stream.unknown', 404],
  ['task.unknown', 404],
  ['token.unknown', 404],
  ['person.', 404],
  ['channel.', 409],
  ['channel.unknown', 404],
  ['delivery.', 404],
  ['link.', 409],
  ['link.unknown', 404],
  ['confirm.', 409],
  ['file.', 404],
  ['look.', 400],
  ['workload.', 400],
  ['run.unknown', 404],
  ['scenario.', 400],
  ['server.not-composed', 501],
  ['target.unknown', 404],
  ['target.not-installed', 404],
  ['target.', 409],
  ['inbox.', 409],
  ['account.', 409],
  ['approval.unknown', 404],
  ['approval.invalid', 400],
  ['approval.over', 409],
  ['approval.', 403],
  ['card.', 409],
  ['card.unknown', 404],
  ['page.', 404],
  ['request.', 400],
  ['request.conflict', 412],
  ['request.busy', 429],
  ['request.too-many', 429],
  ['request.timed-out', 504],
  ['request.host-unknown', 421],
  ['request.cross-site', 403],
  ['request.not-json', 415],
  ['request.http-413', 413],
  ['request.http-431', 431],
  ['request.key-reused', 422],
  ['request.key-in-use', 409],
  ['request.outcome-unknown', 409],
  ['request.answered-once', 409],
  ['stream.too-many', 503],
  ['sql.not-a-read', 403],
  ['sql.role-too-strong', 403],
  ['sql.logged', 403],
  ['sql.', 400],
  ['database.', 503],
  ['store.', 503],
  ['queue.', 503],
]

/** A failed request as its body says it. Source: RFC 9457. */
interface Problem {
  type: 'about:blank'
  title: string
  status: number
  detail: string
  code: string
  hint?: string
  details?: Record<string, unknown>
}

/** The HTTP status of an error. */
function statusOf({ code, kind }: EsaError): ContentfulStatusCode {
  if (kind === 'bug') return 500
  const fitting = STATUS_BY_PREFIX.filter(([prefix]) => code.startsWith(prefix))
  return fitting.toSorted(([a], [b]) => b.length - a.length)[0]?.[1] ?? 500
}

/** Answers a failed request as problem+json; a bug of ours is logged with its cause, and reported without it. */
export function answerProblem(error: unknown, context: Context, log: Logger): Response {
  const known = esaErrorOf(error)
  const status = statusOf(known)
  if (status >= 500) {
    const { method } = context.req
    // The template: a path may hold the secret of a link.
    log.error({ err: error, method, route: routePath(context, -1), code: known.code }, 'request failed')
  }
  const { code, message, hint, details } = known
  const problem: Problem = {
    type: 'about:blank',
    title: code,
    status,
    detail: message,
    code,
    ...(hint === undefined ? {} : { hint }),
    ...(Object.keys(details).length === 0 ? {} : { details }),
  }
  const { retryAfterS } = details
  return context.json(problem, status, {
    'content-type': 'application/problem+json',
    ...(typeof retryAfterS === 'number' ? { 'retry-after': String(retryAfterS) } : {}),
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
  })
}

function esaErrorOf(error: unknown): EsaError {
  if (isEsaError(error)) return error
  if (error instanceof HTTPException)
    return new EsaError(`request.http-${error.status}`, 'terminal', error.message)
  return new EsaError('server.bug', 'bug', 'the server failed; its log says how', { cause: error })
}
