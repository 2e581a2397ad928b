import { type Announced, type Announcement, cut } from '@esa/protocol'
import { headlineOf, sentenceOf, severityOf } from './announcement-words.ts'
import type { Posted } from './post.ts'

/** Where events go, but for accounts in another region. Source: PagerDuty, "Send an Alert Event". */
export const PAGERDUTY_URL = 'https://events.pagerduty.com/v2/enqueue'

/** Limits of the Events API v2: characters of a summary and of a key, bytes of a whole event. */
const SUMMARY_MAX = 1_024
const DEDUP_KEY_MAX = 255
const EVENT_MAX = 512 * 1024

const ACTIONS: Record<Announced, 'trigger' | 'acknowledge' | 'resolve'> = {
  'incident.notice': 'trigger',
  'incident.copy': 'trigger',
  'incident.acknowledged': 'acknowledge',
  'incident.taken': 'acknowledge',
  'incident.closed': 'resolve',
  'channel.test': 'trigger',
}

/** An event of PagerDuty's Events API v2. One incident of ours is one of theirs: its id is the dedup key. */
export function pagerdutyRequest(url: string, routingKey: string, announcement: Announcement): Posted {
  const { incidentId, announced, id, ackUrl } = announcement
  const event_action = ACTIONS[announced]
  const about = { routing_key: routingKey, event_action, dedup_key: cut(incidentId, DEDUP_KEY_MAX) }
  const links = ackUrl === null ? [] : [{ href: ackUrl, text: 'Acknowledge in ESA' }]
  const event = (evidence: unknown): string =>
    JSON.stringify(
      event_action === 'trigger'
        ? { ...about, client: 'ESA', links, payload: payloadOf(announcement, evidence) }
        : about,
    )
  const whole = event(announcement.evidence)
  const body = Buffer.byteLength(whole) <= EVENT_MAX ? whole : event('too large for this channel')
  return {
    url,
    headers: { 'content-type': 'application/json', 'user-agent': 'esa', 'idempotency-key': id },
    body,
  }
}

function payloadOf(announcement: Announcement, evidence: unknown): Record<string, unknown> {
  const { at, source, agent, category, level, told, person, incidentId } = announcement
  return {
    summary: cut(headlineOf(announcement), SUMMARY_MAX),
    source: `esa ${source}`,
    severity: severityOf(announcement),
    timestamp: at,
    component: agent,
    group: level,
    class: category,
    custom_details: { incidentId, told, person, what: sentenceOf(announcement), evidence },
  }
}
