import * as z from 'zod'
import { agentIdSchema } from './ids.ts'
import { categorySchema, levelSchema } from './ladder-words.ts'

/** Names are written into logs, URLs and command lines. */
export const channelNameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be lower case letters, digits and dashes, at most 40')

/**
 * Where a secret is: in a variable of the worker's environment, or in a file that the worker can read. The message names no
 * value: it may be the secret itself.
 */
const secretReferenceSchema = z
  .string()
  .regex(
    /^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:[^\0]+)$/,
    'must be env:NAME or file:PATH, never the secret itself',
  )

const address = z.email('must be a mail address')

const httpUrl = z
  .url({ protocol: /^https?$/, error: 'must be a URL that starts with https://' })
  .max(2_000)
  .refine(
    (text) => !/^https?:[/\\]*[^/\\?#]*@/i.test(text),
    'must hold no user or password: name a variable or a file that holds the URL',
  )

/** What a channel announces, and where it may reach. `personal`: nothing but what goes to a person by it. */
const aim = {
  agent: agentIdSchema.optional(),
  level: levelSchema.optional(),
  category: categorySchema.optional(),
  personal: z.boolean().default(false),
  /** May reach addresses of this machine and of private networks. */
  allowPrivate: z.boolean().default(false),
  /** May speak http, or SMTP without TLS. */
  allowPlain: z.boolean().default(false),
}

const secret = secretReferenceSchema

/**
 * A way out of the bus. `secret` is where the signing secret of a webhook is, the URL of a Slack webhook, the routing key of
 * PagerDuty, the SMTP URL of a mail server.
 */
export const channelSpecSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('webhook'), url: z.union([secret, httpUrl]), secret, ...aim }),
  z.strictObject({ kind: z.literal('slack'), secret, ...aim }),
  z.strictObject({ kind: z.literal('pagerduty'), url: httpUrl.optional(), secret, ...aim }),
  z.strictObject({
    kind: z.literal('email'),
    secret,
    from: address,
    to: z.array(address).max(20).default([]),
    ...aim,
  }),
])
export type ChannelSpec = z.infer<typeof channelSpecSchema>

/** The hosts of PagerDuty's Events API, one a region. Source: PagerDuty, "Service Regions". */
export const PAGERDUTY_HOSTS: readonly string[] = ['events.pagerduty.com', 'events.eu.pagerduty.com']

/**
 * True when a URL leads to PagerDuty. The routing key is the one secret that is sent as it is: no other host may get it, whatever
 * addresses a channel may reach.
 */
export function isOfPagerduty(url: string): boolean {
  return /^https?:\/\/events(?:\.eu)?\.pagerduty\.com(?::\d+)?(?:[/?#]|$)/i.test(url)
}

/** What a channel announces: a level is notified or copied, the incident is acknowledged, taken by another agent or over, or the channel is tested. */
export const ANNOUNCED = [
  'incident.notice',
  'incident.copy',
  'incident.acknowledged',
  'incident.taken',
  'incident.closed',
  'channel.test',
  'approval.alone',
] as const
export type Announced = (typeof ANNOUNCED)[number]

/** What leaves the bus by a channel, whatever its kind. Instants are ISO 8601. */
export interface Announcement {
  /** The same at every try: receivers tell repetitions by it. */
  id: string
  at: string
  /** The runtime that tells. */
  source: string
  announced: Announced
  incidentId: string
  /** Whose incident it is. */
  agent: string
  category: string
  level: string
  title: string
  /** How often a level was notified by then, from 1; 0 for a test of the channel. */
  visit: number
  /** The agent that is notified, and the person who is on call for it, where one is. */
  told: string
  person: string | null
  evidence: unknown
  /** A page on which one may acknowledge, once. */
  ackUrl: string | null
}
