import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { LookupFunction } from 'node:net'
import { EsaError } from '@esa/protocol'
import { allowedAddresses, type FindAddresses, systemAddresses } from './channel-address.ts'

/** A receiver that has not answered in this time has failed, ms. */
export const ANSWER_WITHIN_MS = 5_000

/** Nothing of an answer is used but its status; more of it than this is not read, bytes. */
const ANSWER_MAX = 64 * 1024

/** Where a channel may reach, and how names are looked up. */
export interface Reach {
  allowPrivate: boolean
  allowPlain: boolean
  find?: FindAddresses
}

/** What is posted. */
export interface Posted {
  url: string
  headers: Record<string, string>
  body: string
}

/** Statuses after which the same request may succeed later. Source: RFC 9110, and 425 of RFC 8470. */
const WORTH_ANOTHER_TRY = new Set([408, 425, 429])

/**
 * Posts once, to an address that was checked, and follows no redirect. Answers with the status, which is one of success.
 * No error names the URL: it may be a secret.
 * @throws EsaError `channel.*`: transient when another try may succeed, with `details.code` where there was an answer.
 */
export async function post({ url: text, headers, body }: Posted, reach: Reach): Promise<number> {
  const url = urlOf(text)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && reach.allowPlain)) {
    throw new EsaError('channel.not-https', 'terminal', 'the channel has no https URL', {
      hint: 'if that is meant: add it again with --allow-plain',
    })
  }
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
  const found = await withinTime(
    allowedAddresses(url.hostname, reach.allowPrivate, reach.find ?? systemAddresses),
    signal,
  )
  // A lookup gives those that were checked, whatever the name says by now.
  const lookup: LookupFunction = (_, options, answer) => {
    if (options.all === true) answer(null, found)
    else answer(null, found[0]!.address, found[0]!.family)
  }
  const { status, retryAfter } = await send(url, { headers, body }, { lookup, signal })
  if (status >= 200 && status < 300) return status
  throw refused(status, retryAfter)
}

function urlOf(text: string): URL {
  // The platform's own error repeats what it could not read.
  if (!URL.canParse(text)) {
    throw new EsaError('channel.url-unreadable', 'terminal', 'what should be the URL of the channel is none')
  }
  return new URL(text)
}

function send(
  url: URL,
  { headers, body }: Omit<Posted, 'url'>,
  { lookup, signal }: { lookup: LookupFunction; signal: AbortSignal },
): Promise<{ status: number; retryAfter: string | undefined }> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const fail = (cause: Error): void => reject(unreachable(cause, signal.aborted))
    const length = String(Buffer.byteLength(body))
    const options = {
      method: 'POST',
      headers: { ...headers, 'content-length': length },
      lookup,
      signal,
      agent: false as const,
    }
    const sending = request(url, options, (response) => {
      let read = 0
      response.on('data', (chunk: Buffer) => {
        read += chunk.length
        if (read > ANSWER_MAX) response.destroy()
      })
      const { statusCode = 0, headers: answered } = response
      const done = (): void => resolve({ status: statusCode, retryAfter: answered['retry-after'] })
      // What was answered is the status; whether the rest of it comes, changes nothing.
      response.on('end', done).on('error', done).on('close', done)
    })
    sending.on('error', fail)
    sending.end(body)
  })
}

async function withinTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(unreachable(new Error('no answer in time'), true)), {
      once: true,
    })
  })
  return await Promise.race([work, late])
}

function unreachable(cause: Error, late: boolean): EsaError {
  if (late) {
    return new EsaError('channel.timed-out', 'transient', `no answer within ${ANSWER_WITHIN_MS} ms`)
  }
  const { code } = cause as NodeJS.ErrnoException
  return new EsaError('channel.unreachable', 'transient', `no connection (${code ?? cause.name})`)
}

function refused(code: number, retryAfter: string | undefined): EsaError {
  if (code >= 300 && code < 400) {
    return new EsaError('channel.redirects', 'terminal', `answered ${code}: redirects are not followed`, {
      details: { code },
    })
  }
  const again = code >= 500 || WORTH_ANOTHER_TRY.has(code)
  const retryAfterMs = again ? retryAfterMsOf(retryAfter) : null
  const details = { code, ...(retryAfterMs === null ? {} : { retryAfterMs }) }
  return new EsaError('channel.refused', again ? 'transient' : 'terminal', `answered ${code}`, { details })
}

/** Seconds, or an instant. Source: RFC 9110, 10.2.3. */
function retryAfterMsOf(header: string | undefined): number | null {
  if (header === undefined) return null
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now()
  return Number.isFinite(ms) && ms > 0 ? ms : null
}
