import type { Api } from '@esa/server'
import { hc, type InferResponseType } from 'hono/client'

/** The server's API, typed by its routes. */
export const api = hc<Api>('/api/v1')

/** A failed request, as the server says it. Source: RFC 9457. */
class Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly hint: string | undefined

  constructor(status: number, { code, detail, hint }: { code: string; detail: string; hint?: string }) {
    super(detail)
    this.status = status
    this.code = code
    this.hint = hint
  }
}

/** The body of an answer. @throws Refusal when the server refuses. */
export async function body<T>(
  answer: Promise<{ ok: boolean; status: number; json(): Promise<T> }>,
): Promise<T> {
  const response = await answer
  if (response.ok) return await response.json()
  const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string }
  throw new Refusal(response.status, { code: 'http', detail: `HTTP ${response.status}`, ...problem })
}

export type Incident = InferResponseType<(typeof api.incidents)[':id']['$get'], 200>
