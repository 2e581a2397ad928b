import type { Announced, Announcement } from '@esa/protocol'

const WORDS: Record<Announced, (announcement: Announcement) => string> = {
  'incident.notice': ({ told, level }) => `${told} is notified at the ${level} level and has to answer`,
  'incident.copy': ({ told }) => `${told} gets a copy; nothing has to be done`,
  'incident.acknowledged': () => 'it is acknowledged; the clock has stopped',
  'incident.taken': ({ told }) => `another agent has it; ${told} need not do anything`,
  'incident.closed': () => 'it is over',
  'channel.test': () => 'this is a test of the channel; no action is needed',
  'approval.alone': () =>
    'one operator approved it alone: it may run from 10 until 25 minutes after this; esa approvals withdraw stops it',
}

/** What an announcement says in one sentence. */
export function sentenceOf(announcement: Announcement): string {
  return WORDS[announcement.announced](announcement)
}

/** Its headline: whose incident, what about. */
export function headlineOf({ agent, category, title, announced }: Announcement): string {
  return announced === 'channel.test' || announced === 'approval.alone'
    ? `ESA: ${title}`
    : `ESA ${agent}, ${category}: ${title}`
}

/** How urgent it is, in PagerDuty's words: data loss and the top level are critical. Source: Events API v2, "severity". */
export function severityOf({
  category,
  level,
  announced,
}: Announcement): 'critical' | 'error' | 'warning' | 'info' {
  if (announced === 'channel.test') return 'info'
  if (category === 'data-loss' || category === 'security' || level === 'ceo') return 'critical'
  return level === 'chief' ? 'error' : 'warning'
}
