import { type Incident, timeline, type TimelineEvent } from '@esa/escalation'
import { aboutOf, cardLineOf, since, whoOf } from '@esa/operations'
import type { StoredEvent } from '@esa/store'
import { colours as pc } from './colours.ts'
import { columns } from './output.ts'

/** The events that a reader of a timeline looks for first. */
const LOUD = new Set([
  'incident.opened',
  'incident.escalated',
  'incident.raised',
  'incident.exhausted',
  'incident.resolved',
  'incident.withdrawn',
  'incident.level_passed',
])

/** An incident's timeline for people: when, how long after it opened, what, who, how late, and the card's line behind it. */
export function timelineText(events: StoredEvent[], cardFile: string | null): string {
  return columns(timeline(events).map((event) => row(event, cardFile)))
}

/** The headline of a timeline. */
export function timelineTitle({ id, agent, category, status, title, timeScale }: Incident): string {
  const scale = timeScale === 1 ? '' : pc.yellow(`  (waits divided by ${timeScale})`)
  return `${pc.bold(id)}  ${category} of ${agent}: ${title}  [${status}]${scale}`
}

function row(
  { at, sinceMs, type, level, actor, lateMs, data }: TimelineEvent,
  cardFile: string | null,
): string[] {
  const shown = type === 'command.refused' ? pc.red(type) : LOUD.has(type) ? pc.bold(type) : type
  const late = lateMs === undefined ? '' : pc.cyan(`${lateMs} ms late`)
  return [
    pc.dim(at),
    `+${since(sinceMs)}`,
    level ?? '',
    shown,
    whoOf(actor, data),
    [late, aboutOf(type, data), pc.dim(cardLineOf(data, cardFile))].filter(Boolean).join(' '),
  ]
}
