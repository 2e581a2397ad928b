import {
  type Announced,
  type Announcement,
  cut,
  EsaError,
  isOfPagerduty,
  PAGERDUTY_HOSTS,
} from '@esa/protocol'
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
  'approval.alone': 'trigger',
}

/** A routing key as PagerDuty gives them: nothing else that a variable or a file may hold is sent to anybody. */
const ROUTING_KEY = /^[A-Za-z0-9]{32}$/

/** Tellings of one incident that are acknowledged or resolved together: the last ones. */
const TELLINGS_MAX = 20

/**
 * Events of PagerDuty's Events API v2. Each telling of a level is an alert of theirs: under the key of one that is still open
 * no one is paged again. What ends a telling ends those before it.
 * @throws EsaError `channel.secret-invalid` or `channel.not-pagerduty` (terminal).
 */
export function pagerdutyRequests(url: string, routingKey: string, announcement: Announcement): Posted[] {
  if (!ROUTING_KEY.test(routingKey)) {
    throw new EsaError('channel.secret-invalid', 'terminal', 'not a routing key of PagerDuty', {
      hint: 'an integration of kind "Events API v2" shows it: 32 letters and digits',
    })
  }
  if (!isOfPagerduty(url)) {
    throw new EsaError('channel.not-pagerduty', 'terminal', 'the URL of the channel is not PagerDuty’s', {
      hint: `remove it, and add it again without --url, or at ${PAGERDUTY_HOSTS.join(' or ')}`,
    })
  }
  const { announced, visit } = announcement
  if (ACTIONS[announced] === 'trigger') return [requestFor(url, routingKey, announcement)]
  const tellings = Array.from(
    { length: Math.min(Math.max(visit, 1), TELLINGS_MAX) },
    (_, back) => visit - back,
  )
  return tellings.map((telling) => requestFor(url, routingKey, { ...announcement, visit: telling }))
}

function requestFor(url: string, routingKey: string, announcement: Announcement): Posted {
  const { announced, id, ackUrl } = announcement
  const event_action = ACTIONS[announced]
  const about = { routing_key: routingKey, event_action, dedup_key: keyOf(announcement) }
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

/** The key of a telling: the incident's id, and from the second one on which it is. */
function keyOf({ incidentId, visit }: Announcement): string {
  const suffix = visit > 1 ? `.${visit}` : ''
  return `${incidentId.slice(0, DEDUP_KEY_MAX - suffix.length)}${suffix}`
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
