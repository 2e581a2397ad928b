import type { Api } from '@esa/server'
import { hc, type InferResponseType } from 'hono/client'
import { learnServerTime } from './clock.ts'

/** The server's API, typed by its routes. */
export const api = hc<Api>('/api/v1')

/** A failed request, as the server says it. Source: RFC 9457. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly hint: string | undefined

  constructor(status: number, { code, detail, hint }: { code: string; detail: string; hint?: string }) {
    super(detail)
    this.name = 'Refusal'
    this.status = status
    this.code = code
    this.hint = hint
  }
}

/**
 * The body of an answer; the server's clock is read from it where it says. `stay` is for a request with a token of its own:
 * where that is refused, a login would not help. @throws Refusal when the server refuses.
 */
export async function body<T>(
  answer: Promise<{ ok: boolean; status: number; json(): Promise<T> }>,
  { stay = false }: { stay?: boolean } = {},
): Promise<T> {
  const response = await answer
  if (response.status === 401 && !stay) logIn()
  if (!response.ok) {
    const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string }
    throw new Refusal(response.status, { code: 'http', detail: `HTTP ${response.status}`, ...problem })
  }
  const said = await response.json()
  const { nowAt } = said as { nowAt?: unknown }
  if (typeof nowAt === 'string') learnServerTime(nowAt)
  return said
}

/** A server that is reached from elsewhere wants to know who asks; its form leads back here. */
function logIn(): void {
  const { pathname, search } = window.location
  window.location.assign(`/login?next=${encodeURIComponent(pathname + search)}`)
}

/** A name for one wish: a request that is sent again under it is done once. */
export function newIdempotencyKey(): string {
  // crypto.randomUUID() exists only on secure origins; a console in a private network may have none.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}

export type Incident = InferResponseType<(typeof api.incidents)[':id']['$get'], 200>
