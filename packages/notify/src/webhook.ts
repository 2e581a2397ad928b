import { type Announcement, EsaError } from '@esa/protocol'
import { Webhook } from 'standardwebhooks'
import type { Posted } from './post.ts'

/** The type of a CloudEvent, by what is announced: reverse-DNS names are for those who have a domain. */
const TYPES = {
  'incident.notice': 'esa.incident.notified',
  'incident.copy': 'esa.incident.copied',
  'incident.acknowledged': 'esa.incident.acknowledged',
  'incident.taken': 'esa.incident.taken',
  'incident.closed': 'esa.incident.closed',
  'channel.test': 'esa.channel.test',
  'approval.alone': 'esa.approval.alone',
} as const

/**
 * An announcement as a signed request: a CloudEvents 1.0 envelope in JSON, signed as Standard Webhooks has it. Its id is the
 * idempotency key. Sources: CloudEvents 1.0.2 JSON format, Standard Webhooks 1.0. @throws EsaError `channel.secret-invalid` (terminal).
 */
export function webhookRequest(url: string, secret: string, announcement: Announcement, now: Date): Posted {
  const { id, at, source, announced, incidentId, ...data } = announcement
  const body = JSON.stringify({
    specversion: '1.0',
    id,
    source: `/esa/${source}`,
    type: TYPES[announced],
    subject: incidentId,
    time: at,
    datacontenttype: 'application/json',
    data: { incidentId, ...data },
  })
  const headers = {
    'content-type': 'application/cloudevents+json; charset=utf-8',
    'user-agent': 'esa',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
    'webhook-signature': signatureOf(secret, id, now, body),
  }
  return { url, headers, body }
}

function signatureOf(secret: string, id: string, now: Date, body: string): string {
  try {
    return new Webhook(secret).sign(id, now, body)
  } catch {
    // Its own words repeat what it could not read.
    throw new EsaError('channel.secret-invalid', 'terminal', 'the signing secret is not base64', {
      hint: 'whsec_ and at least 24 random bytes in base64',
    })
  }
}
